"""Runs whole suites of tests: lists them, goes on where a killed run was, and keeps each result as it comes."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from portwright.base.errors import PortwrightError
from portwright.base.hashing import hash_file, hash_value
from portwright.formats.libtest import Listed
from portwright.run import test_queue
from portwright.run.events import TestResult
from portwright.run.test_binary import TestBinary
from portwright.run.test_journal import Journal


@dataclass(frozen=True)
class Ran:
    """What became of the suites: test by test, and the suites that did not even list their tests, with why.

    `resumed`: how many results an earlier, killed run had already; `whole`: suites of which every test was run.
    """

    results: Mapping[str, Mapping[str, TestResult]]
    broken: Mapping[str, str]
    whole: frozenset[str]
    resumed: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """So many tests of so many have their results; `now`: what was told last."""

    done: int
    total: int
    now: test_queue.Told


@dataclass(frozen=True, slots=True)
class Request:
    """How to run suites: `folder` holds the journals, `identity` is what besides the binary makes a run another one.

    `filters`: only tests whose name holds one of these. `again`: take nothing from a whole journal.
    """

    folder: Path
    identity: str
    seed: int
    workers: int
    filters: tuple[str, ...] = ()
    again: bool = True


def run(binaries: Mapping[str, TestBinary], request: Request) -> Generator[Progress, None, Ran]:
    """Run the suites, several guests at a time."""
    broken: dict[str, str] = {}
    with ExitStack() as closing:
        journals = _open(binaries, request, broken, closing)
        resumed = sum(len(journal.results) for journal in journals.values())
        todo: list[test_queue.Batch] = []
        for name, journal in journals.items():
            _note_ignored(journal)
            names = [test for test in journal.left if _wanted(test, request.filters)]
            seeded = replace(binaries[name].options, seed=journal.seed)
            binary = replace(binaries[name], options=seeded)
            todo += test_queue.batches(name, binary, names, journal.alone, request.workers)
        total = sum(len(batch.names) for batch in todo)
        yield from _follow(todo, journals, request.workers, total)
        if not request.filters:
            for journal in journals.values():
                if not journal.whole and not journal.left:
                    journal.end()
    results = {name: _kept(journal, request.filters) for name, journal in journals.items()}
    seconds = {name: sum(result.seconds for result in tests.values()) for name, tests in results.items()}
    whole = frozenset(name for name, journal in journals.items() if not journal.left)
    return Ran(results, broken, whole, resumed, seconds)


def _follow(
    todo: Sequence[test_queue.Batch], journals: Mapping[str, Journal], workers: int, total: int
) -> Generator[Progress, None, None]:
    done = 0
    telling = test_queue.run(todo, workers)
    try:
        for told in telling:
            if isinstance(told.what, TestResult) and journals[told.suite].add(told.what):
                done += 1
            yield Progress(done, total, told)
    finally:
        telling.close()


def _open(
    binaries: Mapping[str, TestBinary], request: Request, broken: dict[str, str], closing: ExitStack
) -> dict[str, Journal]:
    """A journal for each suite that lists its tests; why not, for each other."""

    def listed(name: str) -> Journal | str:
        binary = binaries[name]
        identity = hash_value([hash_file(binary.path), request.identity])
        journal = Journal(request.folder / f"{name}.jsonl", identity, request.seed).read()
        if journal.whole and request.again:
            journal.forget()
        try:
            tests, alone = (journal.tests, journal.alone) if journal.tests is not None else binary.tests()
        except PortwrightError as error:
            return str(error)
        journal.begin(tests, alone)
        return journal

    found: dict[str, Journal] = {}
    with ThreadPoolExecutor(request.workers) as pool:
        for name, journal in zip(binaries, pool.map(listed, binaries), strict=True):
            if isinstance(journal, str):
                broken[name] = journal
            else:
                found[name] = closing.enter_context(journal)
    return found


def _note_ignored(journal: Journal) -> None:
    """Ignored tests need no guest."""
    for test in journal.tests or []:
        if test.ignored and test.name not in journal.results:
            journal.add(TestResult(test.name, "ignored", test.reason))


def _wanted(name: str, filters: tuple[str, ...]) -> bool:
    return not filters or any(part in name for part in filters)


def _kept(journal: Journal, filters: tuple[str, ...]) -> dict[str, TestResult]:
    order: list[Listed] = journal.tests or []
    return {
        test.name: journal.results[test.name]
        for test in order
        if test.name in journal.results and _wanted(test.name, filters)
    }
