"""Build popular crates of the registry for a port and run their own tests on the userland machine; say what each lacks.

Crates that must know the OS (`getrandom`, `libc`) are patched from the ledger. Each crate's tests are built as cargo
builds them; where a crate that only the tests need does not build, that one is named, with what it asked for.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from portwright.base.errors import PortwrightError
from portwright.base.events import Advanced, Begun, Ended, Event, Note
from portwright.base.files import cache_root
from portwright.build import goals
from portwright.build.crate_tests import Binary, Builder, Built, Source
from portwright.build.executor import Settings
from portwright.describe import operation
from portwright.describe import port as ports
from portwright.describe.port import Port
from portwright.jobs import Arg
from portwright.judge import conformance as judge
from portwright.judge import conformance_record as record
from portwright.judge.conformance import Counts
from portwright.run import machine, test_suites
from portwright.run.events import Outcome, TestResult
from portwright.run.options import Options
from portwright.run.root import Share
from portwright.run.test_binary import TestBinary
from portwright.run.test_suites import Ran, Request

VERB = "crates"
POPULAR = (
    "anyhow@1.0.104",
    "arrayvec@0.7.8",
    "bytes@1.12.1",
    "crossbeam-channel@0.5.17",
    "flate2@1.1.10",
    "hashbrown@0.16.1",
    "heck@0.5.0",
    "humantime@2.4.0",
    "indexmap@2.14.2",
    "itertools@0.14.0",
    "memchr@2.8.3",
    "rand@0.9.5",
    "rayon@1.12.0",
    "regex@1.13.1",
    "semver@1.0.28",
    "serde_json@1.0.154",
    "smallvec@1.16.5",
    "time@0.3.55",
    "clap@4.6.7",
)
"""What is tried where no crate is named: in exactly these versions, so that two runs try the same."""
_NOT_OFFERED = re.compile(rb"not offered: ([\w ]+)")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright crates` can be told."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    crate: Annotated[
        tuple[str, ...],
        Arg("NAME or NAME@VERSION (default: popular ones).", positional=True, metavar="CRATE"),
    ] = ()
    engine: Annotated[
        str | None, Arg("The engine: native where the CPU is this machine's, else unicorn.", metavar="ENGINE")
    ] = None
    panic: Annotated[
        str | None, Arg("What a panic does (else unwind: many tests catch one).", choices=ports.PANICS)
    ] = None
    seed: Annotated[int | None, Arg("Replay with this seed.", metavar="N")] = None
    timeout: Annotated[float, Arg("Seconds that one test may take.", metavar="SECONDS")] = 120.0
    ledger: Annotated[str | None, Arg("The port's ledger of that name.", metavar="VARIANT")] = None
    jobs: Annotated[int, Arg("How many processors to use (0: all).", short="j", metavar="N")] = 0


@dataclass(frozen=True, slots=True)
class Crate:
    """One crate. `builds`: the library compiles. `counts`: its own tests, None where they could not be built or
    run. `lacks`: what was asked for and is not there. `failures`: tests that did not pass, with why."""

    name: str
    version: str
    builds: bool
    counts: Counts | None
    lacks: tuple[str, ...]
    failures: tuple[tuple[str, str], ...] = ()
    patched: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Every test that was run passed, and there was one."""
        return self.counts is not None and self.counts.passed > 0 and not self.failures


