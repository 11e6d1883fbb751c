"""The operations on what a file's status says, and on what an open file is: change_mode, fd_change_mode, set_times,
fd_set_times, link_set_times, sync_file, sync_data, lock_file, terminal_status."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portwright.describe import port as ports
from portwright.run.failure import Failed
from portwright.run.file_properties import moments
from portwright.run.files import PassedThrough
from portwright.run.root import Share
from portwright.run.structs import Layout

LEDGER = ports.load("x86_64-portwright-linux").ledger
OMIT, NOW = LEDGER.constants["UTIME_OMIT"], LEDGER.constants["UTIME_NOW"]


@pytest.fixture
def linux(make_guest):
    """A guest of Linux's own table, with a file."""
    guest = make_guest(ledger=LEDGER)
    (guest.root / "f").write_text("x")
    (guest.root / "l").symlink_to("f")
    return guest


def opened(guest, path: str, flags: str = "O_RDONLY") -> int:
    return guest.call("open", guest.path(path), guest.constant(flags), 0o644)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_modes(linux) -> None:
    for bits in (0o000, 0o600, 0o755, 0o1777):
        assert linux.call("chmod", linux.path("/f"), bits) == 0
        assert mode(linux.root / "f") == bits
    assert linux.call("chmod", linux.path("/l"), 0o640) == 0
    assert mode(linux.root / "f") == 0o640
    assert linux.call("fchmod", opened(linux, "/f"), 0o604) == 0
    assert mode(linux.root / "f") == 0o604
    for path, error in (("/none", "ENOENT"), ("/f/", "ENOTDIR"), ("/dev/null", "EPERM"), ("/l/x", "ENOTDIR")):
        assert linux.call("chmod", linux.path(path), 0o777) == linux.error(error), path
    assert linux.call("fchmod", 77, 0o777) == linux.error("EBADF")


def test_no_program_gets_its_owners_rights_on_the_host(linux) -> None:
    assert linux.call("chmod", linux.path("/f"), 0o6755) == 0
    assert linux.call("fchmod", opened(linux, "/f"), 0o7711) == 0
    assert mode(linux.root / "f") == 0o1711


def pair(accessed: tuple[int, int], modified: tuple[int, int]) -> bytes:
    return struct.pack("<qqqq", *accessed, *modified)


