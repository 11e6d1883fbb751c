"""The job `codegen`: a hunt, judged; and what it says of what differs."""

from __future__ import annotations

import pytest

from port_copies import quick
from portwright.base.errors import BadInput
from portwright.base.events import outcome
from portwright.jobs import codegen
from portwright.judge import code_hunt


def test_what_differs_is_told_from_what_is_right() -> None:
    found = code_hunt.differences("2", "M68020", {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5, "c": "hangs"})
    assert [(each.program, each.seen) for each in found] == [("b", "0x0000000000000005"), ("c", "hangs")]
    text = code_hunt.report(found[0], "fn b(h: &mut H) {}", "rustc 1, LLVM 2", "m68k-x-y")
    assert "# Wrong code: b at opt-level 2 for M68020" in text and "fn b(h: &mut H)" in text


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(BadInput, match="no program nonsense"):
        outcome(codegen.run(codegen.Arguments("x86_64-portwright-linux", only=("nonsense",))))


@pytest.mark.toolchain
def test_nothing_is_wrong_on_this_machines_own_cpu(toolchain: object) -> None:
    result = outcome(codegen.run(codegen.Arguments(str(quick("x86_64-portwright-linux")), quick=True)))
    assert result.status == 0 and [row.right for row in result.rows] == [row.programs for row in result.rows]


@pytest.mark.e2e
@pytest.mark.parametrize("cpu", ["M68020", "M68040"])
def test_m68k_at_every_level(cpu: str, toolchain: object) -> None:
    result = outcome(codegen.run(codegen.Arguments("m68k-next-nextstep", cpu=(cpu,))))
    assert not [each for row in result.rows for each in row.differences]