@dataclass(frozen=True, slots=True)
class Result:
    """Every crate that was tried; `seed` replays the runs."""

    port: str
    on: str
    seed: int
    crates: tuple[Crate, ...]
    seconds: float

    @property
    def status(self) -> int:
        """0: every crate builds, and its tests pass; 1 otherwise."""
        return int(not all(crate.passes for crate in self.crates))


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Build the sysroot, then one crate after the other."""
    began = time.monotonic()
    workers = arguments.jobs or os.cpu_count() or 1
    port = ports.load(arguments.port, arguments.ledger, arguments.panic or "unwind")
    seed = machine.new_seed() if arguments.seed is None else arguments.seed
    options = Options(engine=arguments.engine, seed=seed, clock="virtual", stdin=b"", capture=True)
    on = machine.engine_name(port, options)
    built = yield from goals.build(port, "sysroot", settings=Settings(workers))
    builder = Builder(port, built, workers)
    if builder.busy():
        yield Note("waiting for another run that tests crates with this sysroot")
    with builder.using():
        found = yield from _every(port, builder, options, arguments)
    yield Ended("crates", f"{sum(crate.passes for crate in found)} pass", time.monotonic() - began)
    return Result(port.target, on, seed, tuple(found), time.monotonic() - began)


def _every(
    port: Port, builder: Builder, options: Options, arguments: Arguments
) -> Generator[Event, None, list[Crate]]:
    wanted = arguments.crate or POPULAR
    found: list[Crate] = []
    yield Begun("crates", len(wanted))
    for number, word in enumerate(wanted):
        name, _, version = word.partition("@")
        yield Advanced("crates", number, name)
        try:
            source = builder.fetch(name, f"={version}" if version else "*")
            made = yield from builder.build(source)
            ran = yield from _tests(port, source, made, options, arguments, builder.jobs)
            found.append(_judged(port, source, made, ran))
        except PortwrightError as error:
            found.append(Crate(name, version, False, None, tuple(fault.what for fault in error.faults)))
        yield Note(_said(found[-1]), "debug")
    return found


def _tests(
    port: Port, source: Source, built: Built, options: Options, arguments: Arguments, workers: int
) -> Generator[Event, None, Ran | None]:
    """Run the crate's test binaries in its own folder, which they may read and write a copy of."""
    if not built.binaries:
        return None
    share = Share(source.folder, str(source.folder), readonly=True)
    where = Options(
        engine=options.engine,
        seed=options.seed,
        clock=options.clock,
        stdin=b"",
        capture=True,
        shares=(share,),
        cwd=str(source.folder),
        environment={"CARGO_MANIFEST_DIR": str(source.folder)},
    )

    def in_machine(path: Path, given: Options, emit: Any) -> Outcome:
        return machine.run_program(port, path, given, emit)

    aborts = port.manifest.std.panic == "abort"
    binaries = {
        _suite(source, binary): TestBinary(
            binary.path, in_machine, where, arguments.timeout, aborts, binary.harness
        )
        for binary in built.binaries
    }
    assert options.seed is not None
    folder = cache_root() / "crate-tests" / "journals" / port.target
    request = Request(folder, f"{time.time()}", options.seed, workers)
    running = test_suites.run(binaries, request)
    while True:
        try:
            progress = next(running)
        except StopIteration as stop:
            ran: Ran = stop.value
            return ran
        told = progress.now
        if isinstance(told.what, TestResult) and told.what.result in judge.FAILURES:
            yield Note(f"{told.suite} {told.what.name}: {told.what.result}", "debug")


def _suite(source: Source, binary: Binary) -> str:
    return f"{source.name}-{binary.name}-{binary.path.name[-16:]}"


def _judged(port: Port, source: Source, built: Built, ran: Ran | None) -> Crate:
    patched = tuple(f"{each.name} {each.version}" for each in built.patched)
    if ran is None:
        lacks = built.lacks or ("no tests of its own",)
        return Crate(source.name, source.version, built.library, None, lacks, (), patched)
    results = [(suite, test) for suite, tests in ran.results.items() for test in tests.values()]
    failures = [
        (f"{suite}: {test.name}", test.detail) for suite, test in results if test.result in judge.FAILURES
    ]
    failures += sorted(ran.broken.items())
    counts = record.total(judge.count(tests.values()) for tests in ran.results.values())
    lacks = tuple(dict.fromkeys(operations(port, [detail for _, detail in failures])))
    return Crate(source.name, source.version, True, counts, lacks, tuple(failures), patched)


def operations(port: Port, details: Iterable[str]) -> Iterator[str]:
    """The operations that std said were not offered, in the output of tests that failed; where it only said
    `Unsupported`, those that would make possible what the words are about (`spawn`), if that can be told."""
    vocabulary = operation.vocabulary().items()
    missing = {name: found.unlocks for name, found in vocabulary if name not in port.ledger.offers}
    for detail in details:
        named = [name.decode().strip() for name in _NOT_OFFERED.findall(detail.encode())]
        if not named and "kind: Unsupported" in detail:
            words = set(re.findall(r"\w+", detail))
            named = [n for n, unlocks in missing.items() if any(u.split("::")[-1] in words for u in unlocks)]
            if not named:
                yield "an operation that std answers with Unsupported"
        if named:
            yield f"the operation {' or '.join(named)}"


def _said(crate: Crate) -> str:
    if crate.counts is None:
        return f"{crate.name} {crate.version}: {'; '.join(crate.lacks)}"
    return f"{crate.name} {crate.version}: {crate.counts.passed} of {crate.counts.run} tests passed"
