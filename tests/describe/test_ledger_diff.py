"""Two ledgers compared: the document's table of VeridianOS against the kernel's, and small changes one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portwright.describe import port as ports
from portwright.describe.ledger import Abi, Call, Ledger
from portwright.describe.ledger_diff import Difference, compare

NAMES = ("kernel", "document")


@pytest.fixture(scope="module")
def real() -> Ledger:
    """The kernel's."""
    return ports.load("x86_64-unknown-veridian").ledger


@pytest.fixture(scope="module")
def rows(real: Ledger) -> list[Difference]:
    """The kernel against the document."""
    return compare(real, ports.load("x86_64-unknown-veridian", "document").ledger, NAMES)[1]


def test_a_ledger_agrees_with_itself(real: Ledger) -> None:
    """No row, and every row counted."""
    agreeing, differences = compare(real, real, NAMES)
    assert differences == [] and agreeing > len(real.syscalls)


def test_all_15_calls_differ(rows: list[Difference]) -> None:
    """Matched by meaning although two have other names, each with both numbers."""
    both = [row for row in rows if row.section == "calls" and row.left and row.right]
    assert len(both) == 15
    assert all(row.left["number"] != row.right["number"] for row in both)
    said = {row.key: row.says for row in both}
    assert (
        said["munmap (unmap_memory)"] == "munmap (unmap_memory): number 21 in kernel, number 11 in document"
    )
    assert "exec / execve (execute)" in said and "wait / wait4 (wait)" in said
    assert "fd<<32|offset in kernel" in said["mmap (map_memory)"]


def test_what_a_number_means_in_each(rows: list[Difference]) -> None:
    """The numbers of the document that are other calls in the kernel."""
    says = [row.says for row in rows if row.section == "numbers"]
    assert "number 11 means exit in kernel, munmap in document" in says
    assert "number 61 means rmdir in kernel, wait4 in document" in says
    assert "number 228 means socketpair in kernel, clock_gettime in document" in says
    assert len(says) == 12


def test_the_other_tables(rows: list[Difference]) -> None:
    """Registers, clobbers, the thread pointer, errors, clocks."""
    said = {(row.section, row.key): row.says for row in rows}
    assert "r8 r9 in document" in said["abi", "arguments"] and "xmm15 in kernel" in said["abi", "clobbers"]
    assert said["errors", "ENOENT"] == "ENOENT: 4 in kernel, 2 in document"
    assert said["errors", "ELOOP"] == "ELOOP: only in kernel"
    assert said["clocks", "realtime"].startswith("realtime: epoch boot")
    assert ("entry", "thread-pointer") in said and ("types", "stat") in said


Change = Callable[[Ledger], Ledger]


def with_abi(ledger: Ledger, **changes: object) -> Ledger:
    """Another convention."""
    abi: Abi = ledger.abi.model_copy(update=changes)
    return ledger.model_copy(update={"abi": abi})


def with_call(ledger: Ledger, name: str, **changes: object) -> Ledger:
    """Another call."""
    call: Call = ledger.syscalls[name].model_copy(update=changes)
    return ledger.model_copy(update={"syscalls": dict(ledger.syscalls) | {name: call}})


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda ledger: with_abi(ledger, flags="destroyed"), "flags"),
        (lambda ledger: with_call(ledger, "read", number=500), "read"),
        (lambda ledger: with_call(ledger, "getrandom", limit=None), "getrandom (fill_random)"),
        (lambda ledger: with_call(ledger, "fcntl", aliases=[]), "fcntl"),
        (lambda ledger: ledger.model_copy(update={"directory": None}), "form"),
        (
            lambda ledger: ledger.model_copy(update={"constants": dict(ledger.constants) | {"O_EXCL": 9}}),
            "O_EXCL",
        ),
    ],
)
def test_one_change_is_one_row(real: Ledger, change: Change, key: str) -> None:
    """Nothing else is drawn in, whichever side the change is on."""
    for pair in ((real, change(real)), (change(real), real)):
        found = [row.key for row in compare(*pair, NAMES)[1]]
        assert key in found and len(found) <= 2, found


def test_words_are_no_difference(real: Ledger) -> None:
    """Notes, sources and reasons do not make another ABI."""
    other = with_call(
        with_abi(real, default_source="elsewhere", why={}), "read", note="!", source="x", kernel_name="R"
    )
    assert compare(real, other, NAMES)[1] == []
