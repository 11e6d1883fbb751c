"""LLVM's bitcode beside the code.

## What it is
`.llvmbc` in the objects of an rlib: the code once more, for link-time optimisation.

## Why it happens
It differs where the code, a name or a path does.

## Example
rlibs of two folders: the module's name in the bitcode holds the crate's hash.

## The cure
`-C embed-bitcode=no` leaves it out; otherwise it goes with the other differences.
"""

from __future__ import annotations

from portwright.judge.difference import Context, Difference, Explained, Role

RANK = 57
ROLE: Role = "consequence"


def explain(difference: Difference, context: Context) -> Explained | None:
    """The sections that hold it."""
    return Explained() if difference.part == "bitcode" else None
