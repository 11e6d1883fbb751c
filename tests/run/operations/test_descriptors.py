"""The operations on descriptors: create_pipe, duplicate, duplicate_to, descriptor_flags, set_descriptor_flags,
status_flags, set_status_flags, poll."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from portwright.describe import port as ports
from portwright.run.limits import Limits


@pytest.fixture
def linux(make_guest: Any) -> Any:
    """A guest of Linux's own calls, which have all of these operations."""
    return make_guest(ledger=ports.load("x86_64-portwright-linux").ledger)


def pipe(guest: Any, flags: int = 0) -> tuple[int, int]:
    at = guest.room(8)
    assert guest.call("pipe2", at, flags) == 0
    reader, writer = struct.unpack("<ii", guest.space.read(at, 8))
    return reader, writer


def test_bytes_go_through_a_pipe_and_end(linux: Any) -> None:
    reader, writer = pipe(linux)
    assert (reader, writer) == (3, 4)
    assert linux.call("write", writer, linux.put(b"hello"), 5) == 5
    room = linux.room(16)
    assert linux.call("read", reader, room, 16) == 5
    assert linux.space.read(room, 16) == b"hello" + b"\xee" * 11
    assert linux.call("write", reader, room, 1) == linux.error("EBADF")
    assert linux.call("read", writer, room, 1) == linux.error("EBADF")
    assert linux.call("close", writer) == 0
    assert linux.call("read", reader, room, 16) == 0


def test_a_pipe_that_nobody_reads_is_an_error_and_a_signal(linux: Any) -> None:
    ignore = linux.put(struct.pack("<QQQQ", linux.constant("SIG_IGN"), 0, 0, 0))
    assert linux.call("rt_sigaction", linux.constant("SIGPIPE"), ignore, 0, 8) == 0
    reader, writer = pipe(linux)
    assert linux.call("close", reader) == 0
    assert linux.call("write", writer, linux.put(b"x"), 1) == linux.error("EPIPE")
    default = linux.put(struct.pack("<QQQQ", 0, 0, 0, 0))
    old = linux.room(32)
    assert linux.call("rt_sigaction", linux.constant("SIGPIPE"), default, old, 8) == 0
    assert struct.unpack("<QQQQ", linux.space.read(old, 32))[0] == linux.constant("SIG_IGN")
    assert linux.call("write", writer, linux.put(b"x"), 1) is None
    assert (linux.process.end.signal, linux.process.end.report.kind) == (13, "signal")


def test_a_pipe_does_not_wait_where_it_was_told_not_to(linux: Any) -> None:
    reader, writer = pipe(linux, linux.constant("O_NONBLOCK|O_CLOEXEC"))
    room = linux.room(8)
    assert linux.call("read", reader, room, 8) == linux.error("EAGAIN")
    assert linux.call("fcntl_getfd", reader, linux.constant("F_GETFD")) == linux.constant("FD_CLOEXEC")
    nonblocking = linux.constant("O_NONBLOCK")
    assert linux.call("fcntl_getfl", writer, linux.constant("F_GETFL")) == nonblocking | linux.constant(
        "O_WRONLY"
    )
    assert linux.call("fcntl_setfl", reader, linux.constant("F_SETFL"), 0) == 0
    assert linux.call("fcntl_getfl", reader, linux.constant("F_GETFL")) == linux.constant("O_RDONLY")
    assert linux.call("read", reader, room, 8) is None, "nobody will ever write: a deadlock"
    assert linux.process.end.report.kind == "deadlock"
    assert "a pipe that is empty" in linux.process.end.report.what


