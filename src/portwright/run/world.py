"""Sets up what a guest sees of files before it starts: its root, shares, devices and standard streams.

A root of its own is a fresh folder that goes when the run ends; `--root` keeps one. /tmp and /dev are there in
both, from a fresh folder where the given root has none.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from portwright.base.errors import Fault, Where, fail, raise_if
from portwright.base.files import temporary_folder
from portwright.run.events import Wrote
from portwright.run.failure import Failed
from portwright.run.file_table import FileTable
from portwright.run.files import DEVICES, CapturedInput, CapturedOutput, Null, PassedThrough
from portwright.run.hostility import Hostility
from portwright.run.limits import Watch
from portwright.run.options import Options
from portwright.run.root import Names, Root, Share, hold, host_doors, names_of

STREAMS = (0, 1, 2)
_DEVICE_FOLDER = "dev"
_SCRATCH_FOLDER = "tmp"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A fresh folder for one run, gone when it ends. Whoever starts a worker holds it: a worker may be killed."""
    with temporary_folder("portwright-root-") as folder:
        yield folder


def root(options: Options, scratch: Path) -> Root:
    """The guest's tree for one run; raises `BadInput` with everything that is wrong with what was asked for."""
    fresh = scratch / "root"
    top = fresh if options.root is None else options.root
    for name in (_DEVICE_FOLDER, _SCRATCH_FOLDER):
        (fresh / name).mkdir(parents=True)
    shares = {names_of(share.guest): share for share in options.shares}
    if options.root is not None:
        _check_root(options.root)
        for name in (_DEVICE_FOLDER, _SCRATCH_FOLDER):
            if name == _DEVICE_FOLDER or not (options.root / name).is_dir():
                shares.setdefault((os.fsencode(name),), Share(fresh / name, f"/{name}"))
    _make_mount_points(top, options, shares)
    held = {names: hold(share.host, readonly=share.readonly) for names, share in shares.items()}
    devices: dict[Names, str] = {(os.fsencode(_DEVICE_FOLDER), os.fsencode(name)): name for name in DEVICES}
    found = Root(hold(top), held, devices, host_doors())
    for path, data in options.files.items():
        _put(found, path, data)
    for path, file in options.programs.items():
        _put(found, path, _content(file), 0o755)
    return found


def shows(options: Options, place: str, file: Path) -> bool:
    """Whether a share shows this very file of the host at a place."""
    names = names_of(place)
    for share in options.shares:
        top = names_of(share.guest)
        there = share.host.joinpath(*map(os.fsdecode, names[len(top) :]))
        if names[: len(top)] == top and there.is_file() and there.samefile(file):
            return True
    return False


def _check_root(path: Path) -> None:
    if not path.is_dir():
        raise fail("`--root` is no folder", Where(path), "make it, or leave the option out", "run/root")


def _make_mount_points(top: Path, options: Options, shares: dict[Names, Share]) -> None:
    """Every folder on the way to a share must be there: made in a fresh root, asked for in a given one."""
    faults: list[Fault] = []
    for names in shares:
        above = top.joinpath(*(os.fsdecode(name) for name in names[:-1]))
        if options.root is None:
            above.mkdir(parents=True, exist_ok=True)
        elif not above.is_dir() and not any(names[:n] in shares for n in range(1, len(names))):
            what = f"there is no folder for the share /{b'/'.join(names).decode()}"
            faults.append(Fault(what, Where(above), "make this folder first", "run/share"))
    raise_if(faults)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise fail(f"cannot read the program: {error.strerror}", Where(file), code="run/program") from error


def _put(tree: Root, path: str, data: bytes, mode: int = 0o666) -> None:
    """Put a file where the guest will find it, with the folders above it, inside the guest's own tree."""
    table = FileTable(tree, Hostility(0, kind=True), limit=4)
    folder = b""
    try:
        for name in names_of(path)[:-1]:
            folder += b"/" + name
            if not _is_folder(table, folder):
                table.create_directory(folder, 0o777)
        fd = table.open(b"/" + b"/".join(names_of(path)), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        while data:
            data = data[table.get(fd).write(data) :]
        table.close(fd)
    except (Failed, OSError) as error:
        raise fail(f"cannot put the file `{path}` into the root: {error}", code="run/files") from error


def _is_folder(table: FileTable, path: bytes) -> bool:
    try:
        return stat.S_ISDIR(table.status(path, follow=True)["st_mode"])
    except (Failed, OSError):
        return False


def go_to(table: FileTable, path: str) -> None:
    """Make a folder the current one before the start; raises `BadInput` where there is none."""
    try:
        table.change_directory(os.fsencode(path))
    except (Failed, OSError) as error:
        hint = "`--cwd` is a folder in the program's own root; `--share` and `--root` put more into it"
        raise fail(f"the program's root has no folder `{path}`", None, hint, "run/cwd") from error


def open_streams(
    table: FileTable, options: Options, open_fds: list[int], watch: Watch, emit: Callable[[Wrote], None]
) -> None:
    """Give the guest its standard streams: portwright's own, or captured; not those that the OS does not open,
    and a stream that was closed for portwright is closed for the guest."""
    for fd in STREAMS:
        if fd not in open_fds:
            continue
        if fd == 0 and options.stdin is not None:
            table.put(fd, CapturedInput(options.stdin))
        elif fd != 0 and options.capture:
            table.put(fd, CapturedOutput("stdout" if fd == 1 else "stderr", emit))
        elif fd == 0 and options.capture:
            table.put(fd, Null())
        elif _is_open(fd):
            table.put(fd, PassedThrough(fd, watch))


def _is_open(fd: int) -> bool:
    """Whether a stream can be used at all: not closed, and not just its number kept (O_PATH)."""
    try:
        return not fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_PATH
    except OSError:
        return False
