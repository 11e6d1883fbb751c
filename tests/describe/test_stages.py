"""describe/stages: what a stage promises is true, on a ledger that has its operations and no more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import pytest
import tomlkit

from port_copies import one_at_a_time, quick
from portwright.base.events import outcome
from portwright.base.files import cache_root, lock, write_atomic
from portwright.build import goals
from portwright.describe import port as ports
from portwright.describe import stages
from portwright.describe.operation import vocabulary
from portwright.describe.port import Port
from portwright.describe.stages import STAGES, Stage
from portwright.describe.toolchain import Toolchain
from portwright.run import machine
from portwright.run.events import Exited, Outcome
from portwright.run.options import Options

PORT = "x86_64-portwright-linux"
PROGRAM = Path(__file__).with_name("stages.rs")
NAMES = [stage.name for stage in STAGES]
QUICK = "files"
Value = TypeVar("Value")


def test_every_operation_is_in_one_stage() -> None:
    """A new operation is not there until a porter is told when to write it."""
    told = [name for stage in STAGES for name in stage.operations]
    assert sorted(told) == sorted(vocabulary())


def test_the_programs_stages_are_these() -> None:
    """The program has a part for each."""
    source = PROGRAM.read_text()
    assert all(f'"{name}" =>' in source for name in NAMES)


def offering(allowed: set[str]) -> Port:
    """Linux's port whose ledger gives a meaning only to some operations; always in the same folder, whose std is
    then only brought up to date."""
    folder = cache_root() / "stages" / PORT
    source = quick(PORT)
    document: Any = tomlkit.parse((source / "abi.toml").read_text())
    for call in document["syscalls"].values():
        if call.get("operation") not in allowed:
            call.pop("operation", None)
    manifest: Any = tomlkit.parse((source / "port.toml").read_text())
    for table in ("program", "programs"):
        manifest.pop(table, None)
    write_atomic(folder / "abi.toml", tomlkit.dumps(document))
    write_atomic(folder / "port.toml", tomlkit.dumps(manifest))
    return ports.load(str(folder))


def first_of_each(chosen: tuple[Stage, ...]) -> set[str]:
    """What the stages need and no more: of alternatives the one that Linux has."""
    known = {call.operation for call in ports.load(PORT).ledger.syscalls.values()}
    return {next(name for name in row if name in known) for stage in chosen for row in stage.needs}


def run(port: Port, program: Path, part: str) -> Outcome:
    """One part of the program, on the userland machine."""
    options = Options(arguments=(part,), stdin=b"a line\n", capture=True, kind=True, seed=1)
    return machine.run_program(port, program, options)


def hold(name: str) -> None:
    """Build std and the program with the operations up to a stage; all parts up to it pass, the next does not."""
    with lock(cache_root() / "stages" / ".lock"):
        port = offering(first_of_each(stages.up_to(name)))
        with one_at_a_time(port):
            built = outcome(goals.build_crate(port, PROGRAM))
        (program,) = built.programs["stages"]
        program = program.rename(program.with_name(f"stages-{os.getpid()}"))
    try:
        for stage in stages.up_to(name):
            ended = run(port, program, stage.name)
            assert ended.end == Exited(0), (stage.name, ended.end, ended.stderr, ended.reports)
            assert ended.stdout.endswith(f"{stage.name} works\n".encode())
        for following in STAGES[NAMES.index(name) + 1 :][:1]:
            ended = run(port, program, following.name)
            assert ended.end != Exited(0), f"{following.name} needs less than it says"
    finally:
        program.unlink()


@pytest.mark.toolchain
def test_a_kernel_with_the_first_operations(toolchain: Toolchain) -> None:
    """Hello, tools and files on what these need; directories need more."""
    hold(QUICK)


@pytest.mark.e2e
@pytest.mark.toolchain
@pytest.mark.parametrize("name", [name for name in NAMES if name != QUICK])
def test_a_kernel_with_more_of_them(name: str, toolchain: Toolchain) -> None:
    """Every other stage."""
    hold(name)
