"""Probe against ledger, on recorded reports: a right ledger agrees everywhere, a wrong fact differs in its row alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from portwright.describe import port as ports
from portwright.describe.cpu import cpu
from portwright.describe.ledger import Ledger
from portwright.judge import probe_report
from portwright.judge.probe import compare
from portwright.judge.probe_report import Row

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "probe"
LINUX, VERIDIAN = "x86_64-portwright-linux", "x86_64-unknown-veridian"
REPORTS = {LINUX: "linux-kernel.txt", VERIDIAN: "veridian-machine.txt"}


@cache
def ledger_of(port: str) -> Ledger:
    """A port's ledger."""
    return ports.load(port).ledger


def text(port: str) -> bytes:
    """What a probe of the port printed: on Linux itself, and in the userland machine.

    Written by `portwright probe PORT --save FILE` (`--on kernel`; `--seed 5`), Linux's own name for the machine and
    paths made plain. Where a ledger grows, its facts may be missing here, and are then not reported.
    """
    return (FOLDER / REPORTS[port]).read_bytes()


def rows(port: str, ledger: Ledger | None = None, printed: bytes | None = None) -> tuple[Row, ...]:
    """The comparison of a report with a ledger."""
    ledger = ledger or ledger_of(port)
    report = probe_report.read(text(port) if printed is None else printed)
    return compare(report, ledger, cpu(ledger.abi.cpu))


def changed(value: Any, path: str, new: Any) -> Any:
    """A model or a table with one value inside it replaced (`memory.page_size`, `errors.EIO`)."""
    name, _, rest = path.partition(".")
    own = value[name] if isinstance(value, dict) and name in value else getattr(value, name, None)
    inner = changed(own, rest, new) if rest else (new(own) if callable(new) else new)
    return {**value, name: inner} if isinstance(value, dict) else value.model_copy(update={name: inner})


@pytest.mark.parametrize("port", REPORTS)
def test_a_right_ledger_agrees_in_every_row(port: str) -> None:
    assert probe_report.read(text(port)).complete
    assert [row for row in rows(port) if row.agreement == "differs"] == []
    assert len({row.fact for row in rows(port)}) == len(rows(port)) > 90


def number_of(own: Any) -> int:
    return int(getattr(own, "number", own))


def wrong_ledgers(port: str) -> dict[str, tuple[str, Any]]:
    """For each fact of a ledger that has a row: where it stands, and a wrong value for it."""
    ledger = ledger_of(port)
    found: dict[str, tuple[str, Any]] = {
        "abi.trap": ("abi.trap", "int 0x80"),
        "abi.number": ("abi.number", "rbx"),
        "abi.result": ("abi.result", "rbx"),
        "abi.error": ("abi.error", "carry"),
        "abi.arguments": ("abi.arguments", lambda own: own[::-1]),
        "entry.alignment": ("entry.alignment", 0x1_0000),
        "entry.stack": ("entry.stack", lambda own: [item for item in own if item != "argc"]),
        "entry.environment": ("entry.environment", {"PATH": "/nowhere"}),
        "entry.thread-pointer": ("entry.thread_pointer.at_entry", "tls"),
        "entry.open-fds": ("entry.open_fds", [0, 1]),
        "memory.page-size": ("memory.page_size", 8192),
        "memory.write-execute": (
            "memory.write_execute",
            lambda own: "allowed" if own == "refused" else "refused",
        ),
        "types.stat.size": ("types.stat.size", 160),
        "types.stat.st_size": ("types.stat.fields.st_size.offset", 64),
        "types.stat.st_mode": ("types.stat.fields.st_mode.offset", 28),
        "types.stat.st_nlink": ("types.stat.fields.st_nlink.offset", 0),
        "types.timespec.size": ("types.timespec.size", 12),
        "types.timespec.fields": ("types.timespec.fields.tv_sec.offset", 8),
        "types.utsname.size": ("types.utsname.size", 325),
        "constants.S_IFREG": ("constants.S_IFREG", 0o20000),
        "constants.S_IFDIR": ("constants.S_IFDIR", 0o20000),
        "directory.types": (
            "directory.types",
            lambda own: {name: kind + 1 for name, kind in own.items()},
        ),
    }
    for clock in ledger.clocks:
        found[f"clocks.{clock}.id"] = (f"clocks.{clock}.id", 5)
        found[f"clocks.{clock}.resolution"] = (
            f"clocks.{clock}.resolution",
            lambda own: 10**6 if own == 1 else 7 * 10**6,
        )
        found[f"clocks.{clock}.epoch"] = (
            f"clocks.{clock}.epoch",
            lambda own: "boot" if own == "unix" else "unix",
        )
    for row in rows(port):
        table, _, name = row.fact.partition(".")
        if table == "errors":
            found[row.fact] = (f"errors.{name}", lambda own: number_of(own) + 1000)
        elif table == "constants" and row.fact not in found:
            found[row.fact] = (f"constants.{name}", lambda own: own ^ 0x10_0000)
        elif table == "syscalls" and name in ledger.syscalls:
            found[row.fact] = (f"syscalls.{name}.number", lambda own: own + 2000)
    return found


