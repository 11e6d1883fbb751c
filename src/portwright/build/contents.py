"""Contents of files by their hash: what steps read is linked from here, what they make goes in here.

Every file here has one and the same time. That tells when a step wrote into what it should only have read.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from portwright.base.hashing import hash_bytes, hash_file
from portwright.derive.recording import FileKind

TIME = 946_684_800
"""Seconds since 1970 that every file here carries: the first of January 2000."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file is: its kind, the hash of its content, its size; of a symlink the target, normalised."""

    kind: FileKind
    digest: str = ""
    size: int = 0
    target: str = ""


def symlink(target: str) -> Content:
    """The content of a symlink, by its normalised target."""
    data = os.fsencode(target)
    return Content("symlink", hash_bytes(data), len(data), target)


class Contents:
    """The folder of contents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: set[str] = set()

    def path(self, content: Content) -> Path:
        """Where a content lies, or would; executables are kept apart, since a link shares its file's mode."""
        name = content.digest + (".x" if content.kind == "executable" else "")
        return self.folder / content.digest[:2] / name

    def has(self, content: Content) -> bool:
        """Whether it is there."""
        if content.kind in ("folder", "symlink"):
            return True
        try:
            return self.path(content).stat().st_size == content.size
        except OSError:
            return False

    def take(self, file: Path, content: Content, *, move: bool = False) -> Content:
        """Put a file's content in, and answer what it is now; `move` lets the file itself become it."""
        wanted = self.path(content)
        if move and file.stat().st_nlink == 1 and not self.has(content):
            self._settle(file, content)
            return content
        if self.has(content):
            return content
        self._folder(wanted)
        fresh = wanted.with_name(f".new-{os.getpid()}-{wanted.name}")
        try:
            shutil.copyfile(file, fresh)
            taken = Content(content.kind, hash_file(fresh), fresh.stat().st_size)
            self._settle(fresh, taken)
        finally:
            fresh.unlink(missing_ok=True)
        return taken

    def put(self, data: bytes, kind: FileKind = "file") -> Content:
        """Put bytes in."""
        content = Content(kind, hash_bytes(data), len(data))
        if not self.has(content):
            wanted = self.path(content)
            self._folder(wanted)
            fresh = wanted.with_name(f".new-{os.getpid()}-{wanted.name}")
            fresh.write_bytes(data)
            self._settle(fresh, content)
        return content

    def _settle(self, file: Path, content: Content) -> None:
        wanted = self.path(content)
        self._folder(wanted)
        file.chmod(0o755 if content.kind == "executable" else 0o644)
        os.utime(file, (TIME, TIME))
        file.replace(wanted)

    def _folder(self, wanted: Path) -> None:
        name = wanted.parent.name
        if name not in self._made:
            wanted.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(name)

    def lay(self, content: Content, path: str, *, own: bool = False) -> None:
        """Make a file of that content: a link to it, or, where it is to be the user's `own`, a copy."""
        source = self.path(content)
        if not own:
            try:
                os.link(source, path)
                return
            except OSError as error:
                if error.errno not in (errno.EMLINK, errno.EXDEV, errno.EPERM, errno.ENOTSUP):
                    raise
        shutil.copyfile(source, path)
        Path(path).chmod(0o755 if content.kind == "executable" else 0o644)

    def touched(self, content: Content) -> bool:
        """Whether somebody wrote into it: it is no longer what its name says."""
        try:
            return self.path(content).stat().st_mtime_ns != TIME * 1_000_000_000
        except OSError:
            return True

    def drop(self, content: Content) -> None:
        """Forget a content."""
        self.path(content).unlink(missing_ok=True)

    def keep_only(self, digests: Iterable[str]) -> None:
        """Remove all other contents."""
        kept = set(digests)
        for path in self.folder.glob("??/*"):
            if path.name.removesuffix(".x") not in kept:
                path.unlink(missing_ok=True)
