"""Runs a function in a process of its own, so that what kills that process becomes a value here.

For engines that live in the process that uses them: a guest, or the engine's own abort(), ends the worker and
no more. The function's events come back as they happen, its result or its exception at the end.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, Literal, TypeVar

from portwright.base.children import die_with_parent, ended_by, start_worker
from portwright.base.errors import Fault, PortwrightError

Result = TypeVar("Result")
Word = tuple[Literal["event", "result", "error"], Any]
MAIN = "from portwright.run.worker import main; main({task}, {answer})"


class WorkerDied(Exception):
    """The worker ended before the function did; `how` says by what, `late` that its time was over and we ended it."""

    def __init__(self, how: str, *, late: bool = False) -> None:
        super().__init__(how)
        self.how, self.late = how, late


def in_worker(
    function: Callable[..., Result],
    *arguments: Any,
    emit: Callable[[Any], None],
    memory: int | None = None,
    seconds: float | None = None,
) -> Result:
    """Call `function(*arguments, emit)` in a worker and answer what it answers.

    The worker's `emit` brings each event here, to ours. Raises what the function raised, or `WorkerDied`.
    `memory`: bytes that the worker may use beyond what it begins with; `seconds`: how long it may take.
    Function, arguments, events and result must be such that pickle takes them.
    """

    def work(answer: int) -> None:
        _work(answer, function, arguments, memory)

    def task() -> bytes:
        return pickle.dumps((function, arguments, memory))

    worker, reading = start_worker(work, MAIN, task)
    late = threading.Event()

    def too_late() -> None:
        late.set()
        worker.signal(signal.SIGKILL)

    watch = threading.Timer(seconds, too_late) if seconds is not None else None
    try:
        if watch is not None:
            watch.start()
        with os.fdopen(reading, "rb") as words:
            found = _listen(words, emit)
        if found is None:
            raise WorkerDied(ended_by(worker.wait()), late=late.is_set())
        worker.wait()
    finally:
        if watch is not None:
            watch.cancel()
            watch.join()
        worker.end()
    kind, value = found
    if kind == "error":
        raise value
    result: Result = value
    return result


def _listen(words: BinaryIO, emit: Callable[[Any], None]) -> Word | None:
    """Pass events on until the last word comes, or the pipe ends without one."""
    while True:
        try:
            kind, value = pickle.load(words)
        except (EOFError, pickle.UnpicklingError):
            return None
        if kind != "event":
            return kind, value
        emit(value)


def _work(answer: int, function: Callable[..., Any], arguments: tuple[Any, ...], memory: int | None) -> None:
    """In the worker: call the function and send what it says."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory is not None:
        _limit_memory(memory)
    with os.fdopen(answer, "wb", buffering=0) as words:

        def say(kind: str, value: Any) -> None:
            data = memoryview(pickle.dumps((kind, value)))
            while data:
                data = data[words.write(data) or 0 :]

        try:
            result = function(*arguments, lambda event: say("event", event))
        except Exception as error:
            say("error", _sendable(error))
        else:
            say("result", result)


def _limit_memory(room: int) -> None:
    pages = int(open("/proc/self/statm").read().split()[0])  # noqa: PTH123, SIM115 - not a file
    limit = pages * resource.getpagesize() + room
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _sendable(error: Exception) -> Exception:
    """The exception itself where it survives the way, else what it says."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return PortwrightError([Fault(f"{type(error).__name__}: {error}")])
    return error


def main(task: int, answer: int) -> None:
    """The whole of a worker that is a Python of its own; the descriptors are the task's and the pipe's."""
    die_with_parent()
    with os.fdopen(task, "rb") as given:
        function, arguments, memory = pickle.load(given)
    os.set_inheritable(answer, False)
    _work(answer, function, arguments, memory)
