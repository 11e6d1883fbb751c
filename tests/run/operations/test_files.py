"""The operations on files: open, close, read, write, seek, set_length, fd_status, file_status, link_status,
remove_file, rename."""

from __future__ import annotations

import os

import pytest

from portwright.run.events import Wrote
from portwright.run.limits import Limits


def open_file(guest, path: str, flags: str = "O_RDONLY", mode: int = 0o644) -> int:
    return guest.call("open", guest.path(path), guest.constant(flags), mode)


def field(guest, address: int, name: str) -> int:
    """A field of the ledger's stat in the guest's memory."""
    layout = guest.ledger.types["stat"].fields[name]
    return int.from_bytes(guest.space.read(address + layout.offset, layout.size), "little")


def test_open_creates_reads_and_writes(guest) -> None:
    fd = open_file(guest, "/a", "O_WRONLY|O_CREAT|O_TRUNC", 0o600)
    assert fd == 3
    assert guest.call("write", fd, guest.put(b"hello"), 5) == 5
    assert guest.call("close", fd) == 0
    assert (guest.root / "a").read_bytes() == b"hello"
    assert (guest.root / "a").stat().st_mode & 0o777 == 0o600
    again = open_file(guest, "/a")
    room = guest.room(16)
    assert guest.call("read", again, room, 16) == 5
    assert guest.space.read(room, 16) == b"hello" + b"\xee" * 11, "what lies behind a result stays"
    assert guest.call("read", again, room, 16) == 0


@pytest.mark.parametrize(
    ("path", "flags", "error"),
    [
        ("/none", "O_RDONLY", "ENOENT"),
        ("/file/x", "O_RDONLY", "ENOTDIR"),
        ("/folder", "O_WRONLY", "EISDIR"),
        ("/file", "O_RDONLY|O_DIRECTORY", "ENOTDIR"),
        ("/file/", "O_RDONLY", "ENOTDIR"),
        ("/loop", "O_RDONLY", "ELOOP"),
        ("/folder", "O_RDONLY|O_CREAT", "EISDIR"),
        ("", "O_RDONLY", "ENOENT"),
        ("/file", "O_WRONLY|O_RDWR", "EINVAL"),
    ],
)
def test_open_fails_with_the_right_error(make_guest, veridian, path: str, flags: str, error: str) -> None:
    constants = {**veridian.ledger.constants, "O_DIRECTORY": 0x1_0000}
    guest = make_guest(ledger=veridian.ledger.model_copy(update={"constants": constants}))
    (guest.root / "file").write_text("x")
    (guest.root / "folder").mkdir()
    (guest.root / "loop").symlink_to("loop")
    assert open_file(guest, path, flags) == guest.error(error)


def test_open_takes_the_lowest_free_number(guest) -> None:
    (guest.root / "f").touch()
    assert [open_file(guest, "/f") for _ in range(3)] == [3, 4, 5]
    guest.call("close", 4)
    guest.call("close", 0)
    assert [open_file(guest, "/f") for _ in range(3)] == [0, 4, 6]


def test_flags_that_a_call_ignores_do_nothing(guest, make_guest) -> None:
    (guest.root / "f").write_text("there")
    exclusive = "O_WRONLY|O_CREAT|O_EXCL"
    assert "O_EXCL" in guest.ledger.syscalls["open"].ignores
    assert open_file(guest, "/f", exclusive) == 3
    call = guest.ledger.syscalls["open"].model_copy(update={"ignores": []})
    strict = make_guest(
        ledger=guest.ledger.model_copy(update={"syscalls": {**guest.ledger.syscalls, "open": call}})
    )
    (strict.root / "f").write_text("there")
    assert open_file(strict, "/f", exclusive) == strict.error("EEXIST")


def test_append_writes_at_the_end(guest) -> None:
    (guest.root / "f").write_text("one")
    fd = open_file(guest, "/f", "O_WRONLY|O_APPEND")
    guest.call("write", fd, guest.put(b"two"), 3)
    assert (guest.root / "f").read_text() == "onetwo"


