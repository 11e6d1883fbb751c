"""Atomic files and folders: an output is there whole or not at all, and a lock says who is writing."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from portwright.base.errors import Fault, PortwrightError, Where, fail


def cache_root() -> Path:
    """The user's cache folder: `$PORTWRIGHT_CACHE`, else `$XDG_CACHE_HOME/portwright`, else `~/.cache/portwright`."""
    named = os.environ.get("PORTWRIGHT_CACHE")
    if named:
        return Path(named).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "portwright"
    except RuntimeError:  # neither HOME nor an entry in the password file
        hint = "set PORTWRIGHT_CACHE to a folder"
        raise PortwrightError([Fault("there is no home folder to keep a cache in", None, hint)]) from None


@contextlib.contextmanager
def disk_errors(path: Path, elsewhere: str = "set PORTWRIGHT_CACHE to a folder") -> Iterator[None]:
    """Turn a full disk, a read-only or a forbidden place into an error that names it.

    `elsewhere` is what one can do to write in another place.
    """
    try:
        yield
    except OSError as error:
        hints = {
            errno.ENOSPC: f"free some room, or {elsewhere} on a larger disk",
            errno.EDQUOT: "your quota on this disk is used up",
            errno.EROFS: f"this file system is read-only: {elsewhere} that can be written",
            errno.ENOTDIR: f"a file is in the way: {elsewhere}",
            errno.EACCES: f"no permission: {elsewhere} of your own",
            errno.EFBIG: "the file system, or a limit of this process (ulimit -f), allows no larger file",
        }
        if error.errno not in hints:
            raise
        fault = Fault(f"cannot write: {error.strerror}", Where(error.filename or path), hints[error.errno])
        raise PortwrightError([fault]) from error


def write_atomic(path: Path, data: bytes | str, *, mode: int | None = None) -> bool:
    """Write `data` to `path` by rename; answer whether the content changed (an equal file is left untouched)."""
    content = data.encode() if isinstance(data, str) else data
    with disk_errors(path):
        try:
            if path.read_bytes() == content and not path.is_symlink():
                if mode is not None:
                    path.chmod(mode)
                return False
        except OSError:
            pass
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(0o644 if mode is None else mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    return True


@contextlib.contextmanager
def folder_atomic(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path` that takes `path`'s place when the block ends without an error.

    A kill in between leaves the old folder (or none) and a `.new-*` folder that the next call sweeps away.
    Hold a `lock` for `path` while calling.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".new-{path.name}-*"):
            shutil.rmtree(left, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".new-{path.name}-", dir=path.parent))
        fresh.chmod(0o755)
        try:
            yield fresh
            old = None
            if path.is_symlink() or path.is_file():
                path.unlink()
            elif path.exists():
                old = Path(tempfile.mkdtemp(prefix=f".new-{path.name}-old-", dir=path.parent))
                path.rename(old / "was")
            fresh.rename(path)
            if old is not None:
                shutil.rmtree(old, ignore_errors=True)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise


LEFT_FOR = 60.0
"""Seconds after which a temporary folder that nobody holds is what a killed process left: not one just being made."""


@contextlib.contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """Yield a fresh folder that goes when the block ends; those that killed processes left go first.

    A lock says that a folder is in use, which the kernel releases however its holder ends.
    """
    place = Path(tempfile.gettempdir())
    _sweep(place, prefix)
    with disk_errors(place):
        folder = Path(tempfile.mkdtemp(prefix=prefix))
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: then nobody can sweep there either
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    finally:
        remove_tree(folder)
        os.close(held)


def _sweep(place: Path, prefix: str) -> None:
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and entry.is_dir(follow_symlinks=False):
                _remove_if_left(entry)


def _remove_if_left(entry: os.DirEntry[str]) -> None:
    """Remove a folder of ours that is old enough and that nobody holds."""
    with contextlib.suppress(OSError):
        found = entry.stat(follow_symlinks=False)
        if found.st_uid != os.geteuid() or time.time() - found.st_mtime < LEFT_FOR:
            return
        held = os.open(entry.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_tree(Path(entry.path))
        finally:
            os.close(held)


def remove_tree(folder: Path) -> None:
    """Remove a folder, however deep it is and whatever rights its folders have, as far as the host lets us.

    Folders are moved up before they are emptied: no path grows long, and none is held open meanwhile.
    """
    waiting, count = [folder], 0
    while waiting:
        place = waiting.pop()
        with contextlib.suppress(OSError):
            with os.scandir(place) as found:
                entries = list(found)
            for entry in entries:
                with contextlib.suppress(OSError):
                    if not entry.is_dir(follow_symlinks=False):
                        Path(entry.path).unlink()
                        continue
                    Path(entry.path).chmod(0o700)
                    count += 1
                    waiting.append(Path(entry.path).rename(folder / f".removing-{os.getpid()}-{count}"))
            if place != folder:
                place.rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()


@contextlib.contextmanager
def lock(path: Path) -> Iterator[int]:
    """Hold an exclusive lock named by the file `path`; a killed holder's lock is released by the kernel.

    Yields the lock's descriptor: a process that is started with it holds the lock too, until its last child
    that has it ends.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file.fileno()


def is_locked(path: Path) -> bool:
    """Whether another holds the lock now (a moment later it may be otherwise: only for telling people)."""
    try:
        with path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def write_made(path: Path, text: str, mark: str) -> bool:
    """Write a generated text, atomically; whether that changed anything.

    Raises `BadInput` where a file lies there that does not begin with `mark`: it is somebody's own.
    """
    with disk_errors(path):
        if path.exists():
            with path.open(errors="replace") as file:
                if file.read(len(mark)) not in (mark, ""):
                    hint = "give another name: what lies there is overwritten each time"
                    raise fail("this file was not made by portwright", Where(path), hint, "file/foreign")
        return write_atomic(path, text)
