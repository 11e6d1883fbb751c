"""An archive names other owners.

## What it is
Members of an archive belong to other users or groups.

## Why it happens
`tar` and `ar` record who owned each file where the archive was made.

## Example
One tarball was made by root in a container, the other by a user.

## The cure
`tar --owner=0 --group=0 --numeric-owner`, and `ar rcD` for static libraries.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 11
ROLE: Role = "cause"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Owners that were recorded."""
    return Explained() if difference.kind == "owner" else None
