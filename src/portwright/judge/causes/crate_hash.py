"""A crate's hash.

## What it is
Two names of one thing that differ in the hash that Rust puts into symbols, files and codegen units: `17h...E` in the
older mangling, `Cs..._` in v0, `-0123456789abcdef` in a file's name.

## Why it happens
rustc makes the hash of the crate's name, of every `-C metadata` and of its own version. cargo makes `-C metadata` of
where the package comes from (a folder's path too), its version, features and profile.

## Example
`libx-1f3a....rlib` built in `/home/a/x` and `libx-77c0....rlib` built in `/home/b/x`.

## The cure
The same `-C metadata`, crate name and compiler on both sides; with cargo: the same path to the workspace, lock file,
features, profile, and the same RUSTFLAGS.
"""

from __future__ import annotations

from portwright.judge import symbol_names
from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 31
ROLE: Role = "cause"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Names and texts that are the same without hashes."""
    if not difference.left or not difference.right or difference.part == "build-id":
        return None
    left, right = difference.left.decode("latin-1"), difference.right.decode("latin-1")
    if symbol_names.unstable(left, right) == "crate":
        return Explained()
    return None
