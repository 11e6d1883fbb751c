"""How std's threads begin and end, as a ledger's calls decide it."""

from __future__ import annotations

from typing import Any

import pytest

from portwright.describe import port as ports
from portwright.describe.ledger import Ledger
from portwright.describe.std_threads import Threads, threads

LINUX = ports.load("x86_64-portwright-linux").ledger
CREATED = {
    "thread_create": ["entry", "stack", "argument", "thread_pointer"],
    "thread_exit": ["status"],
    "thread_join": ["thread"],
}


def ledger(**meanings: list[Any] | None) -> Ledger:
    """Linux's ledger with the calls of these operations, and their arguments, in place of its own for threads."""
    tables = LINUX.model_dump(by_alias=True, exclude_none=True)
    for call in tables["syscalls"].values():
        if str(call.get("operation")).startswith("thread_"):
            del call["operation"]
    for index, (meaning, arguments) in enumerate(meanings.items()):
        if arguments is not None:
            tables["syscalls"][f"own_{meaning}"] = {
                "number": 5000 + index,
                "operation": meaning,
                "arguments": arguments,
            }
    return Ledger.model_validate(tables)


def test_linux_clones_and_clears_a_word() -> None:
    assert threads(LINUX) == Threads("thread_clone", True, "cleared")
    assert threads(ports.load("aarch64-portwright-linux").ledger) == Threads("thread_clone", True, "cleared")


def test_created_threads_are_joined_or_say_themselves_that_they_are_gone() -> None:
    assert threads(ledger(**CREATED)) == Threads("thread_create", True, "joined")
    assert threads(ledger(**{**CREATED, "thread_join": None})) == Threads("thread_create", True, "own")


def test_a_clone_that_is_given_no_word_to_clear() -> None:
    arguments = ["flags", "stack", {"value": 0}, {"value": 0}, "thread_pointer"]
    assert threads(ledger(thread_clone=arguments, thread_exit=[])) == Threads("thread_clone", True, "own")


def test_a_thread_that_sets_its_own_pointer() -> None:
    own = {**CREATED, "thread_create": ["entry", "stack", "argument"]}
    assert threads(ledger(**own)) == Threads("thread_create", False, "joined")
    without = ledger(**own).model_copy(deep=True)
    del without.syscalls["arch_prctl"]
    assert threads(without) is None


@pytest.mark.parametrize("missing", ["thread_create", "thread_exit"])
def test_no_threads_without_a_start_or_an_end(missing: str) -> None:
    assert threads(ledger(**{**CREATED, missing: None})) is None


def test_no_threads_where_the_kernel_starts_none() -> None:
    """VeridianOS has the calls, but the threads do not run: its ledger gives them no meaning."""
    assert threads(ports.load("x86_64-unknown-veridian").ledger) is None