def test_reading_and_writing_need_the_right(guest) -> None:
    (guest.root / "f").write_text("x")
    reading, writing = open_file(guest, "/f"), open_file(guest, "/f", "O_WRONLY")
    assert guest.call("write", reading, guest.put(b"y"), 1) == guest.error("EBADF")
    assert guest.call("read", writing, guest.room(1), 1) == guest.error("EBADF")
    assert guest.call("read", 99, guest.room(1), 1) == guest.error("EBADF")
    assert guest.call("close", 99) == guest.error("EBADF")


def test_write_to_the_standard_streams_becomes_events(guest) -> None:
    assert guest.call("write", 1, guest.put(b"out"), 3) == 3
    assert guest.call("write", 2, guest.put(b"err"), 3) == 3
    assert guest.events == [Wrote("stdout", b"out"), Wrote("stderr", b"err")]
    assert guest.call("write", 0, guest.put(b"in"), 2) == guest.error("EBADF")


def test_read_from_captured_input(make_guest) -> None:
    guest = make_guest(stdin=b"line\nmore")
    room = guest.room(16)
    assert guest.call("read", 0, room, 5) == 5
    assert guest.space.read(room, 6) == b"line\n\xee"
    assert guest.call("read", 0, room, 16) == 4
    assert guest.call("read", 0, room, 16) == 0


def test_a_bad_buffer_is_efault_with_a_report_and_nothing_happens(guest) -> None:
    (guest.root / "f").write_text("content")
    fd = open_file(guest, "/f")
    assert guest.call("read", fd, 0x1000, 4) == guest.error("EFAULT")
    assert guest.call("write", 1, 0xDEAD_0000, 4) == guest.error("EFAULT")
    edge = 0x10_0000 + 64 * 4096 - 2
    assert guest.call("read", fd, edge, 4) == guest.error("EFAULT"), "two of four bytes are not the guest's"
    assert [kind for kind, _, _ in guest.reports] == ["bad-pointer"] * 3
    room = guest.room(8)
    assert guest.call("read", fd, room, 7) == 7, "the offset did not move"
    assert guest.call("write", 1, 0, 0) == 0


def test_a_buffer_beyond_the_ledgers_limit_is_refused(guest) -> None:
    limit = guest.ledger.memory.buffer_limit
    assert limit is not None
    assert guest.call("write", 1, guest.put(b"x"), limit + 1) == guest.error("EINVAL")


def test_seek_moves_and_refuses(guest) -> None:
    (guest.root / "f").write_text("0123456789")
    fd = open_file(guest, "/f")
    start, here, end = (guest.constant(name) for name in ("SEEK_SET", "SEEK_CUR", "SEEK_END"))
    assert guest.call("lseek", fd, 4, start) == 4
    assert guest.call("lseek", fd, -1, here) == 3
    assert guest.call("lseek", fd, -2, end) == 8
    assert guest.call("lseek", fd, -1, start) == guest.error("EINVAL")
    assert guest.call("lseek", fd, 0, 17) == guest.error("EINVAL")
    # VeridianOS has no ESPIPE: the nearest it has stands in.
    assert guest.call("lseek", 0, 0, start) == guest.error("EINVAL")


def test_set_length_cuts_and_extends(make_guest) -> None:
    guest = make_guest(limits=Limits(output=1 << 20))
    (guest.root / "f").write_text("0123456789")
    fd = open_file(guest, "/f", "O_RDWR")
    assert guest.call("ftruncate", fd, 4) == 0
    assert guest.call("ftruncate", fd, 6) == 0
    assert (guest.root / "f").read_bytes() == b"0123\0\0"
    assert guest.call("ftruncate", fd, -1) == guest.error("EINVAL")
    assert guest.call("ftruncate", fd, 1 << 30) < 0
    assert guest.call("ftruncate", open_file(guest, "/f"), 1) == guest.error("EINVAL")


