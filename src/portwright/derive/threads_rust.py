"""Rust source of what is peculiar to threads: how they begin and end with a ledger, and the traps of both."""

from __future__ import annotations

from portwright.derive.trap_rust import cloning_trap, leaving_trap
from portwright.describe import std_threads
from portwright.describe.cpu import cpu
from portwright.describe.ledger import Call, Fixed, Ledger
from portwright.describe.operation import vocabulary

TWICE = "trap_twice"
_ENTRY = "super::cpu::begin_thread"


def facts(ledger: Ledger) -> str:
    """Constants on threads, the trap that returns twice if there is one, and `leave`."""
    found = std_threads.threads(ledger)
    end = found.end if found is not None else "own"
    rows = [
        f"pub const THREADS: bool = {_said(found is not None)};\n",
        f"pub const THREADS_ARE_CLONED: bool = {_said(cloned(ledger))};\n",
        "/// Whether the call that starts a thread is given its thread pointer.\n",
        f"pub const THREAD_TAKES_POINTER: bool = {_said(found is not None and found.takes_pointer)};\n",
        f"pub const THREAD_END: ThreadEnd = ThreadEnd::{end.title()};\n",
    ]
    if found is not None and cloned(ledger):
        count = len(_passed(ledger, found.start))
        rows.append(cloning_trap(ledger, cpu(ledger.abi.cpu), count, f"{TWICE}{count}", _ENTRY))
    rows.append(_leave(ledger, std_threads.EXIT if found is not None and end == "own" else None))
    return "\n".join(rows)


def cloned(ledger: Ledger) -> bool:
    """Whether the call that starts a thread returns twice."""
    found = std_threads.threads(ledger)
    return found is not None and vocabulary()[found.start].returns_twice


def _said(value: bool) -> str:
    return str(value).lower()


def _passed(ledger: Ledger, operation: str) -> list[object]:
    _, call = ledger.offers[operation]
    return [*call.arguments] if call.arguments is not None else [*vocabulary()[operation].arguments]


def _leave(ledger: Ledger, operation: str | None) -> str:
    """The end of a thread that says itself that it is gone."""
    head = (
        "/// Clears the word, and ends the thread without another look at its stack.\n///\n/// # Safety\n///\n"
        "/// The word must be there until it is cleared.\npub unsafe fn leave(word: *mut u32) {\n"
    )
    if operation is None:
        return f"{head}}}\n"
    _, call = ledger.offers[operation]
    words = [str(_word(ledger, call, each)) for each in _passed(ledger, operation)]
    trap = leaving_trap(ledger, cpu(ledger.abi.cpu), len(words), "trap_leave")
    return (
        f"{trap}\n{head}    // SAFETY: the caller's promise.\n"
        f"    unsafe {{ trap_leave({', '.join(['word', str(call.number), *words])}) }};\n}}\n"
    )


def _word(ledger: Ledger, call: Call, passed: object) -> int:
    """What the call is given: what is always the same, and else 0: a status that nobody asks for."""
    if not isinstance(passed, Fixed):
        return 0
    if isinstance(passed.value, int):
        return passed.value
    bits = 0
    for word in passed.value.split("|"):
        bits |= ledger.constant(word.strip(), call) or 0
    return bits