def special(port: str) -> dict[str, tuple[str, Any]]:
    """Facts that only one of the ledgers has."""
    if port == LINUX:
        return {
            "directory.form": ("directory.name", 18),
            "syscalls.getrandom.limit": ("syscalls.getrandom.limit", _limit(512)),
        }
    return {
        "abi.clobbers": ("abi.clobbers", lambda own: [name for name in own if name != "xmm5"]),
        "entry.registers": ("entry.registers", "zero"),
        "memory.buffer-limit": ("memory.buffer_limit", 0x2000_0000),
        "directory.form": ("directory", _records()),
        "syscalls.getrandom.limit": ("syscalls.getrandom.limit", _limit(512)),
    }


def _limit(most: int) -> Any:
    from portwright.describe.ledger import Limit

    return Limit.model_validate({"argument": "length", "at-most": most})


def _records() -> Any:
    return ports.load(LINUX).ledger.directory


# What is no fact of a ledger but the meaning of an operation, or shows only on another system: the report is changed.
WRONG_REPORTS: Mapping[str, tuple[str, str]] = {
    "abi.cpu": (r"begin x86-64", "begin m68k"),
    "abi.flags": (r"(flags close) 0x0", r"\1 0x41"),
    "abi.clobbers": (r"(destroyed read 3) rcx", r"\1 rbx rcx"),
    "entry.registers": (r"entry register rdx \S+", "entry register rdx 0x5"),
    "memory.fresh": (r"(memory zero-again) 1", r"\1 0"),
    "map_memory, unmap_memory": (r"(memory unmap-inside) \S+", r"\1 0"),
    "set_break": (r"(break \S+ \S+) 1", r"\1 0"),
    "clocks.monotonic goes on": (r"(clock monotonic 1 \S+ \S+) \d+", r"\1 0"),
    "clocks.realtime goes on": (r"(clock realtime 0 \S+ \S+) \d+", r"\1 0"),
    "sleep": (r"(sleep 20000000 0) \d+", r"\1 19999999"),
    "yield_now": (r"yield 0", "yield -22"),
    "process_id": (r"process (\d+) \d+", r"process \1 1"),
    "futex_wait, other": (r"futex other \S+", "futex other 0"),
    "futex_wait, timeout": (r"(futex timeout \S+) \d+", r"\1 14999999"),
    "futex_wake": (r"futex wake 0", "futex wake 1"),
    "fill_random": (r"(random 2048 \d+) \d+", r"\1 2000"),
    "read_directory, end": (r"(directory after-end) 0", r"\1 -22"),
    "read_directory, short room": (r"(directory short-room) \S+", r"\1 0"),
    "create_directory": (r"(file folder) 0", r"\1 -17"),
    "change_directory": (r"(file change-directory) 1", r"\1 0"),
    "read, at the end": (r"(file read-at-end) 0", r"\1 1"),
    "set_length": (r"(file set-length 0) \d+", r"\1 4661"),
    "rename, over a file": (r"(file rename-over 0) 1", r"\1 0"),
    "current_directory": (r"(file directory-name) \S+", r"\1 1"),
}


@pytest.mark.parametrize("port", REPORTS)
def test_a_wrong_ledger_is_caught_in_every_row_and_in_no_other(port: str) -> None:
    """One mutation for each row that there is: exactly that row differs."""
    right = ledger_of(port)
    wrong = {**wrong_ledgers(port), **special(port)}
    said = {row.fact for row in rows(port) if row.agreement != "not-reported"}
    for fact, (place, value) in wrong.items():
        if fact not in said:
            continue
        ledger = changed(right, place, value)
        assert ledger != right, fact
        differing = [row.fact for row in rows(port, ledger) if row.agreement == "differs"]
        assert differing == [fact], (fact, place)
    for fact, (pattern, replacement) in WRONG_REPORTS.items():
        if fact not in said or fact in special(port):
            continue
        printed, count = re.subn(pattern, replacement, text(port).decode())
        assert count >= 1, fact
        ledger = changed(right, "entry.registers", "zero") if fact == "entry.registers" else right
        differing = [row.fact for row in rows(port, ledger, printed.encode()) if row.agreement == "differs"]
        assert differing == [fact], fact
    untried = said - set(wrong) - set(WRONG_REPORTS)
    assert untried == set(), "a row that no mutation tries"


