"""Children that are no ordinary commands: programs held in memory, and workers that run a function of ours.

A child is ended only through a handle (pidfd) that cannot come to mean another process, and is always reaped.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path

WAIT_ALL = 0x4000_0000  # __WALL: traced children too
PR_SET_PDEATHSIG = 1


class Child:
    """A process that we started and have not reaped yet."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self._end = weakref.finalize(self, _end, pid, self._handle)

    @property
    def alive(self) -> bool:
        """Whether it has not been reaped (it may have ended)."""
        return self._end.alive

    def signal(self, number: int) -> None:
        """Send it a signal, from any thread; nothing happens where it is gone."""
        if self._end.alive:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._handle, number)

    def wait(self) -> int:
        """Wait for its end and reap it; the status as waitpid gives it."""
        while True:
            _, status = os.waitpid(self.pid, WAIT_ALL)
            if not os.WIFSTOPPED(status):
                self.reaped()
                return status

    def reaped(self) -> None:
        """Note that somebody has waited for it already."""
        if self._end.detach():
            os.close(self._handle)

    def end(self) -> None:
        """Kill it and reap it; may be called twice."""
        self._end()


def _end(pid: int, handle: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while os.WIFSTOPPED(os.waitpid(pid, WAIT_ALL)[1]):
            pass
    os.close(handle)


def signal_traced(pid: int, number: int) -> None:
    """Send a signal to a process that we trace: until we reap it its number means no other. Nothing if it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def ended_by(status: int) -> str:
    """What waitpid's status of an ended process says, for a person: `ended by SIGSEGV`, `exited with status 3`."""
    if os.WIFSIGNALED(status):
        return f"ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exited with status {os.WEXITSTATUS(status)}"


def start_image(program: bytes, name: str) -> Child:
    """Start an executable held in memory, with no standard streams, no environment and a session of its own.

    Does not fork this process (a large one would take long to copy). A signal to our terminal's group does
    not reach it.
    """
    file = os.memfd_create(name, os.MFD_CLOEXEC)
    try:
        os.write(file, program)
        closed = [(os.POSIX_SPAWN_CLOSE, number) for number in (0, 1, 2) if _is_open(number)]
        return Child(os.posix_spawn(f"/proc/self/fd/{file}", [name], {}, file_actions=closed, setsid=True))
    finally:
        os.close(file)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def start_worker(work: Callable[[int], None], main: str, task: Callable[[], bytes]) -> tuple[Child, int]:
    """Start a worker; answers it and the end of a pipe that it writes to.

    Where this process has one thread, the worker is a fork that calls `work(fd)`: quick. A process with
    several threads cannot be forked safely: there a fresh Python runs `main`, a statement in which `{task}`
    and `{answer}` stand for the descriptors of the task's bytes and of the pipe. The worker has our standard
    streams and dies with us.
    """
    reading, writing = os.pipe()
    try:
        if threading.active_count() > 1:
            return _start_fresh(main, task(), writing), reading
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _be_worker(work, writing)
        return Child(pid), reading
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)


def _be_worker(work: Callable[[int], None], writing: int) -> None:
    status = 1
    try:
        die_with_parent()
        work(writing)
        status = 0
    except BaseException:
        traceback.print_exc()  # only a defect of ours comes here: `work` reports what it can report
    finally:
        os._exit(status)  # none of the parent's exit handlers, buffers and finalizers are the worker's


def die_with_parent() -> None:
    """In a worker: end when the parent ends, and leave the keyboard's interrupt to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _start_fresh(main: str, task: bytes, writing: int) -> Child:
    """A worker that is a Python of its own."""
    given = os.memfd_create("task", os.MFD_CLOEXEC)
    try:
        os.write(given, task)
        os.lseek(given, 0, os.SEEK_SET)
        for file in (given, writing):
            os.set_inheritable(file, True)
        code = main.format(task=given, answer=writing)
        path = os.pathsep.join((str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")))
        environment = {**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)}
        return Child(os.posix_spawn(sys.executable, [sys.executable, "-c", code], environment))
    finally:
        os.close(given)
