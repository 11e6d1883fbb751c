"""Verdicts: what was seen, named. "Not run" never looks like "passed"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Outcome = Literal[
    "passed",  # everything that must be seen was seen
    "wrong",  # it ended, but its output or exit status is not the expected one
    "panicked",  # it noticed a fault of its own, said so and gave up
    "crashed",  # a fault ended it
    "silent",  # it says nothing more, and has not ended
    "no-boot-target",  # the firmware found nothing to start
    "flood",  # it says more than anybody could read
    "flaky",  # of several runs some passed and some did not
    "limit",  # a limit on time, memory, files or output ended it
    "not-offered",  # it needs an operation that the ledger does not offer
    "never-reported",  # its events ended without an end: nothing says how it went
    "not-run",  # it was not started; `detail` says why
    "could-not-run",  # it was to be started, and that failed
]
OUTCOMES: tuple[str, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one criterion: `detail` in one line, `evidence` as many lines as help."""

    outcome: Outcome
    detail: str = ""
    evidence: str = ""

    @property
    def passed(self) -> bool:
        """Whether all was as it must be."""
        return self.outcome == "passed"


def exit_status(verdicts: list[Verdict]) -> int:
    """0 if all passed, 1 if any was judged wrong, 2 if none was wrong but some could not be judged, or none was."""
    undecided = {"not-run", "could-not-run"}
    if any(not v.passed and v.outcome not in undecided for v in verdicts):
        return 1
    return 0 if verdicts and all(v.passed for v in verdicts) else 2
