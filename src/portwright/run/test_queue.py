"""Runs the tests of many binaries in several guests at a time, and yields what happens as it happens."""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from portwright.base.errors import PortwrightError
from portwright.run.events import TestResult
from portwright.run.test_binary import TestBinary

SMALLEST, LARGEST = 20, 400
"""How many tests a guest is given: enough to be worth its start, few enough that all workers have something to do."""


@dataclass(frozen=True, slots=True)
class Told:
    """A test of a suite begins (its name) or ended (its result)."""

    suite: str
    what: str | TestResult


@dataclass(frozen=True, slots=True)
class Batch:
    """Tests of one suite for one guest after another; `alone`: a guest for each."""

    suite: str
    binary: TestBinary
    names: tuple[str, ...]
    alone: bool = False


class Stopped(BaseException):
    """Raised inside a guest's run when nobody waits for its result any more."""


def batches(
    suite: str, binary: TestBinary, names: Sequence[str], alone: set[str], workers: int
) -> list[Batch]:
    """A suite's tests in batches, in their order; those that run alone last."""
    together = [name for name in names if name not in alone]
    size = min(max(math.ceil(len(together) / (workers * 3)), SMALLEST), LARGEST)
    found = [
        Batch(suite, binary, tuple(together[at : at + size]), not binary.harness)
        for at in range(0, len(together), size)
    ]
    single = [name for name in names if name in alone]
    found += [
        Batch(suite, binary, tuple(single[at : at + SMALLEST]), True)
        for at in range(0, len(single), SMALLEST)
    ]
    return found


def run(todo: Sequence[Batch], workers: int) -> Generator[Told, None, None]:
    """Run them all. Closing the iterator ends what runs at its next word, and starts nothing more."""
    waiting: queue.SimpleQueue[Batch] = queue.SimpleQueue()
    for batch in sorted(todo, key=lambda batch: -len(batch.names) * (1 + 10 * batch.alone)):
        waiting.put(batch)
    heard: queue.SimpleQueue[Told | BaseException | None] = queue.SimpleQueue()
    stop = threading.Event()
    threads = [
        threading.Thread(
            target=_work, args=(waiting, heard, stop), name=f"portwright-guests-{number}", daemon=True
        )
        for number in range(min(workers, len(todo)))
    ]
    for thread in threads:
        thread.start()
    left = len(threads)
    try:
        while left:
            told = heard.get()
            if told is None:
                left -= 1
            elif isinstance(told, BaseException):
                raise told
            else:
                yield told
    finally:
        stop.set()


def _work(
    waiting: queue.SimpleQueue[Batch],
    heard: queue.SimpleQueue[Told | BaseException | None],
    stop: threading.Event,
) -> None:
    try:
        while not stop.is_set():
            try:
                batch = waiting.get_nowait()
            except queue.Empty:
                break
            _run_batch(batch, heard, stop)
    except Stopped:
        pass
    except BaseException as error:
        heard.put(error)
    finally:
        heard.put(None)


def _run_batch(
    batch: Batch, heard: queue.SimpleQueue[Told | BaseException | None], stop: threading.Event
) -> None:
    def tell(what: str | TestResult) -> None:
        if stop.is_set():
            raise Stopped
        heard.put(Told(batch.suite, what))

    try:
        if batch.alone:
            for name in batch.names:
                batch.binary.alone(name, tell)
        else:
            batch.binary.together(batch.names, tell)
    except PortwrightError as error:
        # The guest could not be run at all: each test of the batch is told of, none looks as if it had passed.
        for name in batch.names:
            tell(TestResult(name, "not-run", str(error)))
