"""A path of the machine that built it.

## What it is
One side names a folder where the other names another; with the folders put in each other's place both are the same.

## Why it happens
Panic messages (`file!()`), debug information and crate metadata hold the paths of the sources as the compiler was given
them.

## Example
`/home/a/x/src/lib.rs` and `/build/x/src/lib.rs` in `.rodata`: each place that can panic names its file.

## The cure
`--remap-path-prefix FOLDER=/src` on both sides, each with its own folder (for C: `-ffile-prefix-map=FOLDER=/src`).

`-Z trim-paths` or `profile.trim-paths` of cargo does the same where it is there; bootstrap.toml has
`rust.remap-debuginfo = true`. Building both at the same path, in a container or a mount namespace, cures it as well.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role
from portwright.judge.windows import folders

RANK = 35
ROLE: Role = "cause"


def explain(difference: Difference, context: Context) -> Explained | None:
    """Texts that are the same but for a folder, and those that name a folder of only one side."""
    left, right = difference.left, difference.right
    if left and right:
        tops = [
            root.encode().split(b"/")[1] for root in (context.left, context.right) if root.startswith("/")
        ]
        found = folders(left, right, tops)
        if found is None:
            return None
        one, two = (folder.decode("utf-8", "replace") for folder in found)
        cure = (
            f"`--remap-path-prefix {one}=/src` when building A and `--remap-path-prefix {two}=/src` when building B "
            "(for C: `-ffile-prefix-map`)"
        )
        return Explained(f"a path: {one} in A, {two} in B", cure)
    text = (left or right).decode("latin-1")
    for side, root in (("A", context.left), ("B", context.right)):
        if root.count("/") >= 2 and root.rpartition("/")[0] + "/" in text:
            return Explained(f"a path that only {side} has: {root.rpartition('/')[0]}")
    return None
