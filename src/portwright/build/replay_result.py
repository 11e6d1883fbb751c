"""What became of a step that was replayed, held against what was seen of it when it was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from portwright.build.contents import Content
from portwright.build.replay_run import Ran, Trouble
from portwright.derive.plan import Step
from portwright.derive.recording import Seen

Outcome = Literal["same", "differs", "failed", "blocked", "rebuilt", "unjudged"]


@dataclass(frozen=True, slots=True)
class Differing:
    """An output that is not what was seen: hash and kind then, and what came out now (None: nothing)."""

    path: str
    kind: str
    digest: str
    now: Content | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a step.

    `inputs` are those that are not as they were recorded, by name, with the step that they are of. `blocked` by
    `inputs` that did not come out. `rebuilt`: a source was changed, and so there is nothing to hold it against.
    """

    step: Step
    outcome: Outcome
    ran: bool
    why: tuple[str, ...]
    seconds: float = 0.0
    status: int = 0
    recorded_status: int | None = 0
    differing: tuple[Differing, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    strays: tuple[str, ...] = ()
    words: str = ""
    trouble: Trouble = ""


def judge(
    step: Step,
    seen: Seen,
    ran: Ran,
    inputs: Mapping[str, Content],
    why: tuple[str, ...],
    *,
    did: bool,
    anew: bool,
) -> Replayed:
    """Hold what a step did against what was seen of it; `did`: it ran now; `anew`: of changed sources."""
    other = {
        row.path: row.step
        for row in step.inputs
        if row.kind != "folder" and inputs[row.path].digest != row.digest
    }
    differing = tuple(
        Differing(row.path, row.kind, row.digest, now)
        for row in seen.outputs
        for now in (ran.outputs.get(row.path),)
        if now is None or (now.kind, now.digest) != (row.kind, row.digest)
    )
    status_differs = seen.status is not None and ran.status != seen.status
    lost = any(row.now is None for row in differing)
    outcome: Outcome = "same"
    if ran.trouble and status_differs:
        outcome = "unjudged"
    elif status_differs or lost:
        outcome = "failed"
    elif differing:
        outcome = "rebuilt" if other and anew else "differs"
    trouble = ran.trouble if outcome == "unjudged" else ""
    return Replayed(
        step, outcome, did, why, ran.seconds, ran.status, seen.status, differing, other, ran.strays,
        ran.words if outcome in ("failed", "unjudged") else "", trouble,
    )  # fmt: skip
