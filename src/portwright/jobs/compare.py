"""Run the same binary in the userland machine and on this machine's own kernel, and compare what it did.

For a port whose system calls are this kernel's. Compared are standard output and error, the exit status, and every
system call of every thread, without what is chance (addresses, numbers of processes, times, random bytes). The first
difference of each thread is shown: the machine is wrong there, or the ledger. Through an emulator (a CPU that is not
this machine's) the calls cannot be seen, and are not compared.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from portwright.base.errors import PortwrightError, fail
from portwright.base.events import Advanced, Begun, Ended, Event
from portwright.base.files import temporary_folder
from portwright.build import goals
from portwright.describe import port as ports
from portwright.describe.port import Port, Program
from portwright.jobs import Arg
from portwright.judge import call_traces
from portwright.judge.call_traces import Seen
from portwright.judge.verdict import Verdict, exit_status
from portwright.run import machine, on_kernel
from portwright.run.limits import Limits
from portwright.run.options import Options

VERB = "compare"
MOST_OUTPUT = 16 << 20


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright compare` can be told; options come before the port."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    program: Annotated[
        tuple[str, ...],
        Arg(
            "A program of the port, a binary, or a .rs file (else all programs).", positional=True, rest=True
        ),
    ] = ()
    engine: Annotated[str | None, Arg("The machine's engine: native or unicorn.", metavar="NAME")] = None
    seed: Annotated[int | None, Arg("Repeat the machine's choices of an earlier run.", metavar="N")] = None


@dataclass(frozen=True, slots=True)
class Row:
    """One program and the verdict; `calls` is how many were compared, on the kernel's side."""

    name: str
    verdict: Verdict
    calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """The programs of one comparison; `calls_compared` is false where an emulator hides the calls."""

    port: str
    engine: str
    seed: int
    calls_compared: bool
    rows: tuple[Row, ...]

    @property
    def status(self) -> int:
        """0: nothing differs; 1: something does; 2: something could not be run."""
        return exit_status([row.verdict for row in self.rows])


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Build the programs, run each twice, and compare."""
    port = ports.load(arguments.port)
    how = on_kernel.way(port)
    seed = machine.new_seed() if arguments.seed is None else arguments.seed
    options = Options(engine=arguments.engine, seed=seed, kind=True, capture=True, calls=how.direct)
    engine = machine.engine_name(port, options)
    chosen = yield from _binaries(port, arguments.program)
    yield Begun("compare", len(chosen))
    began, rows = time.monotonic(), []
    for program, binary in chosen:
        rows.append(_row(port, program, binary, options))
        yield Advanced("compare", len(rows), f"{program.name}: {rows[-1].verdict.outcome}")
    agreed = sum(row.verdict.passed for row in rows)
    yield Ended("compare", f"{agreed} of {len(rows)} agree", time.monotonic() - began)
    return Result(port.target, engine, seed, how.direct, tuple(rows))


def _binaries(port: Port, names: tuple[str, ...]) -> Generator[Event, None, list[tuple[Program, Path]]]:
    """Each program with its binary, built where it is a source."""
    own = [program for program in port.manifest.program if not names or program.name in names]
    found: dict[str, tuple[Program, Path]] = {}
    if own:
        built = yield from goals.build(port, "programs")
        found = {program.name: (program, built.programs[program.name][0]) for program in own}
    for name in names:
        path = Path(name)
        if name in found:
            continue
        if path.suffix == ".rs" and path.is_file():
            built = yield from goals.build_crate(port, path)
            path = next(iter(built.programs.values()))[0]
        elif not path.is_file():
            known = ", ".join(program.name for program in port.manifest.program) or "none"
            raise fail(f"there is no program `{name}`", None, f"the port's programs: {known}", "run/program")
        found[name] = (Program(name=path.name, path=str(path), expect=ports.Expect()), path)
    return list(found.values())


def _row(port: Port, program: Program, binary: Path, options: Options) -> Row:
    began = time.monotonic()
    try:
        machines, kernels = run_both(port, program, binary, options)
    except PortwrightError as error:
        return Row(program.name, Verdict("could-not-run", error.faults[0].what, str(error)))
    verdict = call_traces.judge(machines, kernels)
    return Row(program.name, verdict, len(kernels.calls), time.monotonic() - began)


def run_both(port: Port, program: Program, binary: Path, options: Options) -> tuple[Seen, Seen]:
    """The two runs, in folders that the program sees under the same paths."""
    options = replace(
        options,
        arguments=tuple(program.arguments),
        name=str(binary.resolve()),
        stdin=program.stdin.encode(),
        limits=Limits(seconds=program.seconds, output=MOST_OUTPUT),
    )
    with temporary_folder("portwright-compare-") as scratch:
        real = scratch / "real"
        guest = scratch / "guest"
        for place in (real, guest / real.relative_to("/")):
            for name in ("root", "tmp"):
                (place / name).mkdir(parents=True)
            for path, text in program.files.items():
                file = place / "root" / path.lstrip("/")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        for folder in (real, *real.parents[:-1]):  # whoever looks at the folders above sees the same
            (guest / folder.relative_to("/")).chmod(stat.S_IMODE(folder.stat().st_mode))
        environment = {"TMPDIR": f"{real}/tmp", **program.environment}
        below = replace(options, environment=environment, root=real / "root")
        above = replace(
            options, environment=environment, root=guest, cwd=f"{real}/root", at=str(binary.resolve())
        )
        one = machine.run_program(port, binary, above)
        other = on_kernel.run_on_kernel(port, binary, below)
    return tuple(Seen(each.status, each.stdout, each.stderr, each.calls) for each in (one, other))  # type: ignore[return-value]
