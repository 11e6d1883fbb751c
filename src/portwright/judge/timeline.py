"""When each step of a build ran, which of them the build waited for, and what made it slow: values, nothing drawn.

The critical path is the chain of steps, each needing the one before, that takes longest: with any number of processors
the build takes at least that long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Ran:
    """A step: when it began and how long it took in seconds, its processor time, the most memory in bytes."""

    id: str
    number: str
    title: str
    type: str
    began: float
    seconds: float
    cpu: float = 0.0
    peak: int = 0
    needs: tuple[str, ...] = ()
    status: int = 0

    @property
    def ended(self) -> float:
        """When it was done."""
        return self.began + self.seconds


@dataclass(frozen=True)
class Timeline:
    """A build: its steps in the plan's order, how long it took in all, what else to know."""

    title: str
    steps: tuple[Ran, ...]
    seconds: float
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def whole(self) -> float:
        """How long the build took, by its own account and by its steps'."""
        return max([self.seconds, *(step.ended for step in self.steps)])

    @cached_property
    def critical(self) -> tuple[Ran, ...]:
        """The critical path, the first step first."""
        before: dict[str, Ran | None] = {}
        length: dict[str, float] = {}
        rows = {step.id: step for step in self.steps}
        for step in self.steps:
            needs = [rows[need] for need in step.needs if need in length]
            longest = max(needs, key=lambda need: length[need.id], default=None)
            before[step.id] = longest
            length[step.id] = step.seconds
            if longest is not None:
                # A step may read what another makes before that one is at its end: rustc's metadata.
                length[step.id] += length[longest.id] - max(
                    min(longest.ended - step.began, step.seconds), 0.0
                )
        path: list[Ran] = []
        last = max(self.steps, key=lambda step: length[step.id], default=None)
        while last is not None:
            path.append(last)
            last = before[last.id]
        return tuple(reversed(path))

    @cached_property
    def length(self) -> float:
        """How long the critical path takes; where two steps of it ran at once, that time counts once."""
        total, done = 0.0, 0.0
        for step in self.critical:
            total += max(step.ended - max(step.began, done), 0.0) if done else step.seconds
            done = max(done, step.ended)
        return total

    @cached_property
    def changes(self) -> tuple[tuple[float, int], ...]:
        """How many steps ran from each moment on."""
        moments: dict[float, int] = {}
        for step in self.steps:
            if step.seconds > 0:
                moments[step.began] = moments.get(step.began, 0) + 1
                moments[step.ended] = moments.get(step.ended, 0) - 1
        rows, running = [(0.0, 0)], 0
        for at in sorted(moments):
            running += moments[at]
            rows.append((at, running))
        return tuple(rows)

    def spent(self, running: int) -> float:
        """Seconds for which exactly that many steps ran."""
        ends = [*(at for at, _ in self.changes[1:]), self.whole]
        return sum(end - at for (at, count), end in zip(self.changes, ends, strict=True) if count == running)

    @cached_property
    def most(self) -> int:
        """The most steps that ran at once."""
        return max(count for _, count in self.changes)


def reasons(line: Timeline) -> Iterator[str]:
    """What made the build slow, the weightiest first; in sentences."""
    whole = line.whole
    if not line.steps or whole <= 0:
        yield "No step of the build took any time."
        return
    path = line.length
    share = path / whole
    yield (
        f"The critical path has {len(line.critical)} steps and takes {path:.2f} s, {share:.0%} of the whole: "
        "no number of processors makes the build shorter than that."
    )
    work = sum(step.seconds for step in line.steps)
    yield f"On average {work / whole:.1f} steps ran at once, at most {line.most}."
    alone, idle = line.spent(1), line.spent(0)
    if line.most > 1 and alone > 0.05 * whole:
        yield f"For {alone:.2f} s ({alone / whole:.0%}) only one step ran: others waited for it."
    if idle > 0.05 * whole:
        yield f"For {idle:.2f} s ({idle / whole:.0%}) no step ran: the build itself was busy, or it waited."
    for step in sorted(line.steps, key=lambda step: -step.seconds)[:3]:
        if step.seconds > 0.1 * whole:
            word = ", on the critical path" if step in line.critical else ""
            told = f"{step.title} ({step.number}) took {step.seconds:.2f} s, {step.seconds / whole:.0%} of the whole"
            yield f"{told}{word}."
    yield from _waiting(line.steps, whole)


def _waiting(steps: Sequence[Ran], whole: float) -> Iterator[str]:
    """Steps that used little processor time for how long they took."""
    slow = [
        step for step in steps if step.cpu and step.seconds > 0.05 * whole and step.cpu < 0.5 * step.seconds
    ]
    for step in sorted(slow, key=lambda step: step.cpu - step.seconds)[:3]:
        told = (
            f"{step.title} ({step.number}) used a processor for {step.cpu:.2f} s of its {step.seconds:.2f} s"
        )
        yield f"{told}: it waited, for a disk or for processors that others had."
