"""The fault executable-stack."""

from __future__ import annotations

from elf_maker import RW, RWX, make
from fault_case import found, one


def test_the_stack_may_be_executed() -> None:
    assert one("executable-stack", make(stack=RWX)).severity == "warning"


def test_it_may_not_or_nothing_is_said() -> None:
    assert not found("executable-stack", make(stack=RW))
    assert not found("executable-stack", make(stack=None))
