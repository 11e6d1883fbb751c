"""Run Rust's own tests of core, alloc and std for a port, and hold the results against the host, the last run and
the port's expected failures.

The tests are built from the port's view of std's sources. They run in the userland machine, several guests at a time;
after a kill the next run goes on where it was. `expected.toml` in the port's folder names the tests that cannot pass,
with a reason each: an entry that is no longer needed fails the run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from portwright.base.errors import PortwrightError
from portwright.base.events import Advanced, Begun, Ended, Event, Note
from portwright.base.files import cache_root
from portwright.base.hashing import hash_tree, hash_value
from portwright.build import goals, test_goals
from portwright.build.executor import Settings
from portwright.build.goals import BuildResult
from portwright.build.test_goals import TestBuild
from portwright.derive.build_plan import identity
from portwright.describe import expected
from portwright.describe import port as ports
from portwright.describe import toolchain as toolchains
from portwright.describe.cpu import cpu
from portwright.describe.port import Port, Program
from portwright.jobs import Arg
from portwright.judge import conformance as judge
from portwright.judge import conformance_record as record
from portwright.judge import program as judge_program
from portwright.judge import run_records
from portwright.judge.conformance import Against, Compared, Counts, Failure
from portwright.run import host_process, machine, on_kernel, test_suites
from portwright.run.events import Outcome, RunEvent, TestOutcome, TestResult
from portwright.run.limits import Limits
from portwright.run.options import Options
from portwright.run.root import Share
from portwright.run.test_binary import TestBinary
from portwright.run.test_suites import Ran, Request

VERB = "conformance"
GUEST_FOLDER = "/tests"
SEARCH = "/usr/local/bin:/usr/bin:/bin"
PROGRAMS = "programs"
"""The suite of the port's own programs."""
BRIEFLY = 5.0
"""Seconds that a quick run gives a test of which the port says that it hangs."""
NARROWS = ("suite", "filter", "quick")
"""The arguments that leave tests out."""
ENDS: Mapping[str, TestOutcome] = {"passed": "passed", "crashed": "crashed", "limit": "hung"}


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright conformance` can be told."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    suite: Annotated[
        tuple[str, ...], Arg("Only this suite, or core, alloc, std, programs (repeatable).", metavar="NAME")
    ] = ()
    filter: Annotated[
        tuple[str, ...], Arg("Only tests whose name holds this (repeatable).", metavar="TEXT")
    ] = ()
    quick: Annotated[
        bool, Arg("Only the port's programs and std's integration tests, which are quick to build.")
    ] = False
    ledger: Annotated[str | None, Arg("The port's ledger of that name.", metavar="VARIANT")] = None
    panic: Annotated[
        str | None,
        Arg("What a panic does (else unwind where std's unwinder knows the CPU).", choices=ports.PANICS),
    ] = None
    on: Annotated[
        str,
        Arg("Run in the userland machine, or on this machine's own kernel.", choices=("machine", "kernel")),
    ] = "machine"
    engine: Annotated[
        str | None, Arg("The engine: native where the CPU is this machine's, else unicorn.", metavar="ENGINE")
    ] = None
    hostile: Annotated[
        bool, Arg("Do all that the OS may do: some tests expect that no read is short or interrupted.")
    ] = False
    seed: Annotated[int | None, Arg("Replay with this seed.", metavar="N")] = None
    timeout: Annotated[float, Arg("Seconds that one test may take.", metavar="SECONDS")] = 60.0
    restart: Annotated[bool, Arg("Take nothing over from a run that was stopped.")] = False
    update_lock: Annotated[bool, Arg("Accept a toolchain that is not the one in port.lock.")] = False
    jobs: Annotated[int, Arg("How many processors to use (0: all).", short="j", metavar="N")] = 0


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite's counts, as a whole and by module; `error`: why it could not be built or run."""

    name: str
    kind: str
    counts: Counts
    modules: Mapping[str, Counts] = field(default_factory=dict)
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the tests. `on`: the engine, or `kernel`; `seed` replays the run; `kept` is the file with
    every test's result, from which `compared` is made the next time."""

    port: str
    summary: str
    toolchain: str
    on: str
    panic: str
    seed: int
    suites: tuple[Suite, ...]
    failures: tuple[Failure, ...]
    expired: tuple[str, ...]
    against: tuple[Against, ...]
    compared: Compared | None
    kept: Path
    resumed: int
    seconds: float
    ledger: str | None = None

    @property
    def counts(self) -> Counts:
        """All suites together."""
        return record.total(suite.counts for suite in self.suites)

    @property
    def status(self) -> int:
        """0: every test passed or was expected not to, and every exception is needed; 1 otherwise."""
        unexpected = any(failure.reason is None for failure in self.failures)
        return int(unexpected or bool(self.expired) or any(suite.error for suite in self.suites))


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Build the suites, run them, judge; a record of it is kept for reports."""
    return (yield from run_records.keeping(VERB, arguments, _run_suites(arguments), narrows=NARROWS))


def _run_suites(arguments: Arguments) -> Generator[Event, None, Result]:
    began = time.monotonic()
    workers = arguments.jobs or os.cpu_count() or 1
    settings = Settings(workers)
    port = _load(arguments)
    exceptions = expected.load(port)
    options = _options(arguments)
    on = _where(port, arguments, options)
    wanted = (PROGRAMS, "std") if arguments.quick else arguments.suite
    programs: dict[str, TestResult] = {}
    if (not wanted or PROGRAMS in wanted) and port.manifest.program:
        made = yield from goals.build(port, "programs", settings=settings, update_lock=arguments.update_lock)
        programs = yield from _programs(port, made, arguments, options, workers)
    names = tuple(name for name in wanted if name != PROGRAMS)
    built = TestBuild(toolchains.find(rust=port.manifest.toolchain.rust), cache_root(), ())
    if names or not wanted:
        built = yield from test_goals.build(
            port,
            names,
            hosts=not arguments.quick,
            guests=arguments.on == "machine",
            optimized=not arguments.quick,
            settings=settings,
            update_lock=arguments.update_lock,
        )
    folder = cache_root() / "conformance" / f"{identity(port)}-{on}"
    hanging = expected.hanging(exceptions, on, port.manifest.std.panic)
    request = _request(arguments, folder, options, on, workers, [[row.suite, row.test] for row in hanging])

    binaries = _binaries(port, built, options, arguments, partial(expected.hangs, hanging))
    ran = yield from _run("tests", binaries, request)
    if programs:
        ran = replace(ran, results={PROGRAMS: programs, **ran.results}, whole=ran.whole | {PROGRAMS})
    host = yield from _host(built, arguments, workers)
    panic = port.manifest.std.panic
    judged = judge.judge(
        ran.results, [(row.where, row.entry) for row in exceptions], on=on, panic=panic, whole=set(ran.whole)
    )
    kept = folder / "results.json"
    before = record.read(kept)
    record.write(kept, {**before, **_merged(before, ran, arguments.filter)})
    return Result(
        port.target,
        port.manifest.port.summary,
        f"rustc {built.toolchain.version} ({built.toolchain.origin})",
        on,
        panic,
        request.seed,
        _suites(built, ran),
        judged.failures,
        judged.expired,
        judge.against(host.results, ran.results) if host and not arguments.filter else (),
        judge.compare(before, ran.results) if before else None,
        kept,
        ran.resumed,
        time.monotonic() - began,
        arguments.ledger,
    )


def _load(arguments: Arguments) -> Port:
    """The port, with panics that unwind where they can: many tests catch one."""
    port = ports.load(arguments.port, arguments.ledger, arguments.panic)
    if arguments.panic is None and cpu(port.ledger.abi.cpu).unwinder:
        return port.with_panic("unwind")
    return port


def _programs(
    port: Port, built: BuildResult, arguments: Arguments, options: Options, workers: int
) -> Generator[Event, None, dict[str, TestResult]]:
    """The port's own programs, judged as `up` judges them."""
    chosen = [one for one in port.manifest.program if _asked(one.name, arguments.filter)]
    began = time.monotonic()
    yield Begun(PROGRAMS, len(chosen))
    found: dict[str, TestResult] = {}
    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(_program, port, one, built, arguments, options) for one in chosen]
        for program, future in zip(chosen, running, strict=True):
            found[program.name] = future.result()
            yield Advanced(PROGRAMS, len(found), program.name)
    passed = sum(result.result == "passed" for result in found.values())
    yield Ended(PROGRAMS, f"{passed} of {len(found)} passed", time.monotonic() - began)
    return found


def _program(
    port: Port, program: Program, built: BuildResult, arguments: Arguments, base: Options
) -> TestResult:
    options = replace(
        base,
        arguments=tuple(program.arguments),
        name=program.name,
        environment=program.environment,
        files={path: text.encode() for path, text in program.files.items()},
        limits=Limits(seconds=program.seconds),
        stdin=program.stdin.encode(),
        clock="real",
    )
    expect, events = program.expect, list[RunEvent]()
    try:
        if expect.host:
            there = host_process.run(built.hosts[program.name][0], options, lambda event: None)
            expect = expect.model_copy(update={"stdout": there.stdout.decode(errors="replace")})
        outcome = _go(arguments)(port, built.programs[program.name][0], options, events.append)
    except PortwrightError as error:
        return TestResult(program.name, "not-run", str(error))
    verdict = judge_program.judge(expect, events)
    detail = "" if verdict.passed else f"{verdict.detail}\n{verdict.evidence}".strip()
    return TestResult(program.name, ENDS.get(verdict.outcome, "failed"), detail, outcome.seconds)


def _asked(name: str, filters: Sequence[str]) -> bool:
    return not filters or any(part in name for part in filters)


def _go(arguments: Arguments) -> Callable[[Port, Path, Options, Callable[[RunEvent], None]], Outcome]:
    return on_kernel.run_on_kernel if arguments.on == "kernel" else machine.run_program


def _where(port: Port, arguments: Arguments, options: Options) -> str:
    """Where the tests run; raises `BadInput` where they cannot."""
    if arguments.on == "machine":
        return machine.engine_name(port, options)
    on_kernel.way(port)
    return arguments.on


def _options(arguments: Arguments) -> Options:
    """How each guest runs. In the machine its clock is virtual, so that what sleeps costs nothing."""
    seed = machine.new_seed() if arguments.seed is None else arguments.seed
    return Options(
        engine=arguments.engine,
        kind=not arguments.hostile,
        seed=seed,
        environment={"PATH": SEARCH},
        clock="virtual" if arguments.on == "machine" else "real",
        limits=Limits(),
        stdin=b"",
        capture=True,
    )


def _request(
    arguments: Arguments, folder: Path, options: Options, on: str, workers: int, hanging: Sequence[object]
) -> Request:
    said = [
        on,
        arguments.hostile,
        arguments.timeout,
        arguments.quick,
        hanging,
        machine_hash(Path(__file__).resolve().parents[1] / "run"),
    ]
    # A seed that was asked for is one more thing that makes it another run.
    said += [arguments.seed, time.time() if arguments.restart else None]
    assert options.seed is not None
    return Request(folder, hash_value(said), options.seed, workers, arguments.filter)


def machine_hash(code: Path) -> str:
    """What a killed run of an older machine is told by: nothing is taken over from it."""
    return hash_tree(code, keep=lambda name: not name.endswith("__pycache__"))


def _binaries(
    port: Port, built: TestBuild, options: Options, arguments: Arguments, hangs: Callable[[str, str], bool]
) -> dict[str, TestBinary]:
    """The suites' binaries, each with how a guest runs it: it finds itself under the name that it is called by."""
    go = _go(arguments)

    def run(path: Path, options: Options, emit: Any) -> Outcome:
        return go(port, path, options, emit)

    found: dict[str, TestBinary] = {}
    for suite in built.suites:
        path = built.binaries.get(suite.name)
        if path is None:
            continue
        named = replace(options, name=str(path))
        if arguments.on == "machine":
            share = Share(path.parent, GUEST_FOLDER, readonly=True)
            place = f"{GUEST_FOLDER}/{path.name}"
            named = replace(options, at=place, shares=(share,), programs=built.utilities)
        aborts = port.manifest.std.panic == "abort"
        test = TestBinary(path, run, named, arguments.timeout, aborts, suite.harness)
        patience = min(arguments.timeout, BRIEFLY) if arguments.quick else arguments.timeout
        found[suite.name] = replace(test, hangs=partial(hangs, suite.name), hanging=patience)
    return found


def _run(part: str, binaries: Mapping[str, TestBinary], request: Request) -> Generator[Event, None, Ran]:
    """Run suites; the events say which test is being run."""
    began = time.monotonic()
    yield Begun(part)
    running = test_suites.run(binaries, request)
    shown = -1
    while True:
        try:
            progress = next(running)
        except StopIteration as stop:
            ran: Ran = stop.value
            break
        if shown < 0:
            yield Begun(part, progress.total)
        told = progress.now
        if isinstance(told.what, TestResult) and told.what.result in judge.FAILURES:
            yield Note(f"{told.suite} {told.what.name}: {told.what.result}", "debug")
        shown = progress.done
        name = told.what.name if isinstance(told.what, TestResult) else told.what
        yield Advanced(part, progress.done, f"{told.suite} {name}")
    passed = record.total(judge.count(tests.values()) for tests in ran.results.values())
    yield Ended(part, f"{passed.passed} of {passed.run} passed", time.monotonic() - began)
    return ran


def _host(built: TestBuild, arguments: Arguments, workers: int) -> Generator[Event, None, Ran | None]:
    """The same tests on this machine's own OS; what is known of the same binaries is not asked again."""
    if not built.hosts:
        return None
    harness = {suite.name: suite.harness for suite in built.suites}
    binaries = {
        name: TestBinary(path, host_process.run, Options(seed=0), arguments.timeout, harness=harness[name])
        for name, path in built.hosts.items()
    }
    folder = cache_root() / "conformance" / f"host-{built.toolchain.host}"
    return (yield from _run("host", binaries, Request(folder, "", 0, workers, again=False)))


def _merged(before: judge.Results, ran: Ran, filters: Sequence[str]) -> dict[str, Mapping[str, TestResult]]:
    """What is kept: a suite that was run in part brings only its own tests up to date."""
    if not filters:
        return dict(ran.results)
    return {suite: {**before.get(suite, {}), **tests} for suite, tests in ran.results.items()}


def _suites(built: TestBuild, ran: Ran) -> tuple[Suite, ...]:
    found: list[Suite] = []
    if PROGRAMS in ran.results:
        tests = ran.results[PROGRAMS]
        seconds = round(sum(result.seconds for result in tests.values()), 3)
        found.append(Suite(PROGRAMS, PROGRAMS, judge.count(tests.values()), {}, seconds))
    for suite in built.suites:
        if suite.name in built.failed:
            found.append(Suite(suite.name, suite.kind, Counts(), error=built.failed[suite.name]))
        elif suite.name in ran.broken:
            found.append(Suite(suite.name, suite.kind, Counts(), error=ran.broken[suite.name]))
        else:
            tests = ran.results.get(suite.name, {})
            seconds = round(ran.seconds.get(suite.name, 0.0), 3)
            counts, modules = judge.count(tests.values()), judge.modules(suite.name, tests)
            found.append(Suite(suite.name, suite.kind, counts, modules, seconds))
    return tuple(found)
