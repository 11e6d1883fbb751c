"""A time was written down.

## What it is
The two sides hold other times: of a member of an archive, in a gzip header, or as text in a program.

## Why it happens
`ar` and `tar` record when each file was changed, `gzip` when it ran; `__DATE__` and `__TIME__` in C, and build scripts
that ask for the date, put it into the program.

## Example
A static library made by `ar rcU`: its members carry the second in which each object was compiled.

## The cure
Set SOURCE_DATE_EPOCH to one number for both builds; archives by `ar rcD`, `tar --mtime=@0 --sort=name`, `gzip -n`.

rustc itself writes no times. gcc and clang take SOURCE_DATE_EPOCH for `__DATE__` and `__TIME__`;
`-Wdate-time` finds what uses them.
"""

from __future__ import annotations

import re

from portwright.judge.difference import Context, Difference, Explained, Role
from portwright.judge.windows import words

RANK = 10
ROLE: Role = "cause"
MONTHS = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
WRITTEN = re.compile(
    rb"(?:"
    + MONTHS
    + rb" [ \d]\d (?:\d\d:\d\d:\d\d )?\d{4}(?:.?\d\d:\d\d:\d\d)?)|(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?)"
    rb"|(?:\d\d:\d\d:\d\d(?:.?" + MONTHS + rb" [ \d]\d \d{4})?)"
)
CURES = {
    "gzip": "`gzip -n`, or SOURCE_DATE_EPOCH set to one number for both builds",
    "C": "SOURCE_DATE_EPOCH set to one number for both builds: compilers take it for `__DATE__` and `__TIME__`",
}


def explain(difference: Difference, context: Context) -> Explained | None:
    """Recorded times, and dates and times of day in texts."""
    if difference.kind == "time":
        return Explained(cure=CURES["gzip"] if difference.section == "gzip" else "")
    if difference.part in ("debug", "symbols"):
        return None
    found = words(WRITTEN, difference.left, difference.right)
    if found is None:
        return None
    return Explained(f"a time: {found[0].decode()} in A, {found[1].decode()} in B", CURES["C"])
