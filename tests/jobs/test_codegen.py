"""The job `codegen`: a hunt, judged; and what it says of what differs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import pytest

from port_copies import quick
from portwright.base.errors import BadInput
from portwright.base.events import outcome
from portwright.build import hunt_machine, hunt_narrowing, hunting
from portwright.describe import port as ports
from portwright.jobs import codegen
from portwright.judge import code_hunt
from portwright.run import machine
from portwright.run.events import Exited


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


def test_both_emulators_must_come_to_the_same() -> None:
    assert hunting.together(7, 7) == 7 and hunting.together("hangs", "hangs") == "hangs"
    said = hunting.together(7, "crashes: signal 11")
    assert said == "0x0000000000000007, and in the userland machine crashes: signal 11"
    (found,) = code_hunt.differences("2", "", {"a": 7}, {"a": said})
    assert found.seen == said


@pytest.mark.toolchain
@pytest.mark.parametrize("port", ["m68k-next-nextstep", "x86_64-portwright-linux"])
def test_the_same_code_runs_in_the_userland_machine(
    port: str, toolchain: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what it comes to there counts: here one of them is changed on its way out."""
    needed = (
        ("llc-22", "m68k-linux-gnu-as", "m68k-linux-gnu-ld", "qemu-m68k") if port.startswith("m68k") else ()
    )
    for tool in needed:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    run, ran = machine.run_program, []

    def other(*words: Any, **others: Any) -> Any:
        outcome = run(*words, **others)
        ran.append(outcome.end)
        return replace(
            outcome, stdout=outcome.stdout[:8] + bytes([outcome.stdout[8] ^ 1]) + outcome.stdout[9:]
        )

    monkeypatch.setattr(machine, "run_program", other)
    names = [each.name for each in hunting.written()][:3]
    folder = port if needed else str(quick(port))
    arguments = codegen.Arguments(folder, level=("2",), made=0, only=tuple(names), stock=False)
    monkeypatch.setattr(hunt_narrowing, "cause", lambda *_: "not asked")
    (row,) = outcome(codegen.run(arguments)).rows
    assert ran == [Exited(0)]
    assert [(each.program, "userland machine" in each.seen) for each in row.differences] == [(names[1], True)]


def test_an_os_whose_calls_are_others_is_told() -> None:
    assert hunt_machine.unfit(ports.load("m68k-next-nextstep"), "m68k") is None
    assert hunt_machine.unfit(ports.load("aarch64-portwright-linux"), "aarch64") is None
    said = hunt_machine.unfit(ports.load("x86_64-unknown-veridian"), "x86_64")
    assert said == "its `write` and `exit` have not the numbers 1 and 60"


@pytest.mark.e2e
@pytest.mark.parametrize("cpu", ["M68020", "M68040"])
def test_m68k_at_every_level(cpu: str, toolchain: object) -> None:
    result = outcome(codegen.run(codegen.Arguments("m68k-next-nextstep", cpu=(cpu,))))
    assert not [each for row in result.rows for each in row.differences]
