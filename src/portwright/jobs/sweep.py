"""Run a port's programs with every failure that their calls can have, one at a time, and judge how each run ends.

Every operation that a program really calls, with every error that the vocabulary names for it: the first, the middle
and the last such call, interruptions, short counts, the whole call missing. Right is: success, a failure that is
told, a panic, or an abort with a message; never a hang, a fall without a word, or lost data that was claimed.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from portwright.base.errors import Fault, raise_if
from portwright.base.events import Advanced, Begun, Ended, Event
from portwright.base.files import temporary_folder
from portwright.build import goals
from portwright.build.executor import Settings
from portwright.describe import port as ports
from portwright.describe.operation import vocabulary
from portwright.describe.port import Expect, Port, Program
from portwright.jobs import Arg
from portwright.judge import sweep as judge
from portwright.judge.sweep import Ending
from portwright.run import machine, sweep_cases
from portwright.run.events import Exited, Outcome
from portwright.run.fault_rule import Rule
from portwright.run.limits import Limits
from portwright.run.options import Options
from portwright.run.sweep_cases import Case

VERB = "sweep"
MOST_OUTPUT = 16 << 20
LONGEST_FILE = 64 << 20


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright sweep` can be told."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    program: Annotated[
        tuple[str, ...],
        Arg("Only this program of the port, or this .rs file or Cargo package (repeatable).", metavar="NAME"),
    ] = ()
    operation: Annotated[tuple[str, ...], Arg("Only this operation (repeatable).", metavar="NAME")] = ()
    sample: Annotated[int, Arg("Try only so many cases, chosen by the seed (0: all).", metavar="N")] = 0
    ledger: Annotated[str | None, Arg("The port's ledger of that name.", metavar="VARIANT")] = None
    engine: Annotated[
        str | None, Arg("The engine: native where the CPU is this machine's, else unicorn.", metavar="ENGINE")
    ] = None
    kind: Annotated[bool, Arg("Do not be hostile besides: no short reads that were not asked for.")] = False
    seed: Annotated[int, Arg("Whatever is chosen follows from this.", metavar="N")] = 1
    time: Annotated[float, Arg("A case that takes longer hangs.", metavar="SECONDS")] = 20.0
    jobs: Annotated[int, Arg("How many processors to use (0: all).", short="j", metavar="N")] = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One case: a program, a fault, and how the run ended."""

    program: str
    operation: str
    fault: str
    ending: Ending
    detail: str = ""
    evidence: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """All cases in order. `left_out`: programs that were not tried, with the reason. `cases` is how many there
    are, of which `rows` are those that were tried; `sources` of programs that are not the port's, by name."""

    port: str
    engine: str
    seed: int
    cases: int
    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    left_out: Mapping[str, str]
    seconds: float
    kind: bool = False
    ledger: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def bad(self) -> tuple[Row, ...]:
        """The cases that did not end as they should."""
        return tuple(row for row in self.rows if row.ending not in judge.GOOD)

    @property
    def status(self) -> int:
        """0: every case ended well; 1: some did not; 2: nothing could be tried, or a program not at all."""
        if any(row.ending not in (*judge.GOOD, "never-struck") for row in self.rows):
            return 1
        return 2 if self.left_out or not self.rows or self.bad else 0

    def command(self, row: Row) -> str:
        """What runs one case again."""
        options = f"--seed {self.seed} --clock virtual{' --kind' if self.kind else ''}"
        options += f" --ledger {self.ledger}" if self.ledger else ""
        program = self.sources.get(row.program, row.program)
        return f"portwright run {options} --faults '{row.fault}' --trace {self.port} {program}"


@dataclass(frozen=True, slots=True)
class _Subject:
    """A program that can be tried: its binary, what it must show, and the cases for it."""

    program: Program
    binary: Path
    expect: Expect
    cases: tuple[Case, ...]


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Build the programs, see what they call, and try every case."""
    began = time.monotonic()
    settings = Settings(arguments.jobs or os.cpu_count() or 1)
    port = ports.load(arguments.port, arguments.ledger)
    chosen = _chosen(port, arguments)
    subjects: list[_Subject] = []
    left_out: dict[str, str] = {}
    for program in chosen:
        binary = yield from _built(port, program, settings)
        found = _subject(port, program, binary, arguments)
        if isinstance(found, str):
            left_out[program.name] = found
        else:
            subjects.append(found)
    tries = [(subject, case) for subject in subjects for case in subject.cases]
    picked = _sample(tries, arguments)
    rows = yield from _try_all(port, picked, arguments, settings.jobs)
    return Result(
        port.target,
        machine.engine_name(port, Options(engine=arguments.engine)),
        arguments.seed,
        len(tries),
        rows,
        dict(Counter(row.ending for row in rows)),
        left_out,
        time.monotonic() - began,
        arguments.kind,
        arguments.ledger,
        {one.name: one.path for one in chosen if port.program(one.name) is None},
    )


def _chosen(port: Port, arguments: Arguments) -> list[Program]:
    known = ", ".join(program.name for program in port.manifest.program) or "none"
    faults = [
        Fault(f"the port has no program `{name}`", None, f"programs: {known}", "sweep/program")
        for name in arguments.program
        if port.program(name) is None and not _is_source(name)
    ]
    faults += [
        Fault(f"no call of the ledger means the operation `{name}`", None, None, "sweep/operation")
        for name in arguments.operation
        if name not in vocabulary() or name not in port.ledger.offers
    ]
    for option, number in (("--sample", arguments.sample), ("--jobs", arguments.jobs)):
        if number < 0:
            faults.append(Fault(f"`{option} {number}` is less than none", None, None, "sweep/number"))
    if arguments.time <= 0:
        faults.append(
            Fault(f"`--time {arguments.time:g}` leaves no time", None, "give seconds", "sweep/number")
        )
    raise_if(faults)
    own = [one for one in port.manifest.program if not arguments.program or one.name in arguments.program]
    others = [name for name in arguments.program if port.program(name) is None]
    return own + [Program(name=Path(name).stem, path=name, expect=Expect()) for name in others]


def _is_source(name: str) -> bool:
    return (Path(name) / "Cargo.toml").is_file() or (name.endswith(".rs") and Path(name).is_file())


def _built(port: Port, program: Program, settings: Settings) -> Generator[Event, None, Path]:
    """The binary of one of the port's programs, or of a source that is none."""
    if port.program(program.name) is not None:
        built = yield from goals.build(port, program.name, settings=settings)
        return built.programs[program.name][0]
    built = yield from goals.build_crate(port, Path(program.path), settings=settings)
    return next(iter(built.programs.values()))[0]


