"""Hunt for wrong code of a port's code generator: many small programs, at every level and CPU, held against this machine.

Programs written by hand and programs made from a seed run under QEMU's user emulation (or on this CPU) and, the same
code, in the port's userland machine, many per binary. One that differs is built alone, and LLVM's passes are left out
one by one until the one is found that makes the difference; with --output a report of each is written. A compiler that
crashes is a finding too. --stock asks LLVM alone, under QEMU alone: without portwright's errata, and with LLVM's own
assembler.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from portwright.base.errors import Fault, PortwrightError, Where, fail
from portwright.base.events import Advanced, Begun, Ended, Event, Note
from portwright.base.files import temporary_folder, write_atomic
from portwright.build import goals, hunt_machine, hunt_narrowing, hunting
from portwright.build.hunting import Hunt, Variant
from portwright.derive import hunt_programs
from portwright.derive.hunt_programs import Written
from portwright.describe import port as ports
from portwright.describe.port import Port
from portwright.jobs import Arg
from portwright.judge import code_hunt
from portwright.judge.code_hunt import Row
from portwright.run import machine
from portwright.run.events import Exited
from portwright.run.limits import Limits
from portwright.run.options import Options

VERB = "codegen"
LEVELS = ("0", "1", "2", "3", "s", "z")
QUICK_LEVELS, QUICK_MADE = ("2",), 20


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright codegen` can be told."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    level: Annotated[tuple[str, ...], Arg("Only this opt-level (repeatable).", choices=LEVELS)] = ()
    cpu: Annotated[tuple[str, ...], Arg("This CPU (repeatable); the port's without one.", metavar="CPU")] = ()
    made: Annotated[int, Arg("How many programs to make from the seed.", metavar="N")] = 500
    seed: Annotated[int, Arg("The seed of those.", metavar="N")] = 1
    only: Annotated[tuple[str, ...], Arg("Only this program (repeatable).", metavar="NAME")] = ()
    quick: Annotated[bool, Arg("A sample: opt-level 2, the programs by hand and 20 others.")] = False
    stock: Annotated[bool, Arg("LLVM alone: no errata, its own assembler.")] = False
    output: Annotated[Path | None, Arg("Write a report of each difference into DIR.", metavar="DIR")] = None


@dataclass(frozen=True, slots=True)
class Result:
    """One row per level and CPU."""

    port: str
    compiler: str
    rows: tuple[Row, ...]
    reports: tuple[Path, ...] = ()

    @property
    def status(self) -> int:
        """0: every program was right everywhere."""
        return int(any(row.right < row.programs for row in self.rows))


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Hunt."""
    port = ports.load(arguments.port)
    programs = _programs(arguments)
    built = yield from goals.build(port, "sysroot")
    own = hunting.settings_of(built)
    arch = str(own["arch"]) if own is not None else port.target.split("-")[0]
    compiler = f"rustc {built.toolchain.version}, LLVM {built.toolchain.llvm_version}"
    yield Begun("this machine")
    began = time.monotonic()
    expected = hunting.expected(built.toolchain, programs)
    yield Ended("this machine", f"{len(expected)} results", time.monotonic() - began)
    levels = arguments.level or (QUICK_LEVELS if arguments.quick else LEVELS)
    rows: list[Row] = []
    reports: list[Path] = []
    with temporary_folder("portwright-hunt-") as folder:
        unfit = hunt_machine.unfit(port, arch)
        if unfit is not None:
            yield Note(f"nothing runs in the userland machine of {port.target}: {unfit}", "warning")
        hunt = Hunt(port, built, folder, arch, own, None if unfit else _machine(port, arch, own))
        for level in levels:
            for cpu in arguments.cpu or ("",):
                variant = Variant(level, cpu, ("*",) if arguments.stock else ())
                row = yield from _row(hunt, programs, variant, expected, narrow=not arguments.stock)
                rows.append(row)
                reports += _reports(arguments, row, programs, compiler, port.target)
    return Result(port.target, compiler, tuple(rows), tuple(reports))


def _machine(port: Port, arch: str, own: Mapping[str, Any] | None) -> hunting.Machine:
    """The port's userland machine, to run a hunt's binaries in."""
    output = str(own["output"]) if own is not None else "elf"

    def of(binary: Path) -> hunting.Execute:
        program = binary.with_suffix(".port")
        write_atomic(program, hunt_machine.converted(binary.read_bytes(), port, arch, output), mode=0o755)

        def execute(past: int, seconds: float) -> tuple[int, bytes]:
            limits = Limits(seconds=seconds)
            options = Options(arguments=("x",) * past, kind=True, seed=1, capture=True, limits=limits)
            outcome = machine.run_program(port, program, options)
            end = outcome.end
            if isinstance(end, Exited):
                return end.status, outcome.stdout
            if end.signal == signal.SIGINT:
                raise KeyboardInterrupt
            if end.signal == signal.SIGKILL:  # the engine's own end, or a limit: nothing of the program's
                raise PortwrightError([Fault(end.report.what, Where(program), None, "hunt/machine")])
            return -9 if end.signal == signal.SIGXCPU else -end.signal, outcome.stdout

        return execute

    return of


def _programs(arguments: Arguments) -> list[Written]:
    made = QUICK_MADE if arguments.quick else arguments.made
    if made < 0:
        raise fail(f"{made} programs cannot be made", None, "--made takes a number from 0", "hunt/count")
    programs = [*hunting.written(), *hunt_programs.programs(arguments.seed, made)]
    unknown = set(arguments.only) - {each.name for each in programs}
    if unknown:
        hint = "made_N is the program N of the seed; the others are in ports/hunts/written.rs"
        raise fail(f"no program {', '.join(sorted(unknown))}", None, hint, "hunt/program")
    return [each for each in programs if not arguments.only or each.name in arguments.only]


def _row(
    hunt: Hunt, programs: Sequence[Written], variant: Variant, expected: dict[str, int], *, narrow: bool
) -> Generator[Event, None, Row]:
    part = f"opt-level {variant.level} {variant.cpu}".rstrip()
    began = time.monotonic()
    yield Begun(part, len(programs))
    seen = hunt.results(programs, variant)
    found = code_hunt.differences(variant.level, variant.cpu, expected, seen)
    named = {each.name: each for each in programs}
    if narrow:
        causes = []
        for each in found:
            yield Advanced(part, len(seen), each.program)
            cause = hunt_narrowing.cause(hunt, named[each.program], variant, expected[each.program])
            causes.append(replace(each, cause=cause))
        found = tuple(causes)
    right = len(seen) - len(found)
    yield Ended(part, f"{right} of {len(seen)} right", time.monotonic() - began)
    return Row(variant.level, variant.cpu, len(seen), right, time.monotonic() - began, found)


def _reports(
    arguments: Arguments, row: Row, programs: Sequence[Written], compiler: str, target: str
) -> list[Path]:
    if arguments.output is None:
        return []
    texts = {each.name: each.text or hunting.by_hand(each.name) for each in programs}
    paths = []
    for each in row.differences:
        path = arguments.output / f"{each.program}-O{each.level}{each.cpu and '-' + each.cpu}.md"
        write_atomic(path, code_hunt.report(each, texts[each.program], compiler, target))
        paths.append(path)
    return paths
