"""Where a boot first differs from the last good one: numbers, times and the order of neighbours do not count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-f]{8,}\b|\d+(?:\.\d+)?")
MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Divergence:
    """`line` of this boot is the first that the good one did not have (None: none is); `missing` the first of the good
    one after `common`, the last line that both had."""

    common: str | None
    line: str | None
    missing: str | None

    def text(self) -> str:
        """For a person."""
        rows = [f"both: {self.common}"] if self.common else []
        rows += [f"here: {self.line}"] if self.line else ["here: nothing more"]
        rows += [f"good: {self.missing}"] if self.missing else []
        return "\n".join(rows)


def find(good: Sequence[str], bad: Sequence[str]) -> Divergence | None:
    """The first difference; None where this boot shows all that the good one did, and nothing else."""
    good, bad = _said(good), _said(bad)
    first = {_key(row): number for number, row in reversed(list(enumerate(good)))}
    common: int | None = None
    for row in bad:
        number = first.get(_key(row))
        if number is None:
            return Divergence(_row(good, common), row, _row(good, (-1 if common is None else common) + 1))
        common = max(number, -1 if common is None else common)
    if common is None:
        return Divergence(None, None, good[0]) if good else None
    place = common + 1
    return Divergence(good[common], None, good[place]) if place < len(good) else None


def _said(rows: Sequence[str]) -> list[str]:
    return [row.strip() for row in rows if row.strip()][:MOST_LINES]


def _key(row: str) -> str:
    return NUMBERS.sub("#", row)


def _row(rows: Sequence[str], number: int | None) -> str | None:
    return rows[number] if number is not None and 0 <= number < len(rows) else None
