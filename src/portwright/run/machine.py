"""The userland machine: runs a port's static program at system-call level, with no kernel under it.

Puts engine, address space, files and dispatch together for one guest, and tells as events what happens.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from portwright.base.errors import Where, fail
from portwright.describe.cpu import Cpu, cpu
from portwright.describe.port import Port
from portwright.run import engine as engines
from portwright.run import loader, world
from portwright.run.clocks import Clocks
from portwright.run.dispatch import Dispatcher
from portwright.run.dispatch import Ended as EndedCall
from portwright.run.engine import Setup
from portwright.run.events import Died, Exited, Outcome, Report, RunEvent
from portwright.run.hostility import Hostility
from portwright.run.injection import FaultPlan
from portwright.run.kernel import Kernel
from portwright.run.limits import time_end
from portwright.run.loader import CannotLoad, Image
from portwright.run.network import Network
from portwright.run.options import Options
from portwright.run.outcome import Collected
from portwright.run.process import Process
from portwright.run.programs import Programs
from portwright.run.reports import Reporter
from portwright.run.root import Root
from portwright.run.socket_address import Addresses
from portwright.run.trace import Describer, Tracer
from portwright.run.worker import WorkerDied, in_worker

SIGINT = 2
SIGABRT = 6
SIGKILL = 9
HOST_MEMORY = 512 << 20  # what an engine may need beside the guest's own memory
PATIENCE = 5.0
"""Seconds beyond its time after which a run that does not stop by itself is ended from outside."""
Emit = Callable[[RunEvent], None]


def new_seed() -> int:
    """A seed that a person can type again."""
    return random.SystemRandom().randrange(1, 1_000_000)


def engine_name(port: Port, options: Options) -> str:
    """The engine that a run with these options uses; raises `BadInput` with the reasons where none serves."""
    return engines.choose(_setup(port, options), options.engine)


def run_program(port: Port, binary: Path, options: Options, emit: Emit = lambda event: None) -> Outcome:
    """Run one program to its end. `emit` is told of every event as it happens.

    Raises `PortwrightError` where nothing can be run (no engine, no such file); whatever the guest does
    becomes an event and the outcome.
    """
    try:
        data = binary.read_bytes()
    except OSError as error:
        raise fail(f"cannot read the program: {error.strerror}", Where(binary), code="run/program") from error
    seed = new_seed() if options.seed is None else options.seed
    options = replace(options, seed=seed, engine=engine_name(port, options))
    assert options.engine is not None
    with world.scratch() as scratch:
        if engines.needs_worker(options.engine):
            return _in_worker(port, binary, data, options, scratch, emit)
        return _run(port, binary, data, options, scratch, emit)


def _in_worker(port: Port, binary: Path, data: bytes, options: Options, scratch: Path, emit: Emit) -> Outcome:
    began = time.monotonic()
    seen = Collected()

    def pass_on(event: RunEvent) -> None:
        seen.take(event)
        emit(event)

    seconds = options.limits.seconds
    patience = None if seconds is None else seconds + PATIENCE
    try:
        return in_worker(_run, port, binary, data, options, scratch, emit=pass_on, seconds=patience)
    except WorkerDied as died:
        advice = "run it again with another `--engine`; if it comes again, report it"
        end = Died(SIGKILL, Report("engine-died", f"the engine's process ended: {died.how}", advice=advice))
        if died.late and seconds is not None:  # there are instructions in which an engine itself hangs
            end = time_end("wall", seconds)
    except KeyboardInterrupt:
        end = _interrupted()
    emit(end)
    return seen.outcome(end, time.monotonic() - began, 0)


def _run(port: Port, binary: Path, data: bytes, options: Options, scratch: Path, emit: Emit) -> Outcome:
    if options.at is not None and not world.shows(options, options.at, binary):
        options = replace(options, programs={**options.programs, options.at: binary})
    return _Run(port, binary, data, options, world.root(options, scratch), emit).outcome()


def _setup(port: Port, options: Options) -> Setup:
    """What the engine is to be made for. Its own limits stand behind the machine's, a little wider."""
    abi, limits = port.ledger.abi, options.limits
    cpu_seconds = None if limits.cpu_seconds is None else int(limits.cpu_seconds) + 2
    page_size = port.ledger.memory.page_size
    memory, ignored = limits.memory + HOST_MEMORY, tuple(abi.ignored_traps)
    return Setup(abi.cpu, abi.trap, page_size, memory, cpu_seconds, port.ledger.traps[1:], ignored)


