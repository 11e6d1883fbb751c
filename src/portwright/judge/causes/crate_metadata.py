"""A crate's metadata.

## What it is
`lib.rmeta` in an rlib, `.rustc` in a dylib: what other crates must know of this one, in a form that only the same rustc
reads.

## Why it happens
It holds hashes of everything that the crate consists of: names, paths of the sources, the lines on which things stand,
flags, and the hashes of the crates that it uses. So it differs wherever any of that does.

## Example
A crate that was compiled in two folders: no code differs, and every rlib does.

## The cure
It goes with its causes: the same sources, `--remap-path-prefix` for the paths, the same `-C metadata` and flags.

Where nothing else differs, it is a path, a line (a comment that was added) or a crate that this one uses.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 55
ROLE: Role = "consequence"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Metadata as a whole."""
    return Explained() if difference.part == "metadata" and difference.kind != "missing" else None