def _subject(port: Port, program: Program, binary: Path, arguments: Arguments) -> _Subject | str:
    """A program with its cases, or why it cannot be tried: a program that fails by itself proves nothing."""
    counters = sweep_cases.counters(port.ledger, arguments.operation)
    with temporary_folder("portwright-sweep-") as root:
        outcome = _run(port, program, binary, arguments, counters, root)
    end, expect = outcome.end, program.expect
    foreign = port.program(program.name) is None
    if not isinstance(end, Exited) or (end.status != expect.exit and not foreign):
        return f"it ends without faults with status {outcome.status}: see `portwright up {port.target}`"
    if foreign and end.status in (judge.PANICKED, judge.ABORTED):
        return f"it ends without faults with status {end.status}"
    if foreign:
        # What it does without faults is what it is to do.
        expect = Expect(stdout=outcome.stdout.decode(errors="backslashreplace"), exit=end.status)
    elif expect.host:
        expect = expect.model_copy(update={"stdout": outcome.stdout.decode(errors="backslashreplace")})
    return _Subject(program, binary, expect, tuple(sweep_cases.cases(port.ledger, counters, outcome.faults)))


def _sample(tries: list[tuple[_Subject, Case]], arguments: Arguments) -> list[tuple[_Subject, Case]]:
    if not arguments.sample or arguments.sample >= len(tries):
        return tries
    kept = random.Random(arguments.seed).sample(range(len(tries)), arguments.sample)
    return [tries[index] for index in sorted(kept)]


def _try_all(
    port: Port, tries: list[tuple[_Subject, Case]], arguments: Arguments, jobs: int
) -> Generator[Event, None, tuple[Row, ...]]:
    """Several guests at a time; the rows come in the order of the cases."""
    yield Begun("cases", len(tries))
    began = time.monotonic()
    rows: dict[int, Row] = {}
    pool = ThreadPoolExecutor(jobs)
    try:
        waiting: dict[Future[Row], int] = {
            pool.submit(_try, port, subject, case, arguments): index
            for index, (subject, case) in enumerate(tries)
        }
        for future in as_completed(waiting):
            row = rows[waiting[future]] = future.result()
            yield Advanced("cases", len(rows), f"{row.program} {row.fault}: {row.ending}")
    finally:
        pool.shutdown(cancel_futures=True)
    bad = sum(row.ending not in judge.GOOD for row in rows.values())
    yield Ended("cases", f"{len(rows) - bad} of {len(tries)} ended well", time.monotonic() - began)
    return tuple(rows[index] for index in range(len(tries)))


def _try(port: Port, subject: _Subject, case: Case, arguments: Arguments) -> Row:
    program, fault = subject.program, str(case.rule)
    told = port.program(program.name) is not None
    with temporary_folder("portwright-sweep-") as root:
        outcome = _run(port, program, subject.binary, arguments, [case.rule], root)
        tried = judge.judge(subject.expect, outcome, lambda path: _look(root, path), case.doubt, told=told)
    return Row(
        program.name, case.operation, fault, tried.ending, tried.detail, tried.evidence, outcome.seconds
    )


def _run(
    port: Port, program: Program, binary: Path, arguments: Arguments, rules: Sequence[Rule], root: Path
) -> Outcome:
    (root / "tmp").mkdir()
    options = Options(
        arguments=tuple(program.arguments),
        name=program.name,
        environment=program.environment,
        engine=arguments.engine,
        root=root,
        files={path: text.encode() for path, text in program.files.items()},
        kind=arguments.kind,
        seed=arguments.seed,
        clock="virtual",
        limits=Limits(seconds=arguments.time, output=MOST_OUTPUT),
        stdin=program.stdin.encode(),
        capture=True,
        faults=tuple(rules),
    )
    return machine.run_program(port, binary, options)


def _look(root: Path, path: str) -> bytes | Literal["folder"] | None:
    """What a program's root has at a path; nothing where a link leads out of it."""
    place = (root / path.lstrip("/")).resolve()
    if not place.is_relative_to(root.resolve()) or not place.exists():
        return None
    if place.is_dir():
        return "folder"
    with place.open("rb") as file:
        return file.read(LONGEST_FILE)
