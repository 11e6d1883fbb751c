"""The bundled ledgers of VeridianOS: what the facts say of the real kernel is in them, and nothing that is not."""

from __future__ import annotations

import pytest

from portwright.describe import ledger as ledgers
from portwright.describe import ledger_check
from portwright.describe import port as ports
from portwright.describe.ledger import ErrorNumber, Ledger, Packed

NAME = "x86_64-unknown-veridian"


@pytest.fixture(scope="module")
def real() -> Ledger:
    """The real kernel's."""
    return ports.load(NAME).ledger


@pytest.fixture(scope="module")
def document() -> Ledger:
    """The porting document's."""
    return ports.load(NAME, "document").ledger


@pytest.mark.parametrize("variant", [None, "document"])
def test_the_bundled_ledgers_have_no_fault(variant: str | None) -> None:
    """No error and no warning: what would be one is said in the ledger as data."""
    port = ports.load(NAME, variant)
    assert ledger_check.check(port.ledger, port.ledger_places) == []


def test_the_real_numbers(real: Ledger) -> None:
    """A sample over the whole table, aliases too."""
    expected = {
        0: "ipc_send",
        10: "yield",
        11: "exit",
        20: "mmap",
        23: "brk",
        50: "open",
        53: "write",
        63: "readdir",
        65: "pipe2",
        112: "ioctl",
        154: "rename",
        160: "clock_gettime",
        201: "futex_wait",
        203: "arch_prctl",
        270: "setpgid",
        176: "setpgid",
        293: "lstat",
        310: "clone",
        311: "futex",
        330: "getrandom",
        340: "getdents64",
        354: "clock_nanosleep",
    }
    assert {number: real.numbers[number][0] for number in expected} == expected
    assert len(real.numbers) == 207
    assert all(len(call.kernel_aliases) == len(call.aliases) for call in real.syscalls.values())


def test_the_real_peculiarities_are_data(real: Ledger) -> None:
    """Six arguments in five registers, vector registers, no auxv, private errors, two O_CLOEXEC, a limit."""
    assert len(real.abi.arguments) == 5 and "r9" not in real.abi.arguments
    assert {f"xmm{n}" for n in range(16)} <= set(real.abi.clobbers) and "clobbers" in real.abi.why
    assert not real.entry.auxv and real.entry.thread_pointer.at_entry == "zero"
    passed = real.syscalls["mmap"].arguments or []
    assert isinstance(passed[-1], Packed) and len(passed) == 5
    assert real.constant("O_CLOEXEC") == 0x80000
    assert real.constant("O_CLOEXEC", real.syscalls["pipe2"]) == 0x2000
    assert real.constant("O_CLOEXEC", real.syscalls["open"]) == 0x80000
    limit = real.syscalls["getrandom"].limit
    assert limit is not None and limit.at_most == 256
    assert real.clocks["realtime"].epoch == "boot"
    assert (real.error_number("ENOENT"), real.error_number("ENOTEMPTY"), real.error_number("EXDEV")) == (
        4,
        45,
        None,
    )
    assert real.types["stat"].size == 144 and real.types["epoll_event"].size == 16


def test_the_document_says_its_15_calls(document: Ledger) -> None:
    """The table as it stands there, and no operation that its calls do not mean."""
    table = (
        "read 0 write 1 open 2 close 3 mmap 9 munmap 11 dup2 33 clone 56 fork 57 execve 59 exit 60 wait4 61"
    )
    words = f"{table} futex 98 clock_gettime 228 pipe2 293".split()
    assert {name: call.number for name, call in document.syscalls.items()} == {
        name: int(number) for name, number in zip(words[::2], words[1::2], strict=True)
    }
    assert document.abi.clobbers == ["rcx", "r11"] and document.abi.arguments[-1] == "r9"
    assert {"write", "map_memory", "exit"} <= set(document.offers)
    assert not {"set_thread_pointer", "fill_random", "file_status", "seek"} & set(document.offers)


def test_errors_with_posix_names_have_what_posix_says(real: Ledger) -> None:
    """A described error needs its number only; a private one has its own kind and message."""
    found = real.errors["ENOENT"]
    assert isinstance(found, ErrorNumber)
    assert (found.kind, found.message) == ("NotFound", "No such file or directory")
    private = real.errors["NotImplemented"]
    assert isinstance(private, ErrorNumber) and private.kind == "Unsupported"


def test_offers_and_numbers_take_the_first(document: Ledger) -> None:
    """Where two calls mean one operation, the first in the file provides it."""
    calls = dict(document.syscalls) | {"write_again": document.syscalls["write"]}
    ledger = document.model_copy(update={"syscalls": calls})
    assert ledger.offers["write"][0] == "write" and ledger.numbers[1][0] == "write"


def test_paths_of_variants() -> None:
    """`abi.toml`, or `abi.VARIANT.toml`."""
    folder = ports.find(NAME)
    assert ledgers.ledger_path(folder).name == "abi.toml"
    assert ledgers.ledger_path(folder, "document").is_file()
