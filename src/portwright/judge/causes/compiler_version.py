"""Another compiler made it.

## What it is
The two sides name other compilers, or other versions of one.

## Why it happens
Every compiler and linker writes its version into `.comment`; rustc's commit stands in the paths of std's sources
(`/rustc/<commit>/library/...`).

## Example
`GCC: (Debian 12.2.0-14)` on one side and `GCC: (Debian 13.3.0-6)` on the other; stage 1 and stage 2 of rustc.

## The cure
Build both sides with the same compiler and linker (pin them: a lock file, `rust-toolchain.toml`, a container).

Code of two compilers differs, too: those differences are shown as code, and follow from this.
"""

from __future__ import annotations

import re

from portwright.judge.difference import Context, Difference, Explained, Role
from portwright.judge.windows import words

RANK = 33
ROLE: Role = "cause"
COMMIT = re.compile(rb"/rustc/[0-9a-f]{40}")
VERSION = re.compile(rb"(?:rustc version|clang version|GCC:|LLD) [^\0]*")


def explain(difference: Difference, context: Context) -> Explained | None:
    """What `.comment` says, and rustc's commit in paths."""
    if difference.part == "comment":
        return Explained()
    for pattern in (COMMIT, VERSION):
        found = words(pattern, difference.left, difference.right)
        if found is not None and len(found[0]) > 4:
            return Explained(
                f"{found[0].decode('utf-8', 'replace')} in A, {found[1].decode('utf-8', 'replace')} in B"
            )
    return None
