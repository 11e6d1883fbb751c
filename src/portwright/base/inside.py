"""Run as a program of its own: lays out a view of the files of this machine, then becomes the command that shall see it.

Its one argument is a JSON file, which `base/namespaces.py` writes. It stands alone: nothing of portwright is imported,
so that it starts quickly. What goes wrong before the command runs is written to the file `trouble`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from typing import Any

NEW_NAMESPACE, NEW_USER = 0x0002_0000, 0x1000_0000
BIND, RECURSIVE, PRIVATE = 0x1000, 0x4000, 1 << 18
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, READ_ONLY = 442, -100, 0x8000, 1
PR_SET_PDEATHSIG = 1
STAYS_WRITABLE = ("/dev", "/proc")  # devices and a process's own switches, not files of the machine

_libc = ctypes.CDLL(None, use_errno=True)


class _Attributes(ctypes.Structure):
    """struct mount_attr of mount_setattr(2)."""

    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user_fd")]


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    words = (os.fsencode(word) if word is not None else None for word in (source, target, kind))
    options = data.encode() if data else None
    _checked(_libc.mount(*words, ctypes.c_ulong(flags), options), f"mounting {target}")


def _read_only(path: str, yes: bool) -> None:
    """Set or clear read-only for all mounts below a path, as far as this kernel can (5.12)."""
    given = _Attributes(READ_ONLY if yes else 0, 0 if yes else READ_ONLY, 0, 0)
    where, size = os.fsencode(path), ctypes.sizeof(given)
    _libc.syscall(MOUNT_SETATTR, AT_FDCWD, where, AT_RECURSIVE, ctypes.byref(given), size)


def _unshare() -> None:
    """A mount namespace of our own: as root directly, else within a user namespace that keeps our ids."""
    if os.geteuid() == 0 and _libc.unshare(NEW_NAMESPACE) == 0:
        return
    user, group = os.geteuid(), os.getegid()
    _checked(_libc.unshare(NEW_USER | NEW_NAMESPACE), "a user namespace")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 - pathlib is not imported, it costs a while
            file.write(text)


def lay_out(view: dict[str, Any]) -> None:
    """Hide folders below empty ones, show others where they shall be, and let nothing else be written."""
    _unshare()
    _mount("none", "/", None, RECURSIVE | PRIVATE)
    # Held open before anything is hidden: what is shown may lie in what is hidden.
    shown = [(os.open(source, os.O_PATH), target, writes) for source, target, writes in view["show"]]
    for folder in view["hide"]:
        _mount("none", folder, "tmpfs", 0, "mode=0755")
    for source, target, _ in shown:
        if os.path.isdir(f"/proc/self/fd/{source}"):  # noqa: PTH112
            os.makedirs(target, exist_ok=True)  # noqa: PTH103
        else:
            os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o644))
        _mount(f"/proc/self/fd/{source}", target, None, BIND | RECURSIVE)
    _read_only("/", True)
    with contextlib.suppress(OSError):
        _mount("none", "/dev/shm", "tmpfs", 0, "mode=1777")
    for target in (*STAYS_WRITABLE, *(target for _, target, writes in shown if writes)):
        _read_only(target, False)
    for source, _, _ in shown:
        os.close(source)


def main() -> None:
    """Lay the view out and become the command."""
    with open(sys.argv[1], encoding="ascii") as file:  # noqa: PTH123
        given = json.load(file)
    trouble = os.open(given["trouble"], os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    part = "the view"
    try:
        if given["view"] is not None:
            lay_out(given["view"])
        part = "the command"
        os.chdir(given["cwd"])
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != given["parent"]:  # it ended before we could ask to end with it
            os._exit(125)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these, and so would the command
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(given["argv"][0], given["argv"], given["env"])
    except OSError as error:
        os.write(trouble, f"{part}: {error.strerror}".encode(errors="replace"))
        os._exit(125)


if __name__ == "__main__":
    main()
