"""The build id.

## What it is
A number in `.note.gnu.build-id` by which debuggers find a program's debug information.

## Why it happens
The linker makes it of the whole output, so that it differs wherever anything differs. Alone it differs only if it is
random (`--build-id=uuid`) or given.

## Example
Every program of two builds that differ in one string.

## The cure
It goes when the other differences do; `-C link-arg=-Wl,--build-id=none` leaves it out, `--build-id=sha1` makes it of the
content.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 20
ROLE: Role = "consequence"


def explain(difference: Difference, context: Context) -> Explained | None:
    """The note, there or other."""
    return Explained() if difference.part == "build-id" else None
