"""Whether an image may be changed now: not while it is mounted, attached, or open in another process.

Said by name: the mount point, the loop device, the process and its command. Only what this user may see is seen.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from portwright.base.errors import Fault, Where

PROC, SYS = Path("/proc"), Path("/sys")
WRITING = os.O_WRONLY | os.O_RDWR


def faults(path: Path, proc: Path = PROC, sys: Path = SYS) -> list[Fault]:
    """Everything that speaks against changing the file now."""
    status = path.stat()
    where = Where(path)
    found = []
    if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
        hint = f"chmod u+w {path}" if not status.st_mode & 0o222 else "it belongs to somebody else"
        found.append(Fault("the image is read-only", where, hint, "image/read-only"))
    for device in _loops(path, sys):
        hint = f"unmount it, and detach it: losetup -d {device}"
        found.append(Fault(f"the image is attached to {device}", where, hint, "image/mounted"))
    for mount in _mounts(path, proc):
        found.append(Fault(f"the image is mounted on {mount}", where, f"umount {mount}", "image/mounted"))
    key = (status.st_dev, status.st_ino)
    locked = _locked(key, proc)
    said = False
    for pid, command, writes in _holders(key, proc):
        if writes or locked:
            how = "to be written" if writes else "and locked"
            what = f"the image is open {how} in process {pid} ({command})"
            found.append(
                Fault(what, where, "end that process first: both would write over each other", "image/in-use")
            )
            said = True
    if locked and not said:
        what = "another process holds a lock on the image (which one cannot be seen from here)"
        found.append(Fault(what, where, "end a machine that runs from it first", "image/in-use"))
    return found


def _loops(path: Path, sys: Path) -> Iterator[str]:
    for file in sorted(sys.glob("block/loop*/loop/backing_file")):
        with contextlib.suppress(OSError):
            if file.read_text().rstrip("\n") == str(path):
                yield f"/dev/{file.parts[-3]}"


def _mounts(path: Path, proc: Path) -> Iterator[str]:
    """Mount points whose device is the file itself, as those of FUSE are."""
    with contextlib.suppress(OSError):
        for line in (proc / "mounts").read_text(errors="surrogateescape").splitlines():
            words = [_octal(word) for word in line.split(" ")]
            if len(words) > 1 and words[0] == str(path):
                yield words[1]


def _octal(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), word)


def _locked(key: tuple[int, int], proc: Path) -> bool:
    """Whether another process has a record lock on the file (as virtual machines take them)."""
    wanted = f"{os.major(key[0]):02x}:{os.minor(key[0]):02x}:{key[1]}"
    own = str(os.getpid())
    with contextlib.suppress(OSError):
        for line in (proc / "locks").read_text().splitlines():
            words = line.split()
            if len(words) > 5 and words[1] in ("POSIX", "OFDLCK") and words[5] == wanted and words[4] != own:
                return True
    return False


def _holders(key: tuple[int, int], proc: Path) -> Iterator[tuple[int, str, bool]]:
    """(number, command, whether it may write) of other processes that have the file open."""
    for folder in proc.iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            writes = [
                _writes(folder / "fdinfo" / entry.name)
                for entry in os.scandir(folder / "fd")
                if _same(entry.path, key)
            ]
            if writes:
                yield int(folder.name), _command(folder), any(writes)


def _same(link: str, key: tuple[int, int]) -> bool:
    try:
        status = os.stat(link)  # noqa: PTH116 - thousands of them
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == key


def _writes(info: Path) -> bool:
    with contextlib.suppress(OSError, ValueError, IndexError):
        line = next(row for row in info.read_text().splitlines() if row.startswith("flags:"))
        return bool(int(line.split()[1], 8) & WRITING)
    return True


def _command(folder: Path) -> str:
    words = (folder / "cmdline").read_bytes().split(b"\0")
    text = b" ".join(words).decode(errors="replace").strip() or (folder / "comm").read_text().strip()
    return text if len(text) <= 80 else text[:77] + "..."
