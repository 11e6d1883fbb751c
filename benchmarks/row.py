"""One goal of `make bench`: what was measured, against which rival on the same work, and whether the goal is met."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table and of bench.json.

    `ours` and `theirs` are in `unit`; `ratio` is ours divided by theirs. `goal` is the goal in words, and `met`
    whether it is reached in this run (None: a number to know, with no goal of its own).
    """

    name: str
    rival: str
    ours: float
    theirs: float
    unit: str
    goal: str
    met: bool | None

    @property
    def ratio(self) -> float:
        """Ours divided by theirs."""
        return self.ours / self.theirs if self.theirs else float("inf")


def at_most(name: str, rival: str, ours: float, theirs: float, unit: str, *, times: float) -> Row:
    """A row whose goal is to need at most so many times what the rival needs."""
    return Row(name, rival, ours, theirs, unit, f"<= {times:g} x", ours <= theirs * times)


def at_least(name: str, rival: str, ours: float, theirs: float, unit: str, *, times: float) -> Row:
    """A row whose goal is to be at least so many times as fast as the rival (`unit` counts work per time)."""
    return Row(name, rival, ours, theirs, unit, f">= {times:g} x", ours >= theirs * times)


def below(name: str, rival: str, ours: float, theirs: float, unit: str, *, limit: float) -> Row:
    """A row whose goal is an absolute limit; the rival is there to compare with."""
    return Row(name, rival, ours, theirs, unit, f"< {limit:g} {unit}", ours < limit)