def times_of(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_atime_ns, found.st_mtime_ns


def test_times_to_the_nanosecond(linux) -> None:
    (root := linux.root / "f").write_text("x")
    one = linux.put(pair((1, 999_999_999), (2**33, 1)))
    cwd = linux.constant("AT_FDCWD")
    assert linux.call("utimensat", cwd, linux.path("/l"), one, 0) == 0
    assert times_of(root) == (1_999_999_999, 2**33 * 10**9 + 1)
    two = linux.put(pair((-5, 250_000_000), (7, OMIT)))
    assert linux.call("futimens", opened(linux, "/f"), 0, two, 0) == 0
    assert times_of(root) == (-4_750_000_000, 2**33 * 10**9 + 1)
    before = times_of(root)
    three = linux.put(pair((11, 0), (12, 0)))
    assert linux.call("utimensat_link", cwd, linux.path("/l"), three, 0x100) == 0
    assert times_of(root) == before
    assert times_of(linux.root / "l") == (11 * 10**9, 12 * 10**9)
    assert linux.call("utimensat", cwd, linux.path("/f"), linux.put(pair((0, OMIT), (0, NOW))), 0) == 0
    assert times_of(root)[0] == before[0]
    assert abs(times_of(root)[1] - time.time_ns()) < 60 * 10**9


@pytest.mark.parametrize("wrong", [10**9, -1, 2**40])
def test_nanoseconds_that_are_none(linux, wrong: int) -> None:
    bad = linux.put(pair((0, 0), (0, wrong)))
    assert linux.call("utimensat", linux.constant("AT_FDCWD"), linux.path("/f"), bad, 0) == linux.error(
        "EINVAL"
    )


@given(
    times=st.tuples(*[st.integers(-(2**40), 2**40), st.integers(0, 10**9 - 1)] * 2),
    stay=st.tuples(st.booleans(), st.booleans()),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_a_pair_of_times_means(times: tuple[int, ...], stay: tuple[bool, bool]) -> None:
    """Packed by hand and read by the ledger's layout, a time is what was meant, or what the file had."""
    kept = os.stat_result((0,) * 10)
    atime, atime_part, mtime, mtime_part = times
    packed = pair((atime, OMIT if stay[0] else atime_part), (mtime, OMIT if stay[1] else mtime_part))
    layout = Layout(LEDGER.types["timespec_pair"], "little")
    assert layout.pack(layout.unpack(packed)) == packed

    class Kept:
        st_atime_ns, st_mtime_ns = 17, 18

    found = moments(LEDGER, layout.unpack(packed), lambda: Kept)  # type: ignore[arg-type,return-value]
    assert found[0] == (17 if stay[0] else atime * 10**9 + atime_part)
    assert found[1] == (18 if stay[1] else mtime * 10**9 + mtime_part)
    assert kept.st_size == 0
    with pytest.raises(Failed):
        moments(LEDGER, {"atime_sec": 0, "atime_nsec": 10**9}, lambda: kept)


def test_nothing_is_changed_where_nothing_may_be(make_guest, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "f").touch()
    before = (share / "f").stat()
    guest = make_guest(ledger=LEDGER, shares=(Share(share, "/s", readonly=True),))
    fd, folder = opened(guest, "/s/f"), opened(guest, "/s", "O_RDONLY|O_DIRECTORY")
    times, cwd = guest.put(pair((1, 1), (1, 1))), guest.constant("AT_FDCWD")
    for answer in (
        guest.call("chmod", guest.path("/s/f"), 0o777),
        guest.call("chmod", guest.path("/s"), 0o777),
        guest.call("fchmod", fd, 0o777),
        guest.call("fchmod", folder, 0o777),
        guest.call("utimensat", cwd, guest.path("/s/f"), times, 0),
        guest.call("futimens", fd, 0, times, 0),
    ):
        assert answer == guest.error("EROFS")
    after = (share / "f").stat()
    assert (before.st_mode, before.st_mtime_ns) == (after.st_mode, after.st_mtime_ns)


def test_files_and_folders_can_be_synced_and_pipes_cannot(linux) -> None:
    fd, folder = opened(linux, "/f", "O_RDWR"), opened(linux, "/", "O_RDONLY|O_DIRECTORY")
    for call in ("fsync", "fdatasync"):
        assert [linux.call(call, number) for number in (fd, folder)] == [0, 0]
        assert linux.call(call, 1) == linux.error("EINVAL")
        assert linux.call(call, 99) == linux.error("EBADF")


SHARED, EXCLUSIVE, AT_ONCE, FREE = 1, 2, 4, 8


def test_locks_are_those_of_open_files(linux) -> None:
    one, two = opened(linux, "/f"), opened(linux, "/f")

    def lock(fd: int, operation: int) -> int:
        return linux.call("flock", fd, operation)

    busy = linux.error("EAGAIN")
    assert lock(one, EXCLUSIVE) == 0
    assert [lock(two, kind | AT_ONCE) for kind in (EXCLUSIVE, SHARED)] == [busy, busy]
    assert lock(one, EXCLUSIVE) == 0, "it holds the lock already"
    assert lock(one, SHARED) == 0
    assert [lock(two, SHARED | AT_ONCE), lock(two, EXCLUSIVE | AT_ONCE)] == [0, busy]
    assert linux.call("close", one) == 0
    assert lock(two, EXCLUSIVE | AT_ONCE) == 0
    for wrong in (0, AT_ONCE, SHARED | EXCLUSIVE, 16):
        assert lock(two, wrong) == linux.error("EINVAL")
    assert lock(1, EXCLUSIVE) == linux.error("EINVAL")
    assert lock(99, EXCLUSIVE) == linux.error("EBADF")


def test_a_lock_holds_against_the_host_too(linux) -> None:
    fd = opened(linux, "/f")
    with (linux.root / "f").open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert linux.call("flock", fd, EXCLUSIVE | AT_ONCE) == linux.error("EAGAIN")
        assert linux.call("flock", fd, SHARED | AT_ONCE) == 0
    assert linux.call("flock", fd, EXCLUSIVE | AT_ONCE) == 0


@pytest.fixture
def terminal() -> Iterator[int]:
    """The inner end of a pseudo-terminal."""
    outer, inner = pty.openpty()
    yield inner
    os.close(inner)
    os.close(outer)


def test_only_a_terminal_is_one(linux, terminal: int, tmp_path: Path) -> None:
    request, room = 0x5401, linux.room(36)
    for fd in (0, 1, 2, opened(linux, "/f"), opened(linux, "/dev/null")):
        assert linux.call("ioctl_tcgets", fd, request, room) == linux.error("ENOTTY")
    assert linux.call("ioctl_tcgets", 99, request, room) == linux.error("EBADF")
    linux.process.files.put(0, PassedThrough(terminal, linux.process.watch))
    assert linux.call("ioctl_tcgets", 0, request, room) == 0
    assert linux.space.read(room, 36) != b"\xee" * 36
    with (tmp_path / "plain").open("w") as file:
        linux.process.files.put(0, PassedThrough(file.fileno(), linux.process.watch))
        assert linux.call("ioctl_tcgets", 0, request, room) == linux.error("ENOTTY")
