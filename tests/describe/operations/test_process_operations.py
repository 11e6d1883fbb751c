"""What the operations on processes, pipes, descriptors and signals are given, in the vocabulary's order."""

from __future__ import annotations

import pytest

from portwright.describe.operation import operation

SIGNATURES = {
    "create_pipe": "fds flags?",
    "descriptor_flags": "fd",
    "duplicate": "fd",
    "duplicate_to": "fd target flags?",
    "execute": "path arguments environment",
    "fork": "",
    "kill": "process signal",
    "poll": "fds count timeout?",
    "set_descriptor_flags": "fd flags",
    "set_status_flags": "fd flags",
    "signal_action": "signal action old? length?",
    "spawn": "path arguments environment directory? stdin? stdout? stderr?",
    "status_flags": "fd",
    "wait": "process status options?",
}


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_signature(name: str) -> None:
    """`?` marks what a call may leave out and still mean the operation."""
    shown = (f"{one.name}{'?' if one.optional else ''}" for one in operation(name).arguments)
    assert " ".join(shown) == SIGNATURES[name]


def test_what_may_be_null() -> None:
    """A wait without a deadline, no directory to change to, no place for the action that was."""
    for name, argument in (("poll", "timeout"), ("spawn", "directory"), ("signal_action", "old")):
        assert operation(name).argument(argument).nullable
    assert not operation("execute").argument("environment").nullable
