"""What the operations on threads and futexes are given, and what is peculiar to each."""

from __future__ import annotations

import pytest

from portwright.describe.operation import operation, vocabulary

SIGNATURES = {
    "futex_wait": "word value timeout?",
    "futex_wake": "word count",
    "thread_affinity": "thread length mask",
    "thread_clone": "flags stack parent_tid? child_tid? thread_pointer",
    "thread_create": "entry stack argument thread_pointer?",
    "thread_exit": "status?",
    "thread_id": "",
    "thread_join": "thread result?",
    "thread_name": "name",
}


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_signature(name: str) -> None:
    """`?` marks what a call may leave out and still mean the operation."""
    shown = (f"{one.name}{'?' if one.optional else ''}" for one in operation(name).arguments)
    assert " ".join(shown) == SIGNATURES[name]
    assert operation(name).family == "threads"


def test_only_a_cloned_thread_comes_back_from_the_call_that_made_it() -> None:
    assert [name for name, each in vocabulary().items() if each.returns_twice] == ["thread_clone"]
    assert operation("thread_exit").result == "never"


def test_a_futex_that_changed_settles_the_wait() -> None:
    """Nobody would wake who slept now; and without a timeout a wait has no end of its own."""
    assert operation("futex_wait").settled == ("EAGAIN",)
    assert operation("futex_wait").argument("timeout").nullable