def test_status_is_filled_where_the_ledger_says(guest) -> None:
    (guest.root / "f").write_text("0123456789")
    (guest.root / "link").symlink_to("f")
    os.utime(guest.root / "f", ns=(5, 1_700_000_000_123_456_789))
    room = guest.room(144)
    for call, kind in (("stat", "S_IFREG"), ("lstat", "S_IFLNK")):
        assert guest.call(call, guest.path("/link"), room) == 0
        assert field(guest, room, "st_mode") & guest.constant("S_IFMT") == guest.constant(kind)
    assert guest.call("fstat", open_file(guest, "/link"), room) == 0
    assert field(guest, room, "st_size") == 10
    assert field(guest, room, "st_mtime") == 1_700_000_000
    assert field(guest, room, "st_mtime_nsec") == 123_456_789
    assert guest.call("stat", guest.path("/f/"), room) == guest.error("ENOTDIR")
    assert guest.call("stat", guest.path("/none"), room) == guest.error("ENOENT")


def test_status_has_the_ledgers_own_numbers_for_kinds_of_file(guest, make_guest) -> None:
    constants = {**guest.ledger.constants, "S_IFDIR": 0o010000}
    other = make_guest(ledger=guest.ledger.model_copy(update={"constants": constants}))
    room = other.room(144)
    assert other.call("stat", other.path("/tmp"), room) == 0
    assert field(other, room, "st_mode") & 0o170000 == 0o010000


def test_remove_file_and_rename(guest) -> None:
    (guest.root / "f").write_text("f")
    (guest.root / "d").mkdir()
    (guest.root / "link").symlink_to("d")
    assert guest.call("unlink", guest.path("/d")) == guest.error("EISDIR")
    assert guest.call("unlink", guest.path("/link")) == 0
    assert (guest.root / "d").is_dir()
    assert guest.call("rename", guest.path("/f"), guest.path("/d/g")) == 0
    assert (guest.root / "d" / "g").read_text() == "f"
    assert guest.call("rename", guest.path("/f"), guest.path("/x")) == guest.error("ENOENT")
    (guest.root / "h").write_text("h")
    assert guest.call("rename", guest.path("/h"), guest.path("/d/g")) == 0
    assert (guest.root / "d" / "g").read_text() == "h"
    assert guest.call("unlink", guest.path("/d/g")) == 0
    assert guest.call("unlink", guest.path("/d/g")) == guest.error("ENOENT")


def test_too_many_open_files_is_an_error_and_a_report(make_guest) -> None:
    guest = make_guest(limits=Limits(files=5))
    (guest.root / "f").touch()
    assert [open_file(guest, "/f") for _ in range(2)] == [3, 4]
    # No EMFILE in this ledger: EAGAIN is the nearest that it has.
    assert open_file(guest, "/f") == guest.error("EAGAIN")
    assert guest.reports[0][0] == "files-limit" and "5 files" in guest.reports[0][1]


def test_devices_are_there_in_every_root(guest) -> None:
    null, zero = open_file(guest, "/dev/null", "O_RDWR"), open_file(guest, "/dev/../dev/./zero", "O_RDWR")
    room = guest.room(8)
    assert guest.call("write", null, guest.put(b"gone"), 4) == 4
    assert guest.call("read", null, room, 8) == 0
    assert guest.call("read", zero, room, 4) == 4
    assert guest.space.read(room, 8) == b"\0\0\0\0\xee\xee\xee\xee"
    status = guest.room(144)
    assert guest.call("stat", guest.path("/dev/null"), status) == 0
    assert field(guest, status, "st_mode") & guest.constant("S_IFMT") == guest.constant("S_IFCHR")
    assert guest.call("unlink", guest.path("/dev/null")) < 0
    assert open_file(guest, "/dev/null", "O_RDWR") > 0
