"""Every bundled program says and does the same on every engine, hostile and kind: output, status and trace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from portwright.build import goals
from portwright.describe import port as ports
from portwright.describe.port import Port, Program
from portwright.run import engine as engines
from portwright.run import machine
from portwright.run.engine import Setup
from portwright.run.events import Outcome
from portwright.run.limits import Limits
from portwright.run.options import Options

PORT = ports.load("x86_64-unknown-veridian")
PROGRAMS = [program.name for program in PORT.manifest.program]

pytestmark = pytest.mark.toolchain


@pytest.fixture(scope="module")
def binaries(toolchain) -> Mapping[str, tuple[Path, ...]]:
    """All bundled programs, built."""
    work = goals.build(PORT, "programs")
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value.programs


def run(port: Port, program: Program, binary: Path, engine: str, *, kind: bool, seed: int) -> Outcome:
    options = Options(
        arguments=tuple(program.arguments),
        name=program.name,
        environment=program.environment,
        files={path: text.encode() for path, text in program.files.items()},
        stdin=program.stdin.encode(),
        capture=True,
        calls=True,
        clock="virtual",
        engine=engine,
        kind=kind,
        seed=seed,
        limits=Limits(seconds=300),
    )
    return machine.run_program(port, binary, options)


def trace(outcome: Outcome) -> list[object]:
    """The calls without what differs from one root folder to the next: the host's inodes and times."""
    rows: list[object] = []
    for call in outcome.calls:
        arguments = tuple(text for name, text in call.arguments if name != "status")
        rows.append((call.name, arguments, call.result, call.error))
    return rows


@pytest.mark.parametrize("kind", [False, True], ids=["hostile", "kind"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_native_and_unicorn_agree(binaries: Mapping[str, tuple[Path, ...]], name: str, kind: bool) -> None:
    for engine in ("native", "unicorn"):
        if (reason := engines.serves(engine, Setup("x86-64", "syscall"))) is not None:
            pytest.skip(f"{engine} engine: {reason}")
    program = PORT.program(name)
    assert program is not None
    native, unicorn = (
        run(PORT, program, binaries[name][0], engine, kind=kind, seed=11) for engine in ("native", "unicorn")
    )
    assert (native.stdout, native.stderr, native.end) == (unicorn.stdout, unicorn.stderr, unicorn.end)
    assert trace(native) == trace(unicorn)
    assert native.status == program.expect.exit
    if program.expect.stdout is not None:
        assert native.stdout.decode() == program.expect.stdout


@pytest.mark.parametrize("seed", range(1, 6))
def test_no_seed_is_too_hostile_for_right_programs(
    binaries: Mapping[str, tuple[Path, ...]], seed: int
) -> None:
    if (reason := engines.serves("native", Setup("x86-64", "syscall"))) is not None:
        pytest.skip(f"native engine: {reason}")
    for name in ("files", "stdin", "args-env", "collections"):
        program = PORT.program(name)
        assert program is not None
        outcome = run(PORT, program, binaries[name][0], "native", kind=False, seed=seed)
        assert outcome.status == program.expect.exit, outcome.stderr.decode()
        if program.expect.stdout is not None:
            assert outcome.stdout.decode() == program.expect.stdout
