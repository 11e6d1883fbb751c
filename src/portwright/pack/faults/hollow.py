"""A file that should be a program or an image and holds nothing.

## What it is
An executable file, or one whose name has a fixed role, that is empty or begins with thousands of zeros.

## Why is this bad?
The file is there, so that nobody looks; its content never was written.

## Example
A binary copied into an image whose FUSE mount was stale: the name arrived, the data did not.

## What to do
Write it again, with `portwright image add`, and look at it afterwards with `portwright image cat`.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.magic import HEAD, role
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    path = case.node.path.decode("utf-8", "replace") if case.node is not None else case.name
    wanted = role(path)
    runs = case.node is not None and case.node.mode & 0o111
    if not runs and (wanted is None or not wanted.sure):
        return
    if case.size == 0:
        yield Found("it is empty")
    elif not any(case.source.read(0, min(HEAD, case.size))):
        yield Found(f"its first {min(HEAD, case.size):,} bytes are zeros", 0)
