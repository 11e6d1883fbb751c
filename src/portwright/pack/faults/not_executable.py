"""A program in an image that nobody may execute.

## What it is
An ELF program whose permission bits have no `x`.

## Why is this bad?
The loader or the shell refuses it; some systems say "not found".

## Example
A file that came through a share on which `chmod` does nothing.

## What to do
`portwright image chmod 755 IMAGE:PATH`, or set the mode in the tree before packing.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.magic import role
from portwright.pack.subject import Case


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    node = case.node
    if case.program is None or not case.program.runs or node is None or node.kind != "file":
        return
    if not node.mode & 0o111 and role(node.path.decode("utf-8", "replace")) is None:
        yield Found(f"it is a program, and its mode is {node.mode:04o}", severity="warning")
