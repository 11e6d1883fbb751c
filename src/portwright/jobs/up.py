"""The main job: check a port, build std and its programs, run them, judge each; a table of criteria and verdicts.

A port that does not check is not built, and a program that cannot be built is not run: its row says so.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from portwright.base import processes
from portwright.base.errors import Fault, PortwrightError, StepFailed
from portwright.base.events import Advanced, Begun, Ended, Event
from portwright.build import goals
from portwright.build.executor import Settings
from portwright.build.goals import BuildResult
from portwright.describe import ledger_check, port_check, rule, rustc_facts
from portwright.describe import port as ports
from portwright.describe import toolchain as toolchains
from portwright.describe.port import Port, Program
from portwright.describe.spec import load_spec
from portwright.describe.spec_case import Case
from portwright.jobs import Arg
from portwright.judge import program as judge
from portwright.judge import run_records
from portwright.judge.verdict import Verdict, exit_status
from portwright.run import machine, on_kernel
from portwright.run.events import RunEvent
from portwright.run.limits import Limits
from portwright.run.options import Options

VERB = "up"
MOST_OUTPUT = 16 << 20
"""Bytes that one program may write: all of it is held until it is judged."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright up` can be told."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    program: Annotated[tuple[str, ...], Arg("Only this program (repeatable).", metavar="NAME")] = ()
    ledger: Annotated[str | None, Arg("The port's ledger of that name.", metavar="VARIANT")] = None
    engine: Annotated[
        str | None, Arg("The engine: native where the CPU is this machine's, else unicorn.", metavar="ENGINE")
    ] = None
    on: Annotated[
        str,
        Arg("Run in the userland machine, or on this machine's own kernel.", choices=("machine", "kernel")),
    ] = "machine"
    kind: Annotated[bool, Arg("Do not be hostile: nothing destroyed, no short reads.")] = False
    seed: Annotated[int | None, Arg("Replay with this seed.", metavar="N")] = None
    update_lock: Annotated[bool, Arg("Accept a toolchain that is not the one in port.lock.")] = False
    jobs: Annotated[int, Arg("How many processors to use (0: all).", short="j", metavar="N")] = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One criterion and its verdict; `seconds` is the run's wall time."""

    name: str
    criterion: str
    verdict: Verdict
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """The criteria of one `up`; `seed` replays its runs, `toolchain` and `engine` say with what it was made."""

    port: str
    summary: str
    toolchain: str
    engine: str
    seed: int
    rows: tuple[Row, ...]
    seconds: float
    ran: tuple[str, ...] = ()
    ledger: str | None = None

    @property
    def status(self) -> int:
        """0: all passed; 1: something was judged wrong; 2: something could not be judged."""
        return exit_status([row.verdict for row in self.rows])


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Bring one port up; a record of it is kept for reports."""
    return (yield from run_records.keeping(VERB, arguments, _run(arguments), narrows=("program",)))


def _run(arguments: Arguments) -> Generator[Event, None, Result]:
    began = time.monotonic()
    settings = Settings(arguments.jobs or os.cpu_count() or 1)
    port = ports.load(arguments.port, arguments.ledger)
    chosen = _chosen(port, arguments.program)
    seed = machine.new_seed() if arguments.seed is None else arguments.seed
    toolchain = toolchains.find(rust=port.manifest.toolchain.rust)
    result = Result(
        port.target,
        port.manifest.port.summary,
        f"rustc {toolchain.version} ({toolchain.origin})",
        _engine(port, arguments),
        seed,
        (),
        0.0,
        ledger=arguments.ledger,
    )
    yield Begun("check")
    checked = _check(port, toolchain)
    yield Ended("check", checked.verdict.outcome, checked.seconds)
    rows = [checked]
    built: BuildResult | None = None
    if checked.verdict.passed:
        built = yield from _built(port, arguments, settings, rows)
    if built is None:
        rows += [Row(p.name, _criterion(p), Verdict("not-run", f"{rows[-1].name} failed")) for p in chosen]
    else:
        rows += yield from _run_all(port, chosen, built, arguments, seed)
    ran = built.ran if built else ()
    return replace(result, rows=tuple(rows), seconds=time.monotonic() - began, ran=ran)


def _engine(port: Port, arguments: Arguments) -> str:
    """What will run the programs, by name; raises `BadInput` where nothing can."""
    if arguments.on == "kernel":
        how = on_kernel.way(port)
        return "this machine's kernel" + ("" if how.direct else f", through {Path(how.prefix[0]).name}")
    return machine.engine_name(port, Options(engine=arguments.engine))


def _chosen(port: Port, names: tuple[str, ...]) -> list[Program]:
    unknown = [name for name in names if port.program(name) is None]
    known = ", ".join(program.name for program in port.manifest.program) or "none"
    faults = [Fault(f"the port has no program `{name}`", None, f"programs: {known}") for name in unknown]
    if faults:
        raise PortwrightError(faults)
    return [program for program in port.manifest.program if not names or program.name in names]


def _check(port: Port, toolchain: toolchains.Toolchain) -> Row:
    """The rules over the spec, the ledger, and the two together. `portwright check` shows more, and compiles a probe."""
    began = time.monotonic()
    facts = rustc_facts.load(toolchain)
    manifest = port.manifest
    spec = load_spec(port, facts)
    case = Case(spec, facts, manifest.os, manifest, manifest.toolchain.backend)
    found = [str(row.fault()) for row in rule.examine(case) if row.severity == "error"]
    ledger = ledger_check.check(port.ledger, port.ledger_places)
    found += [f"{row.where}: {row.what}" for row in ledger if row.severity == "error"]
    found += [str(fault) for fault in port_check.check(port, spec)]
    verdict = Verdict("passed", "no fault in the target spec and the ledger")
    if found:
        words = f"{len(found)} fault{'s' if len(found) > 1 else ''}: `portwright check` shows the fixes"
        verdict = Verdict("wrong", words, "\n".join(found))
    return Row("check", "the description is right", verdict, time.monotonic() - began)


def _built(
    port: Port, arguments: Arguments, settings: Settings, rows: list[Row]
) -> Generator[Event, None, BuildResult | None]:
    """Build the sysroot and the programs, with a row for each of the two."""
    result = None
    parts = (("sysroot", "core, alloc and std compile for the target"), ("programs", "the programs compile"))
    for goal, criterion in parts:
        began = time.monotonic()
        try:
            result = yield from goals.build(port, goal, settings=settings, update_lock=arguments.update_lock)
        except StepFailed as error:
            verdict = Verdict("wrong", "it does not build", "\n".join(str(fault) for fault in error.faults))
            rows.append(Row(goal, criterion, verdict, time.monotonic() - began))
            return None
        done = "built" if result.ran else "unchanged"
        rows.append(Row(goal, criterion, Verdict("passed", done), time.monotonic() - began))
    return result


def _run_all(
    port: Port, chosen: list[Program], built: BuildResult, arguments: Arguments, seed: int
) -> Generator[Event, None, list[Row]]:
    """Run the programs, several at a time; the rows come in the order of the port."""
    yield Begun("programs", len(chosen))
    began = time.monotonic()
    rows: dict[str, Row] = {}
    pool = ThreadPoolExecutor(arguments.jobs or os.cpu_count() or 1)
    try:
        waiting: dict[Future[Row], Program] = {
            pool.submit(_run_one, port, program, built, arguments, seed): program for program in chosen
        }
        for future in as_completed(waiting):
            name = waiting[future].name
            rows[name] = future.result()
            yield Advanced("programs", len(rows), f"{name}: {rows[name].verdict.outcome}")
    finally:
        # Where we were interrupted nothing more begins; what runs has limits of its own.
        pool.shutdown(cancel_futures=True)
    passed = sum(row.verdict.passed for row in rows.values())
    yield Ended("programs", f"{passed} of {len(chosen)} passed", time.monotonic() - began)
    return [rows[program.name] for program in chosen]


def _run_one(port: Port, program: Program, built: BuildResult, arguments: Arguments, seed: int) -> Row:
    options = Options(
        arguments=tuple(program.arguments),
        name=program.name,
        environment=program.environment,
        engine=arguments.engine,
        files={path: text.encode() for path, text in program.files.items()},
        kind=arguments.kind,
        seed=seed,
        limits=Limits(seconds=program.seconds, output=MOST_OUTPUT),
        stdin=program.stdin.encode(),
        capture=True,
    )
    expect = program.expect
    try:
        if expect.host:
            expect = expect.model_copy(update={"stdout": _on_host(program, built.hosts[program.name][0])})
        seen = judge.begin(expect)

        def take(event: RunEvent) -> None:
            nonlocal seen
            seen = judge.step(seen, event)

        go = on_kernel.run_on_kernel if arguments.on == "kernel" else machine.run_program
        outcome = go(port, built.programs[program.name][0], options, take)
    except PortwrightError as error:
        verdict = Verdict("could-not-run", error.faults[0].what, str(error))
        return Row(program.name, _criterion(program), verdict)
    return Row(program.name, _criterion(program), judge.close(seen), outcome.seconds)


def _on_host(program: Program, binary: Path) -> str:
    """What the program prints on this machine's own OS."""
    done = processes.run(
        [str(binary), *program.arguments], stdin=program.stdin.encode(), timeout=program.seconds
    )
    return processes.check(done, what=f"`{program.name}` on this machine").text


def _criterion(program: Program) -> str:
    return program.criterion or next(_told(program))


def _told(program: Program) -> Iterator[str]:
    expect = program.expect
    if expect.host:
        yield "prints what it prints on this machine"
    if expect.stdout is not None or expect.stdout_contains:
        yield "prints what it must"
    yield f"exits with {expect.exit}"