@pytest.mark.parametrize(
    ("port", "fact", "place", "value", "change"),
    [
        (VERIDIAN, "errors.ENOENT", "errors.ENOENT", 2, "ENOENT = 4"),
        (VERIDIAN, "abi.clobbers", "abi.clobbers", ["rcx"], '"xmm15"]'),
        (
            VERIDIAN,
            "entry.stack",
            "entry.stack",
            ["argv"],
            '["argc", "argv", "null", "envp", "null", "strings"]',
        ),
        (VERIDIAN, "constants.O_CREAT", "constants.O_CREAT", 0x200_0000, "O_CREAT = 0x40"),
        (VERIDIAN, "constants.O_EXCL", "syscalls.open.ignores", [], 'ignores = ["O_EXCL"]'),
        (VERIDIAN, "memory.write-execute", "memory.write_execute", "allowed", 'write-execute = "refused"'),
        (VERIDIAN, "clocks.realtime.epoch", "clocks.realtime.epoch", "unix", 'epoch = "boot"'),
        (VERIDIAN, "clocks.monotonic.resolution", "clocks.monotonic.resolution", 1, "resolution = 1000000"),
        (VERIDIAN, "syscalls.read", "syscalls.read.number", 3, "read = { number = 52"),
        (VERIDIAN, "syscalls.getrandom.limit", "syscalls.getrandom.limit", None, "at-most = 256"),
        (LINUX, "types.stat.size", "types.stat.size", 128, "[types.stat] size = 144"),
        (LINUX, "types.stat.st_size", "types.stat.fields.st_size.offset", 40, "{ offset = 48, size = 8 }"),
        (LINUX, "abi.arguments", "abi.arguments", ["rdi"], '["rdi", "rsi", "rdx", "r10", "r8", "r9"]'),
        (LINUX, "entry.stack", "entry.stack", ["argc"], '"null", "auxv", "strings"]'),
        (LINUX, "entry.thread-pointer", "entry.thread_pointer.at_entry", "tls", 'at-entry = "zero"'),
        (LINUX, "directory.types", "directory.types", {"file": 1}, "file = 8, directory = 4"),
    ],
)
def test_a_difference_says_what_to_change(port: str, fact: str, place: str, value: Any, change: str) -> None:
    found = {row.fact: row for row in rows(port, changed(ledger_of(port), place, value))}
    assert found[fact].agreement == "differs" and change in found[fact].change


def test_a_report_is_found_in_what_a_console_shows() -> None:
    noise = b"\x1b[0mbooting...\r\nkernel: " + text(VERIDIAN).replace(b"\n", b"\r\n") + b"\r\nlogin: "
    assert probe_report.read(noise).lines == probe_report.read(text(VERIDIAN)).lines


def test_a_report_that_stops_is_not_taken_for_a_whole_one() -> None:
    """What was not reported is said so, row by row."""
    lines = text(VERIDIAN).splitlines(keepends=True)
    at = next(index for index, line in enumerate(lines) if b"trying vectors" in line)
    printed = b"".join(lines[: at + 1])
    report = probe_report.read(printed)
    assert not report.complete and report.tried_last == "vectors"
    assert not probe_report.read(b"".join(lines[:20] + lines[21:])).complete
    late = [row.fact for row in rows(VERIDIAN, printed=printed) if row.agreement == "not-reported"]
    assert "entry.thread-pointer" in late
    assert {row.agreement for row in rows(VERIDIAN, printed=lines[0])} == {"agrees", "not-reported"}


@pytest.mark.parametrize("port", REPORTS)
def test_a_damaged_report_gives_rows_and_no_defect(port: str) -> None:
    """Every line cut short, doubled, or with another number."""
    whole = text(port).decode().splitlines()
    for index in range(0, len(whole), 7):
        words = whole[index].split()
        for other in (
            words[:3],
            words[:2],
            [*words, "x"],
            ["absent" if w.lstrip("-").isdecimal() else w for w in words],
        ):
            printed = "\n".join([*whole[:index], " ".join(other), *whole[index + 1 :], ""])
            assert rows(port, printed=printed.encode())
