"""Runs a program of a port on this machine's own kernel, where the port's ABI is that kernel's.

The same options and the same outcome as the userland machine's, but no sandbox: the program is an ordinary child,
with this user's rights, in a scratch folder of its own. Of its limits memory, time, open files and (where output is
captured) output hold. What memory it used is not known: the kernel counts in what started it.
"""

from __future__ import annotations

import os
import platform
import selectors
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from portwright.base import processes
from portwright.base.errors import BadInput, Fault, Where, fail, raise_if
from portwright.describe.cpu import cpu
from portwright.describe.ledger import Ledger
from portwright.describe.port import Port
from portwright.run import world
from portwright.run.events import Called, Died, Exited, Outcome, Report, RunEvent, Wrote
from portwright.run.kernel_trace import KernelTrace
from portwright.run.launch import launch
from portwright.run.limits import Limits, output_end, time_end
from portwright.run.options import Options
from portwright.run.outcome import Collected
from portwright.run.trace import FORMS, write_line

Emit = Callable[[RunEvent], None]
CHUNK = 1 << 16
PIPE_ROOM = 1 << 16
SIGINT, SIGXCPU = 2, 24
# What a signal says of its program, in the words that the userland machine uses.
KINDS = {
    4: ("illegal-instruction", "illegal instruction"),
    5: ("breakpoint", "breakpoint"),
    7: ("alignment", "bad access (bus error)"),
    8: ("divide", "division by zero, or one whose result is too large"),
    11: ("bad-access", "bad access (segmentation fault)"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """How this machine runs the program: `prefix` are an emulator's words, none where the CPU is our own."""

    prefix: tuple[str, ...] = ()

    @property
    def direct(self) -> bool:
        """Whether the program runs on the CPU itself."""
        return not self.prefix

    def executable(self, binary: Path) -> Path:
        """The file that the kernel is to start."""
        return binary if self.direct else Path(self.prefix[0])

    def argv(self, binary: Path, name: str, arguments: tuple[str, ...]) -> list[str]:
        """The words that start the program under a name."""
        if self.direct:
            return [name, *arguments]
        return [*self.prefix, "-0", name, str(binary), *arguments]


def way(port: Port) -> Way:
    """How programs of the port run here; raises `BadInput` where they cannot."""
    kernel = port.manifest.os.host_kernel
    if kernel is None:
        what = f"{port.target} is no host's kernel: its programs run in the userland machine only"
        hint = "where its ABI is one, say so: [os] host-kernel = ..."
        raise fail(what, port.places("os"), hint, "run/no-host-kernel")
    if kernel != sys.platform:
        what = f"programs of {port.target} run on the kernel of {kernel}, and this is {sys.platform}"
        raise fail(what, port.places("os", "host-kernel"), "use the userland machine", "run/other-kernel")
    arch = cpu(port.ledger.abi.cpu).rustc_arch
    if arch == platform.machine():
        return Way()
    emulator = processes.need(f"qemu-{arch}", "`apt-get install qemu-user` brings it")
    return Way((str(emulator),))


def serves(port: Port) -> str | None:
    """Why programs of the port do not run on this machine's kernel, or None where they do."""
    try:
        way(port)
    except BadInput as error:
        return error.faults[0].what
    return None


def run_on_kernel(port: Port, binary: Path, options: Options, emit: Emit = lambda event: None) -> Outcome:
    """Run one program to its end on this kernel. `emit` is told of every event as it happens.

    `TMPDIR` is a folder of the run's own. Raises `PortwrightError` for what only the userland machine has (shares,
    faults, a virtual clock), and where the program cannot be started.
    """
    if not binary.is_file():
        raise fail("there is no such program", Where(binary), code="run/program")
    how = way(port)
    _refuse(options, how)
    with world.scratch() as scratch:
        folder, environment = _prepare(port, options, scratch)
        traced = bool(options.trace) or options.calls
        captured = processes.PIPE if options.capture else None
        held = _held(options.stdin)
        fed = held if options.stdin is not None else processes.DEVNULL if options.capture else None
        launched = launch(
            how.executable(binary.resolve()),
            how.argv(binary.resolve(), options.name or binary.name, options.arguments),
            options.limits,
            cwd=folder,
            env=environment,
            streams=(fed, captured, captured),
            memory=how.direct,
            stopped=traced,
            # A group of its own may not read the terminal that we are at.
            own_group=options.capture or options.stdin is not None,
        )
        if held >= 0:
            os.close(held)
        watched = _Watched(launched.process, options, emit)
        if traced:
            watched.trace(port.ledger)
        launched.begun()
        return watched.outcome()


def _held(data: bytes | None) -> int:
    """A pipe in which all of the input lies already, so that each run finds it alike; `PIPE` where it is too much."""
    if data is None or len(data) > PIPE_ROOM:
        return processes.PIPE
    reading, writing = os.pipe()
    try:
        os.write(writing, data)
    finally:
        os.close(writing)
    return reading


def _refuse(options: Options, how: Way) -> None:
    asked = {
        "--trace": not how.direct and (options.trace or options.calls),
        "--share": options.shares,
        "--faults": options.faults,
        "--clock virtual": options.clock == "virtual",
    }
    hint = "leave it out, or run in the userland machine"
    lacks = "a kernel has no such thing" if how.direct else "a kernel below an emulator has no such thing"
    raise_if(
        [
            Fault(
                f"`{option}` is the userland machine's: {lacks}",
                None,
                hint,
                "run/on-kernel",
            )
            for option, given in asked.items()
            if given
        ]
    )


def _prepare(port: Port, options: Options, scratch: Path) -> tuple[Path, dict[str, str]]:
    """The program's folder with its files, and its whole environment."""
    top = options.root or scratch / "root"
    temporary = scratch / "tmp"
    for folder in (top, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    for path, data in options.files.items():
        place = top / path.lstrip("/")
        if ".." in place.parts:
            raise fail(
                f"cannot put the file `{path}` there: it leaves the program's folder", code="run/files"
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    folder = top / options.cwd.lstrip("/")
    if not folder.is_dir():
        raise fail(f"the program's root has no folder `{options.cwd}`", Where(top), code="run/cwd")
    environment = {"TMPDIR": str(temporary), **port.ledger.entry.environment, **options.environment}
    return folder, environment


@dataclass
class _Watched:
    """A started program: its output is read, its input written and its time looked at, until it has ended."""

    process: processes.Started
    options: Options
    tell: Emit
    seen: Collected = field(default_factory=Collected)
    began: float = field(default_factory=time.monotonic)
    written: int = 0
    over: Died | None = None
    tracing: KernelTrace | None = None
    _telling: threading.Lock = field(default_factory=threading.Lock)
    _handle: int = -1

    def __post_init__(self) -> None:
        # While nobody has let it go: a trace may have reaped it before anything else looks at it.
        self._handle = os.pidfd_open(self.process.pid)

    def trace(self, ledger: Ledger) -> None:
        """Have every call told, or written; the program was started to wait for this."""
        self.tracing = KernelTrace(ledger, self.process.pid, self._called)
        self.tracing.start()

    def _called(self, called: Called) -> None:
        if self.options.calls:
            self._emit(called)
        if self.options.trace:
            write_line(self.options.trace_fd, FORMS[self.options.trace](called))

    def outcome(self) -> Outcome:
        """Wait for the end; what came of it."""
        try:
            self._attend()
            status = (
                processes.wait_and_end_group(self.process) if self.tracing is None else self.tracing.join()
            )
            end = self.over or _end(status, self.options.limits)
        except KeyboardInterrupt:
            end = Died(SIGINT, Report("other", "interrupted from the keyboard"))
        finally:
            processes.stop(self.process)
            os.close(self._handle)
        self._emit(end)
        return self.seen.outcome(end, time.monotonic() - self.began, 0)

    def _emit(self, event: RunEvent) -> None:
        with self._telling:
            self.seen.take(event)
            self.tell(event)

    def _attend(self) -> None:
        """Serve the streams until the process has ended or its time is over.

        What it leaves running may hold the streams open: they are read on for as long as bytes are there.
        """
        left = memoryview(self.options.stdin or b"")
        handle = self._handle
        with selectors.DefaultSelector() as streams:
            streams.register(handle, selectors.EVENT_READ, "end")
            for stream, name in ((self.process.stdout, "stdout"), (self.process.stderr, "stderr")):
                if stream is not None:
                    os.set_blocking(stream.fileno(), False)
                    streams.register(stream, selectors.EVENT_READ, name)
            if self.process.stdin is not None:
                os.set_blocking(self.process.stdin.fileno(), False)
                streams.register(self.process.stdin, selectors.EVENT_WRITE, "stdin")
            ended = False
            while self.over is None:
                ready = streams.select(0 if ended else self._remaining())
                if not ready and (ended or self._expired()):
                    break
                for key, _ in ready:
                    if key.data == "end":
                        ended = True
                        streams.unregister(handle)
                    elif key.data == "stdin":
                        left = self._feed(streams, left)
                    else:
                        self._take(streams, key)
        if self.over is not None:
            self._end_now(handle)
        for each in (self.process.stdin, self.process.stdout, self.process.stderr):
            if each is not None:
                with suppress(BrokenPipeError):
                    each.close()

    def _end_now(self, handle: int) -> None:
        if self.tracing is None:
            processes.stop_at_once(self.process)
            return
        with suppress(ProcessLookupError):  # the trace may have reaped it; its children it ends itself
            signal.pidfd_send_signal(handle, signal.SIGKILL)

    def _remaining(self) -> float | None:
        seconds = self.options.limits.seconds
        return None if seconds is None else max(0.0, self.began + seconds - time.monotonic())

    def _expired(self) -> bool:
        if self._remaining() != 0.0:
            return False
        assert self.options.limits.seconds is not None
        self.over = time_end("wall", self.options.limits.seconds)
        return True

    def _feed(self, streams: selectors.BaseSelector, left: memoryview) -> memoryview:
        stream = self.process.stdin
        assert stream is not None
        try:
            left = left[os.write(stream.fileno(), left[:CHUNK]) :] if left else left
        except BlockingIOError:
            return left
        except BrokenPipeError:
            left = left[:0]
        if not left:
            streams.unregister(stream)
            with suppress(BrokenPipeError):
                stream.close()
        return left

    def _take(self, streams: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        try:
            data = os.read(key.fd, CHUNK)
        except BlockingIOError:
            return
        if not data:
            streams.unregister(key.fileobj)
            return
        self.written += len(data)
        if self.written > self.options.limits.output:
            self.over = output_end(self.options.limits.output)
            return
        self._emit(Wrote("stdout" if key.data == "stdout" else "stderr", data))


def _end(status: int, limits: Limits) -> Exited | Died:
    """What waitpid's status says."""
    if os.WIFEXITED(status):
        return Exited(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    if number == SIGXCPU and limits.cpu_seconds is not None:
        return time_end("CPU", limits.cpu_seconds)
    kind, what = KINDS.get(number, ("other", f"signal {number}"))
    advice = "in the userland machine the same program gets a report: instruction, backtrace, last calls"
    return Died(number, Report(kind, f"{what}, on this machine's kernel", advice=advice))  # type: ignore[arg-type]
