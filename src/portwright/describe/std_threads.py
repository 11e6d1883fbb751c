"""How std's threads work with a ledger: which call starts one, how it ends, or that there can be none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from portwright.describe import std_needs
from portwright.describe.ledger import Ledger
from portwright.describe.operation import operation

START = ("thread_clone", "thread_create")
EXIT = "thread_exit"


def usable(ledger: Ledger, name: str) -> bool:
    """Whether std's layer can make a call that means the operation."""
    offered = ledger.offers.get(name)
    return (
        offered is not None and offered[1].number is not None and not std_needs.lacks(ledger, operation(name))
    )


@dataclass(frozen=True, slots=True)
class Threads:
    """How a ledger's threads begin and end.

    `start` is the operation that begins one, `takes_pointer` whether it is given the new thread's pointer. `end`
    says how others learn that a thread uses its memory no more: the kernel clears a word of it (`cleared`), a
    call waits for it (`joined`), or it clears the word itself with its last instruction but one (`own`).
    """

    start: str
    takes_pointer: bool
    end: Literal["cleared", "joined", "own"]


def threads(ledger: Ledger) -> Threads | None:
    """How std's threads work with a ledger; None where they cannot: each needs variables of its own and an end."""
    start = next((name for name in START if usable(ledger, name)), None)
    if start is None or not usable(ledger, EXIT) or not std_needs.thread_pointer(ledger):
        return None
    _, call = ledger.offers[start]
    given = std_needs.passed(call, operation(start))
    takes_pointer = "thread_pointer" in given
    register = ledger.entry.thread_pointer.through == "register"
    if not takes_pointer and not register and not usable(ledger, "set_thread_pointer"):
        return None
    chosen = "flags" in given and ledger.constant("CLONE_CHILD_CLEARTID", call) is not None
    if "child_tid" in given and chosen:
        return Threads(start, takes_pointer, "cleared")
    return Threads(start, takes_pointer, "joined" if usable(ledger, "thread_join") else "own")
