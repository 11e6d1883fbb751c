"""The operations at places and with several buffers, and those whose paths start at an open directory: read_at,
write_at, read_vectored, write_vectored, open_at, remove_at, status_at."""

from __future__ import annotations

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portwright.describe import port as ports
from portwright.run.events import Wrote
from portwright.run.limits import Limits
from portwright.run.trace import Describer

LEDGER = ports.load("x86_64-portwright-linux").ledger


@pytest.fixture
def linux(make_guest):
    """A guest of Linux's own table."""
    return make_guest(ledger=LEDGER)


def opened(guest, path: str, flags: str = "O_RDONLY") -> int:
    return guest.call("open", guest.path(path), guest.constant(flags), 0o644)


def vectors(guest, *rows: tuple[int, int]) -> int:
    return guest.put(b"".join(struct.pack("<QQ", *row) for row in rows))


def test_places_leave_the_offset_alone(linux) -> None:
    fd = opened(linux, "/f", "O_RDWR|O_CREAT")
    assert linux.call("pwrite64", fd, linux.put(b"abc"), 3, 5) == 3
    assert (linux.root / "f").read_bytes() == b"\0\0\0\0\0abc"
    room = linux.room(8)
    assert linux.call("pread64", fd, room, 8, 6) == 2
    assert linux.space.read(room, 8) == b"bc" + b"\xee" * 6
    assert linux.call("pread64", fd, room, 8, 100) == 0
    assert linux.call("lseek", fd, 0, 1) == 0
    for call in ("pread64", "pwrite64"):
        assert linux.call(call, fd, room, 1, -1) == linux.error("EINVAL")
        assert linux.call(call, 1, room, 1, 0) == linux.error("ESPIPE")
        assert linux.call(call, 99, room, 1, 0) == linux.error("EBADF")
        assert linux.call(call, fd, 0x10, 1, 0) == linux.error("EFAULT")
    folder = opened(linux, "/", "O_RDONLY|O_DIRECTORY")
    assert linux.call("pread64", folder, room, 1, 0) == linux.error("EISDIR")
    assert linux.call("pwrite64", opened(linux, "/f"), room, 1, 0) == linux.error("EBADF")
    assert linux.call("pread64", opened(linux, "/f", "O_WRONLY"), room, 1, 0) == linux.error("EBADF")


def test_what_is_written_at_a_place_counts_as_output(make_guest) -> None:
    guest = make_guest(ledger=LEDGER, limits=Limits(output=10))
    fd = opened(guest, "/f", "O_RDWR|O_CREAT")
    block = guest.put(b"x" * 8)
    assert guest.call("pwrite64", fd, block, 8, 0) == 8
    assert guest.call("pwrite64", fd, block, 8, 0) is None
    assert guest.process.end is not None and guest.process.end.report.kind == "output-limit"


def test_buffers_one_after_the_other(linux) -> None:
    fd = opened(linux, "/f", "O_RDWR|O_CREAT")
    rows = [(linux.put(text), len(text)) for text in (b"one, ", b"", b"two, ", b"three")]
    assert linux.call("writev", fd, vectors(linux, *rows), 4) == 15
    assert (linux.root / "f").read_bytes() == b"one, two, three"
    linux.call("lseek", fd, 0, 0)
    rooms = [(linux.room(4), 2), (0, 0), (linux.room(20), 18)]
    assert linux.call("readv", fd, vectors(linux, *rooms), 3) == 15
    assert linux.space.read(rooms[0][0], 4) == b"on\xee\xee"
    assert linux.space.read(rooms[2][0], 20) == b"e, two, three" + b"\xee" * 7
    assert linux.call("writev", 1, vectors(linux, *rows[:1]), 1) == 5
    assert Wrote("stdout", b"one, ") in linux.events


def test_buffers_that_are_none(linux) -> None:
    fd = opened(linux, "/f", "O_RDWR|O_CREAT")
    good = (linux.put(b"kept"), 4)
    for call in ("readv", "writev"):
        assert linux.call(call, fd, 0, 0) == 0
        assert linux.call(call, fd, vectors(linux, good), 1025) == linux.error("EINVAL")
        assert linux.call(call, fd, vectors(linux, good), -1) == linux.error("EINVAL")
        assert linux.call(call, fd, 0x10, 1) == linux.error("EFAULT")
        assert linux.call(call, fd, vectors(linux, good, (0x10, 1)), 2) == linux.error("EFAULT")
        assert linux.call(call, fd, vectors(linux, good, (good[0], 2**63)), 2) == linux.error("EINVAL")
        assert linux.call(call, 99, vectors(linux, good), 1) == linux.error("EBADF")
    assert (linux.root / "f").read_bytes() == b""