def _interrupted() -> Died:
    return Died(SIGINT, Report("other", "interrupted from the keyboard"))


class _Run:
    """One guest from its file to its end."""

    def __init__(
        self, port: Port, binary: Path, data: bytes, options: Options, root: Root, emit: Emit
    ) -> None:
        self._port, self._options, self._root = port, options, root
        self._binary, self._data = binary, data
        self._cpu: Cpu = cpu(port.ledger.abi.cpu)
        self._collected = Collected()
        self._told = emit
        assert options.seed is not None
        self._hostility = Hostility(options.seed, kind=options.kind)
        self._faults = FaultPlan(options.faults, options.seed) if options.faults else None

    def _emit(self, event: RunEvent) -> None:
        self._collected.take(event)
        self._told(event)

    def outcome(self) -> Outcome:
        """Run it; what came of it."""
        began = time.monotonic()
        kernel = self._kernel()
        try:
            end = self._end(kernel)
        except CannotLoad as error:
            end = Died(SIGABRT, error.report)
        except KeyboardInterrupt:
            end = _interrupted()
        finally:
            kernel.close()
        self._emit(end)
        return replace(
            self._collected.outcome(end, time.monotonic() - began, kernel.peak),
            preemptions=kernel.preemptions,
            faults=self._faults.seen() if self._faults is not None else (),
        )

    def _kernel(self) -> Kernel:
        ledger, hostility = self._port.ledger, self._hostility
        booted = hostility.number(8 * 10**9, 900 * 10**9, kind=10**9)
        clocks = Clocks(ledger, self._options.clock, booted)
        network = None
        if self._options.network != "none":
            addresses = Addresses(ledger, self._cpu.endian)
            network = Network(hostility, addresses, v4_mapped=ledger.network.v4_mapped)
        return Kernel(self._options.limits, clocks, hostility, self._ended, network)

    def _ended(self, process: Process) -> None:
        """Tell of a process that did not end by itself, and was not ended by another."""
        end = process.end
        if process is not process.kernel.first and isinstance(end, Died) and end.report.kind != "signal":
            what = f"process {process.id}: {end.report.what}"
            self._emit(replace(end.report, what=what))

    def _end(self, kernel: Kernel) -> Exited | Died:
        ledger, options = self._port.ledger, self._options
        rules = loader.rules_of(self._cpu, self._port.manifest.os.loads, ledger.memory)
        image = loader.plan(self._data, self._binary.name, rules)
        setup = _setup(self._port, options)
        programs = Programs(
            kernel,
            self._root,
            options.limits,
            self._hostility,
            rules,
            ledger,
            self._cpu,
            lambda: engines.create(setup, options.engine),
            self._furnish,
        )
        process = programs.first(image, options.at)
        world.open_streams(process.files, options, ledger.entry.open_fds, kernel.watch, self._emit)
        world.go_to(process.files, options.cwd)
        environment = {**ledger.entry.environment, **options.environment}
        arguments = [options.name or options.at or self._binary.name, *options.arguments]
        variables = [f"{name}={value}" for name, value in environment.items()]
        path = os.fsencode(options.at or arguments[0])
        programs.load(process, image, path, [*map(os.fsencode, arguments)], [*map(os.fsencode, variables)])
        return kernel.run()

    def _furnish(self, process: Process, image: Image) -> None:
        """Give a process what serves its calls and what says what is wrong with it."""
        describer = Describer(process)
        process.reporter = reporter = Reporter(process, image, describer)
        process.dispatcher = Dispatcher(
            process,
            lambda *said: self._emit(reporter.call_report(*said)),
            self._tracer(describer),
            self._faults,
        )

    def _tracer(self, describer: Describer) -> Callable[[EndedCall], None] | None:
        tell: list[Callable[[EndedCall], Any]] = []
        if self._options.trace:
            tell.append(Tracer(describer, self._options.trace, self._options.trace_fd))
        if self._options.calls:
            tell.append(lambda ended: self._emit(describer.describe(ended)))
        if not tell:
            return None

        def tell_all(ended: EndedCall) -> None:
            for one in tell:
                one(ended)

        return tell_all
