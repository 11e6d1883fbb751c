"""A file has other permissions.

## What it is
The permission bits of a file, a folder or a member differ.

## Why it happens
The umask of who built it, a tool that copies without them, or a step that was done on one side only.

## Example
`0644` on one side and `0664` on the other: a umask of 022 and one of 002.

## The cure
`umask 022` before both builds; in archives `tar --mode=u+rwX,go+rX,go-w`, `ar rcD`.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 12
ROLE: Role = "cause"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Permission bits."""
    return Explained() if difference.kind == "mode" else None
