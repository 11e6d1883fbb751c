"""An image that is mostly symbols and debug information.

## What it is
Programs in an image or folder whose stripping would save a tenth of it or more; for a Redox initfs, also whether it is
larger than the 64 MiB that the archiver allows by default.

## Why is this bad?
It is read into memory whole, and archives have limits: `bump allocation failed: max limit reached` was this.

## Example
An initfs of 17 programs: 61 MB stripped, more than the limit before.

## What to do
Strip the programs before packing; the largest savings are listed.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found, Severity
from portwright.pack.subject import Case

LIMITED, LIMIT = "redox-initfs", 64 << 20
SHOWN = 3


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    rows = [
        (m.program.strippable, m.path) for m in case.members if m.program is not None and m.program.strippable
    ]
    saved = sum(size for size, _ in rows)
    over = case.format == LIMITED and case.size > LIMIT
    if not case.volume or (saved * 10 < case.size and not over):
        return
    largest = ", ".join(f"{path} {size:,}" for size, path in sorted(rows, reverse=True)[:SHOWN])
    what = f"stripping its programs would save {saved:,} of {case.size:,} bytes"
    what += f" ({largest})" if rows else ""
    if over:
        what += f"; it is larger than the {LIMIT >> 20} MiB that redox-initfs-ar allows by default"
    severity: Severity = "warning" if over else "note"
    yield Found(what, severity=severity)
