"""Judge one run with an injected fault: whether the program ended in one of the ways that Rust documents.

It may succeed, report the failure, panic, or abort with a message. It must not hang, fall over without a word, end
as if nothing had happened with a wrong output, or have claimed work that is not there (see `claims.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from portwright.describe.port import Expect
from portwright.judge.claims import Look, broken
from portwright.judge.program import begin, close, step
from portwright.run.events import Died, Doubt, Exited, Outcome, Wrote

Ending = Literal[
    "succeeded",  # all as without the fault
    "handled",  # it told of the failure and ended with a status of its own
    "panicked",  # status 101, with a panic's message
    "aborted",  # ended by std with a message: no memory, no thread-locals, no way to exit
    "hung",  # it did not end
    "crashed",  # a fault, or an abort without a word
    "lost-data",  # what it said was written is not there
    "wrong-output",  # it ended as if all were well, and its output is not what it must be
    "never-struck",  # the fault did not happen: nothing was tried
]
ENDINGS: tuple[str, ...] = get_args(Ending)
GOOD = frozenset({"succeeded", "handled", "panicked", "aborted"})
PANICKED, ABORTED = 101, 134
SIGABRT = 6
PANIC = b"panicked at"
LAST_WORDS = (PANIC, b"fatal runtime error", b"memory allocation of")
ENDLESS = {"time-limit", "output-limit", "deadlock"}


@dataclass(frozen=True, slots=True)
class Tried:
    """How a case ended; `detail` in a line, `evidence` for what is not good."""

    ending: Ending
    detail: str = ""
    evidence: str = ""

    @property
    def good(self) -> bool:
        """Whether it is one of the documented ways."""
        return self.ending in GOOD


def judge(expect: Expect, outcome: Outcome, look: Look, doubt: Doubt, *, told: bool = True) -> Tried:
    """How a run ended. `look` shows the program's files; `doubt`: what of the output cannot be relied on.

    `told`: somebody has said what the output must be. Else a program may well print that a call failed, and only
    what must not show at all (a short count, an interruption) is held against what it printed without faults.
    """
    if not any(fault.struck for fault in outcome.faults):
        return Tried("never-struck", "the program made no such call this time")
    tried = _ending(expect, outcome, doubt, told)
    if tried.ending in ("hung", "crashed") or (doubt.stream in (1, 2) and doubt.closed):
        return tried
    lost = broken(outcome.stdout, outcome.stderr, look)
    if lost:
        return Tried("lost-data", lost[0], "\n".join(lost))
    return tried


def _ending(expect: Expect, outcome: Outcome, doubt: Doubt, told: bool) -> Tried:
    end, stream = outcome.end, doubt.stream
    spoke = any(words in outcome.stderr for words in LAST_WORDS)
    if isinstance(end, Died):
        report = end.report
        if report.kind in ENDLESS:
            return Tried("hung", report.what, report.text())
        if (report.kind == "illegal-instruction" or end.signal == SIGABRT) and spoke:
            return Tried("aborted", _last_line(outcome.stderr))
        return Tried("crashed", report.what, report.text())
    if end.status == PANICKED:
        return _with_words(outcome, "panicked", PANIC in outcome.stderr, stream)
    if end.status == ABORTED:
        return _with_words(outcome, "aborted", spoke, stream)
    if end.status != expect.exit:
        return Tried("handled", f"exit status {end.status}: {_last_line(outcome.stderr)}")
    seen = begin(expect)
    for event in (Wrote("stdout", outcome.stdout), Wrote("stderr", outcome.stderr), end):
        seen = step(seen, event)
    verdict = close(seen)
    if verdict.passed:
        return Tried("succeeded")
    if stream is not None and doubt.closed:
        return Tried("succeeded", "std takes a closed standard stream for one that gives and takes nothing")
    if stream is not None and _only_lacks(expect, outcome, stream):
        return Tried("succeeded", "without what could not be written")
    if not told and (outcome.stderr or not doubt.harmless):
        return Tried("handled", f"it prints something else: {verdict.detail}")
    return Tried("wrong-output", verdict.detail, verdict.evidence)


def _with_words(outcome: Outcome, ending: Ending, spoke: bool, stream: int | None) -> Tried:
    """An end that must have said something, unless it was its last words that could not be written."""
    if spoke or stream == 2:
        return Tried(ending, _last_line(outcome.stderr))
    assert isinstance(outcome.end, Exited)
    return Tried("crashed", f"exit status {outcome.end.status} without a word")


def _only_lacks(expect: Expect, outcome: Outcome, stream: int) -> bool:
    """Whether the output is the expected one but for parts that are missing: std drops what a closed stream refuses,
    and what is left in its buffer at the end."""
    if stream == 1 and expect.stdout is not None:
        return _subsequence(outcome.stdout, expect.stdout.encode())
    return stream == 2 or expect.stdout is None


def _subsequence(part: bytes, whole: bytes) -> bool:
    rest = iter(whole.splitlines())
    return all(any(line in other for other in rest) for line in part.splitlines())


def _last_line(data: bytes) -> str:
    lines = [line for line in data.decode(errors="backslashreplace").splitlines() if line.strip()]
    return lines[-1][:160] if lines else "no message"
