"""An `abi` that is no ABI.

## What it does
Reports an `abi` that none of the found rustc's own targets has.

## Why is this bad?
`abi` is a cfg value (`target_abi`) and nothing more: it chooses no calling convention. Crates that test it
take a wrong branch, and readers believe something was set.

## Example
`"abi": "SystemV"`: the System V calling convention comes with the CPU and the object format.

## Since
All versions of rustc that have the key (1.48).
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Edit, Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """At most one finding."""
    abi = case.text("abi")
    if abi and abi not in case.facts.values("abi"):
        what = f"`abi` is only the cfg value `target_abi`: `{abi}` sets no calling convention"
        edits = (Edit("abi", remove=True),)
        yield Finding(what, ("abi",), severity="warning", edits=edits, safe=True)
