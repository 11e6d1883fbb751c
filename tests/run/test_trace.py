"""An strace of the port: calls in words as people and tools read them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portwright.describe.ledger import Call
from portwright.run.trace import Describer, Tracer, json_line, quoted, text_line


@pytest.fixture
def lines(guest):
    """Makes calls; the line of the last one."""
    describer = Describer(guest.process)

    def line(name: str, *arguments: int) -> str:
        guest.call(name, *arguments)
        return text_line(describer.describe(guest.ended[-1]))

    return line


def test_arguments_are_shown_as_what_they_are(guest, lines) -> None:
    path = guest.path('/a "quoted"\n\x01')
    flags = guest.constant("O_WRONLY|O_CREAT|O_CLOEXEC")
    shown = lines("open", path, flags, 0o644)
    assert shown == r'open("/a \"quoted\"\n\x01", O_WRONLY|O_CREAT|O_CLOEXEC, 0644) = 3'
    assert lines("write", 3, guest.put(b"hello\0\xff"), 7) == r'write(3, "hello\0\xff", 7) = 7'
    assert lines("lseek", 3, -2, guest.constant("SEEK_CUR")) == "lseek(3, -2, SEEK_CUR) = 5"
    assert lines("lseek", 3, 0, 77) == "lseek(3, 0, 0x4d) = -2 EINVAL (Invalid argument)"
    assert lines("close", 3) == "close(3) = 0"
    assert lines("exit", 3) == "exit(3) = ?"


def test_results_in_memory_are_shown_when_the_call_came_back(guest, lines) -> None:
    (guest.root / "f").write_text("content")
    fd = guest.call("open", guest.path("/f"), 0, 0)
    room = guest.room(200)
    assert lines("read", fd, room, 4) == 'read(4, "cont", 4) = 4'.replace("4,", f"{fd},", 1)
    assert lines("read", 99, room, 4) == f"read(99, {room:#x}, 4) = -21 EBADF (Bad file descriptor)"
    status = lines("stat", guest.path("/f"), room)
    assert status.startswith('stat("/f", {') and "st_size=7" in status and "st_mode=0100" in status
    assert lines("stat", guest.path("/n"), room) == (
        f'stat("/n", {room:#x}) = -4 ENOENT (No such file or directory)'
    )
    assert lines("getcwd", room, 100) == 'getcwd("/", 100) = 1'


def test_addresses_are_hexadecimal_and_packed_words_come_apart(guest, lines) -> None:
    flags = guest.constant("MAP_PRIVATE|MAP_ANONYMOUS")
    shown = lines("mmap", 0, 4096, 3, flags, 0xFFFF_FFFF << 32)
    base = f"{guest.ledger.memory.map_base:#x}"
    assert shown == f"mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = {base}"


def test_what_is_not_known_is_shown_raw(guest, lines) -> None:
    assert lines("dup", 7) == "dup(0x7) = -1 ENOSYS (Function not implemented)"
    describer = Describer(guest.process)
    guest.trap(4711, 1, 2)
    assert text_line(describer.describe(guest.ended[-1])).startswith("syscall_4711(0x1, 0x2, ")
    assert lines("write", 1, 0x10, 4) == "write(1, 0x10, 4) = -9 EFAULT (Bad address)"
    assert lines("open", 0x10, 0, 0) == "open(0x10, O_RDONLY, 00) = -9 EFAULT (Bad address)"


def test_durations_in_parts(guest, make_guest) -> None:
    parts = [{"argument": "duration", "as": "milliseconds"}]
    call = Call.model_validate({"number": 162, "operation": "sleep", "arguments": parts})
    syscalls = {**guest.ledger.syscalls, "nanosleep": call}
    other = make_guest(ledger=guest.ledger.model_copy(update={"syscalls": syscalls}), clock="virtual")
    other.call("nanosleep", 30)
    assert text_line(Describer(other.process).describe(other.ended[-1])) == "nanosleep(30 milliseconds) = 0"


def test_lines_of_json_hold_the_same(guest, tmp_path: Path) -> None:
    with (tmp_path / "trace").open("wb") as file:
        tracer = Tracer(Describer(guest.process), "json", file.fileno())
        guest.call("write", 1, guest.put("grün".encode()), 5)
        tracer(guest.ended[-1])
    line = (tmp_path / "trace").read_bytes()
    row = json.loads(line)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert (row["event"], row["name"], row["number"], row["result"], row["error"]) == (
        "call",
        "write",
        53,
        5,
        None,
    )
    assert row["arguments"] == {"fd": "1", "buffer": '"gr\\xc3\\xbcn"', "length": "5"}
    guest.call("close", 50)
    called = Describer(guest.process).describe(guest.ended[-1])
    assert json.loads(json_line(called))["error"] == "EBADF"


def test_long_texts_are_cut() -> None:
    assert quoted(b"x" * 100) == '"' + "x" * 48 + '"...'
    assert quoted(bytes(range(256)), 256).isprintable()