@given(
    parts=st.lists(st.binary(max_size=40), max_size=30),
    room=st.lists(st.integers(0, 50), min_size=1, max_size=20),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_buffers_in_a_hostile_run(make_guest, parts: list[bytes], room: list[int]) -> None:
    """Short results end anywhere; who goes on from there has written and read everything, in order."""
    guest = make_guest(ledger=LEDGER, kind=False, seed=len(parts))
    fd = opened(guest, "/f", "O_RDWR|O_CREAT|O_TRUNC")
    whole, done = b"".join(parts), 0
    while done < len(whole):
        left, rows = done, []
        for part in parts:
            skipped = min(left, len(part))
            left -= skipped
            rows.append((guest.put(part[skipped:]), len(part) - skipped))
        count = guest.call("writev", fd, vectors(guest, *rows), len(rows))
        assert 0 < count <= len(whole) - done
        done += count
        guest._next = 0x10_0000
    assert (guest.root / "f").read_bytes() == whole
    guest.call("lseek", fd, 0, 0)
    seen = b""
    while sum(room):
        places = [(guest.room(size), size) for size in room]
        count = guest.call("readv", fd, vectors(guest, *places), len(places))
        joined = b"".join(guest.space.read(at, size) for at, size in places)
        assert joined[count:] == b"\xee" * (len(joined) - count)
        seen += joined[:count]
        guest._next = 0x10_0000
        if not count:
            break
    assert seen == (whole if sum(room) else b"")


def test_a_trace_shows_what_is_in_the_buffers(linux) -> None:
    fd = opened(linux, "/f", "O_RDWR|O_CREAT")
    rows = vectors(linux, (linux.put(b"one"), 3), (linux.put(b"two"), 3))
    linux.call("writev", fd, rows, 2)
    describer = Describer(linux.process)
    assert dict(describer.describe(linux.ended[-1]).arguments)["vectors"] == '["one", "two"]'


def test_paths_from_an_open_directory(linux) -> None:
    (linux.root / "a" / "b").mkdir(parents=True)
    (linux.root / "a" / "f").write_text("in a")
    (linux.root / "f").write_text("in the root")
    (linux.root / "a" / "l").symlink_to("../f")
    folder = opened(linux, "/a", "O_RDONLY|O_DIRECTORY")
    cwd, read = linux.constant("AT_FDCWD"), linux.constant("O_RDONLY")

    def text(directory: int, path: str, flags: int = read) -> bytes | int:
        fd = linux.call("openat", directory, linux.path(path), flags, 0)
        if fd < 0:
            return fd
        room = linux.room(32)
        count = linux.call("read", fd, room, 32)
        linux.call("close", fd)
        return linux.space.read(room, count)

    assert text(folder, "f") == b"in a"
    assert text(cwd, "f") == text(folder, "/f") == text(folder, "../f") == text(folder, "l") == b"in the root"
    assert text(99, "/f") == b"in the root", "who starts at the root needs no directory"
    assert text(99, "f") == linux.error("EBADF")
    assert text(opened(linux, "/f"), "f") == linux.error("ENOTDIR")
    assert text(folder, "") == linux.error("ENOENT")
    assert text(folder, "l", linux.constant("O_RDONLY|O_NOFOLLOW")) == linux.error("ELOOP")
    for path in ("l", "f"):
        answer = text(folder, path, linux.constant("O_RDONLY|O_NOFOLLOW|O_DIRECTORY"))
        assert answer == linux.error("ENOTDIR")
    # The directory is the one that was opened, whatever has its name by now.
    (linux.root / "a").rename(linux.root / "z")
    (linux.root / "a").mkdir()
    assert text(folder, "f") == b"in a"


def test_status_from_an_open_directory(linux) -> None:
    (linux.root / "a").mkdir()
    (linux.root / "a" / "l").symlink_to("f")
    (linux.root / "a" / "f").write_text("12345")
    folder, room = opened(linux, "/a", "O_RDONLY|O_DIRECTORY"), linux.room(144)

    def size(path: str, flags: str | int = 0) -> int:
        bits = linux.constant(flags) if isinstance(flags, str) else flags
        answer = linux.call("newfstatat", folder, linux.path(path), room, bits)
        field = LEDGER.types["stat"].fields["st_size"]
        return answer or int.from_bytes(linux.space.read(room + field.offset, field.size), "little")

    assert (size("l"), size("l", "AT_SYMLINK_NOFOLLOW")) == (5, 1)
    assert size("", "AT_EMPTY_PATH") > 5
    assert size("") == size("none") == linux.error("ENOENT")


def test_names_are_taken_away_from_an_open_directory(linux) -> None:
    (linux.root / "a" / "d").mkdir(parents=True)
    (linux.root / "a" / "f").touch()
    (linux.root / "a" / "l").symlink_to("d")
    folder, directory = opened(linux, "/a", "O_RDONLY|O_DIRECTORY"), linux.constant("AT_REMOVEDIR")

    def remove(path: str, flags: int = 0) -> int:
        return linux.call("unlinkat", folder, linux.path(path), flags)

    assert remove("d") == linux.error("EISDIR")
    assert [remove(path, directory) for path in ("f", "l")] == [linux.error("ENOTDIR")] * 2
    assert remove("d", 0x100) == linux.error("EINVAL")
    assert remove("../a", directory) == linux.error("ENOTEMPTY")
    assert remove(".", directory) == linux.error("EBUSY") or remove(".", directory) == linux.error("EINVAL")
    assert [remove("l"), remove("d", directory), remove("f")] == [0, 0, 0]
    assert list((linux.root / "a").iterdir()) == []
