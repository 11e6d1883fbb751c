"""Judge one program's run: a pure, incremental function from what was expected and the events to a verdict.

Serves live and on recorded events alike. The output is judged at the end, where a crash or a status says more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from portwright.describe.port import Expect
from portwright.judge.verdict import Verdict
from portwright.run.events import Died, Exited, RunEvent, Wrote

LIMITS = {"memory-limit", "time-limit", "output-limit", "files-limit", "processes-limit"}
NOT_OFFERED = "not offered: "
Pieces = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What has been seen of a run so far; `verdict` is there when the run has ended.

    The output is in pieces, each more than twice the next: a state is a value, and a long output that comes in
    many small writes is not copied at each of them.
    """

    expect: Expect
    output: Pieces = ()
    errors: Pieces = ()
    end: Exited | Died | None = None
    verdict: Verdict | None = None

    @property
    def stdout(self) -> bytes:
        """All of standard output."""
        return b"".join(self.output)

    @property
    def stderr(self) -> bytes:
        """All of standard error."""
        return b"".join(self.errors)


def begin(expect: Expect) -> Seen:
    """The state before the first event."""
    return Seen(expect)


def step(seen: Seen, event: RunEvent) -> Seen:
    """The state after one more event."""
    if seen.verdict is not None:
        return seen
    match event:
        case Wrote("stdout", data):
            return replace(seen, output=_longer(seen.output, data))
        case Wrote("stderr", data):
            return replace(seen, errors=_longer(seen.errors, data))
        case Exited() | Died():
            ended = replace(seen, end=event)
            return replace(ended, verdict=_judge_end(ended))
        case _:
            return seen


def _longer(pieces: Pieces, data: bytes) -> Pieces:
    while pieces and len(pieces[-1]) <= 2 * len(data):
        data, pieces = pieces[-1] + data, pieces[:-1]
    return (*pieces, data)


def close(seen: Seen) -> Verdict:
    """The verdict when no more events will come."""
    return seen.verdict or Verdict("never-reported", "the run's events stop without an exit", _tail(seen))


def judge(expect: Expect, events: Iterable[RunEvent]) -> Verdict:
    """The verdict over a whole recorded run."""
    seen = begin(expect)
    for event in events:
        seen = step(seen, event)
    return close(seen)


def _judge_end(seen: Seen) -> Verdict:
    missing = _not_offered(seen)
    if missing:
        return Verdict("not-offered", missing, _tail(seen))
    if isinstance(seen.end, Died):
        report = seen.end.report
        return Verdict("limit" if report.kind in LIMITS else "crashed", report.what, report.text())
    assert isinstance(seen.end, Exited)
    expect = seen.expect
    if expect.stdout is not None and seen.stdout != expect.stdout.encode():
        return Verdict("wrong", _difference(expect.stdout.encode(), seen.stdout), _tail(seen))
    for stream, wanted, data in (
        ("standard output", expect.stdout_contains, seen.stdout),
        ("standard error", expect.stderr_contains, seen.stderr),
    ):
        for text in wanted:
            if text.encode() not in data:
                return Verdict("wrong", f"{stream} lacks {text!r}", _tail(seen))
    if seen.end.status != expect.exit:
        return Verdict("wrong", f"exit status {seen.end.status}, expected {expect.exit}", _tail(seen))
    return Verdict("passed", _told(expect))


def _not_offered(seen: Seen) -> str | None:
    """The complaint of a guest's std that the ledger lacks an operation, where the run failed over it."""
    failed = isinstance(seen.end, Died) or (
        isinstance(seen.end, Exited) and seen.end.status != seen.expect.exit
    )
    if not failed:
        return None
    for line in seen.stderr.decode(errors="replace").splitlines():
        if NOT_OFFERED in line:
            return NOT_OFFERED + line.split(NOT_OFFERED, 1)[1].strip().strip("\"'`)}").split('"')[0]
    return None


def _told(expect: Expect) -> str:
    parts = ["output as expected"] if expect.stdout is not None or expect.stdout_contains else []
    parts += ["message as expected"] if expect.stderr_contains else []
    return ", ".join([*parts, f"exit status {expect.exit}"])


def _difference(expected: bytes, seen: bytes) -> str:
    wanted, got = expected.splitlines(), seen.splitlines()
    for number, (left, right) in enumerate(zip(wanted, got, strict=False), 1):
        if left != right:
            return f"line {number} of standard output is {_short(right)}, expected {_short(left)}"
    if len(got) < len(wanted):
        return f"standard output ends after {len(got)} lines; line {len(got) + 1} should be {_short(wanted[len(got)])}"
    if len(got) > len(wanted):
        return (
            f"standard output goes on after its {len(wanted)} expected lines with {_short(got[len(wanted)])}"
        )
    return "standard output differs in its line ends"


def _short(line: bytes) -> str:
    text = line.decode(errors="backslashreplace")
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _tail(seen: Seen) -> str:
    rows = []
    for name, data in (("stdout", seen.stdout), ("stderr", seen.stderr)):
        lines = data.decode(errors="backslashreplace").splitlines()[-10:]
        rows += [f"{name}: {line}" for line in lines]
    return "\n".join(rows)
