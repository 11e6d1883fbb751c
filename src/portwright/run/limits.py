"""What a guest may use (memory, time, files, output), and the watch that ends it when its time is up.

Counting is done where the thing is used (address space, file table, streams); here are the numbers, the
reports that say which limit it was, and the thread that looks at the clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from portwright.run.events import Died, Report

SIGKILL = 9
SIGXCPU = 24


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of memory, seconds of wall and CPU time (None: no end), open files, bytes written, processes at once
    (those that nobody has waited for count).

    All processes of a run share the memory and the time.
    """

    memory: int = 1 << 30
    seconds: float | None = None
    cpu_seconds: float | None = None
    files: int = 256
    output: int = 4 << 30
    processes: int = 128


class Budget:
    """The memory of all processes of a run: how much is held, and the most that ever was."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.peak = 0

    def take(self, count: int) -> None:
        """Note that so many bytes more are held (or less)."""
        self.used += count
        self.peak = max(self.peak, self.used)

    def allows(self, count: int) -> bool:
        """Whether so many bytes more may be held."""
        return self.used + count <= self.limit


def bytes_text(count: int) -> str:
    """A count of bytes for a person: `256 KiB`, `1 GiB`."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.4g} {unit}"
    return f"{count} bytes"


def memory_report(asked: int, held: int, limit: int) -> Report:
    """The guest asked for memory beyond its limit (the call fails; the guest goes on)."""
    what = f"memory limit: {bytes_text(asked)} more were asked for with {bytes_text(held)} held of {bytes_text(limit)}"
    return Report("memory-limit", what, advice="allow more with `--memory`, for example `--memory 2G`")


def files_report(limit: int) -> Report:
    """The guest opened more files than it may (the call fails; the guest goes on)."""
    what = f"file limit: {limit} files are open and one more was asked for"
    return Report("files-limit", what, advice="close files, or allow more with `--open-files`")


def processes_report(limit: int) -> Report:
    """The guest started more processes than it may (the call fails; the guest goes on)."""
    what = f"process limit: there are {limit} processes, and one more was asked for"
    advice = "wait for those that have ended, or allow more with `--processes`"
    return Report("processes-limit", what, advice=advice)


def processes_end(limit: int) -> Died:
    """The end of a run that starts process after process although it is refused."""
    what = f"process limit: there are {limit} processes, and {limit} more were asked for in vain"
    advice = "a process that copies itself without end? `--processes` allows more"
    return Died(SIGKILL, Report("processes-limit", what, advice=advice))


def output_end(limit: int) -> Died:
    """The end of a guest that wrote more than it may."""
    report = Report("output-limit", f"output limit: more than {bytes_text(limit)} were written")
    return Died(SIGKILL, Report(report.kind, report.what, advice="allow more with `--output`"))


def time_end(kind: str, limit: float) -> Died:
    """The end of a guest whose `wall` or `CPU` time is used up."""
    option = "--time" if kind == "wall" else "--cpu-time"
    report = Report(
        "time-limit",
        f"time limit: still running after {limit:g} s of {kind} time",
        advice=f"allow more with `{option}`; `--trace` shows what it does, the backtrace where it was",
    )
    return Died(SIGXCPU, report)


class Watch:
    """Looks at wall and CPU time from a thread of its own, and calls `interrupt` when one is used up.

    No thread is made where there is no limit. `cpu_seconds` tells the guest's CPU time so far.
    """

    def __init__(
        self, limits: Limits, interrupt: Callable[[], None], cpu_seconds: Callable[[], float] | None
    ) -> None:
        self.limits = limits
        self.began = time.monotonic()
        self.ended: Died | None = None
        self._interrupt = interrupt
        self._cpu_seconds = cpu_seconds if limits.cpu_seconds is not None else None
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to count."""
        self.began = time.monotonic()
        if self.limits.seconds is not None or self._cpu_seconds is not None:
            self._thread = threading.Thread(target=self._look, name="portwright-watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop counting."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def remaining(self) -> float | None:
        """Seconds of wall time left, or None where there is no end."""
        if self.limits.seconds is None:
            return None
        return max(0.0, self.began + self.limits.seconds - time.monotonic())

    def expired(self) -> Died | None:
        """The end that a used-up limit makes, or None."""
        seconds, cpu = self.limits.seconds, self.limits.cpu_seconds
        if seconds is not None and self.remaining == 0.0:
            return time_end("wall", seconds)
        if self._cpu_seconds is not None and cpu is not None and self._cpu_seconds() >= cpu:
            return time_end("CPU", cpu)
        return None

    def _look(self) -> None:
        while not self._done.is_set():
            self.ended = self.expired()
            if self.ended is not None:
                self._interrupt()
                # The guest may have been inside a call just then: ask again until it has stopped.
                self._done.wait(0.05)
                continue
            pause = self.remaining
            if self._cpu_seconds is not None:
                pause = min(pause if pause is not None else 0.05, 0.05)
            self._done.wait(pause)