def test_second_numbers_are_one_open_file(linux: Any) -> None:
    (linux.root / "f").write_bytes(b"abcdef")
    fd = linux.call("open", linux.path("/f"), linux.constant("O_RDONLY|O_CLOEXEC"), 0)
    again = linux.call("fcntl_dupfd", fd, linux.constant("F_DUPFD_CLOEXEC"), 3)
    third = linux.call("dup3", fd, 9, 0)
    assert (fd, again, third) == (3, 4, 9)
    flags = [linux.call("fcntl_getfd", one, linux.constant("F_GETFD")) for one in (fd, again, third)]
    assert flags == [1, 1, 0]
    room = linux.room(8)
    for one in (fd, again, third):
        assert linux.call("read", one, room, 2) == 2
    assert linux.space.read(room, 2) == b"ef", "they share the offset"
    for one in (fd, again):
        assert linux.call("close", one) == 0
    assert linux.call("lseek", third, 0, linux.constant("SEEK_SET")) == 0, "one number keeps it open"
    assert linux.call("fcntl_setfd", third, linux.constant("F_SETFD"), 1) == 0
    assert linux.call("fcntl_getfd", third, linux.constant("F_GETFD")) == 1


def test_a_number_made_to_stand_for_another_file_closes_what_it_stood_for(linux: Any) -> None:
    reader, writer = pipe(linux)
    assert linux.call("dup3", 0, writer, 0) == writer
    assert linux.call("read", reader, linux.room(1), 1) == 0, "the pipe has no writer any more"
    assert linux.call("dup3", reader, reader, 0) == linux.error("EINVAL")
    assert linux.call("dup3", 77, 5, 0) == linux.error("EBADF")
    assert linux.call("dup3", reader, 1 << 20, 0) == linux.error("EBADF")
    assert linux.call("dup3", reader, 8, linux.constant("O_APPEND")) == linux.error("EINVAL")


def test_too_many_numbers_are_refused_and_said_once(make_guest: Any) -> None:
    guest = make_guest(ledger=ports.load("x86_64-portwright-linux").ledger, limits=Limits(files=5))
    pipe(guest)
    assert guest.call("pipe2", guest.room(8), 0) == guest.error("EMFILE")
    assert guest.call("fcntl_dupfd", 0, guest.constant("F_DUPFD_CLOEXEC"), 3) == guest.error("EMFILE")
    assert [kind for kind, _, _ in guest.reports] == ["files-limit"]


def polled(guest: Any, *entries: tuple[int, str], timeout: int | None = 0) -> tuple[int | None, list[int]]:
    """Poll the descriptors for the events; what it answers, and what happened at each."""
    packed = b"".join(struct.pack("<ihh", fd, guest.constant(events), -1) for fd, events in entries)
    at = guest.put(packed)
    time = 0 if timeout is None else guest.put(struct.pack("<QQ", timeout // 10**9, timeout % 10**9))
    count = guest.call("ppoll", at, len(entries), time, 0)
    rows = struct.iter_unpack("<ihh", guest.space.read(at, len(packed)))
    return count, [happened for _, _, happened in rows]


def test_poll_tells_what_can_be_done(linux: Any) -> None:
    read, write, hup, err, none = (
        linux.constant(f"POLL{one}") for one in ("IN", "OUT", "HUP", "ERR", "NVAL")
    )
    reader, writer = pipe(linux)
    both = ((reader, "POLLIN"), (writer, "POLLOUT"))
    assert polled(linux, *both) == (1, [0, write])
    linux.call("write", writer, linux.put(b"x"), 1)
    assert polled(linux, *both, (99, "POLLIN"), (-1, "POLLIN")) == (3, [read, write, none, 0])
    linux.call("close", writer)
    assert polled(linux, (reader, "POLLIN")) == (1, [read | hup])
    reader, writer = pipe(linux)
    linux.call("close", reader)
    assert polled(linux, (writer, "POLLIN")) == (1, [err])


def test_poll_waits_as_long_as_it_was_told(make_guest: Any) -> None:
    guest = make_guest(ledger=ports.load("x86_64-portwright-linux").ledger, clock="virtual")
    reader, _ = pipe(guest)
    before = guest.process.clocks.now()
    assert polled(guest, (reader, "POLLIN"), timeout=3 * 10**9) == (0, [0])
    assert guest.process.clocks.now() - before >= 3 * 10**9
    assert polled(guest, timeout=10**9)[0] == 0, "nothing to look at: a sleep"
    assert polled(guest, (reader, "POLLIN"), timeout=None)[0] is None
    assert guest.process.end.report.kind == "deadlock"
