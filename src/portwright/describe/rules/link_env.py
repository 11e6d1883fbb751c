"""An environment variable for the linker that rustc cannot read.

## What it does
Reports entries of `link-env` that are not of the form NAME=VALUE.

## Why is this bad?
rustc refuses the spec.

## Example
`"link-env": ["ZERO_AR_DATE"]` becomes `["ZERO_AR_DATE=1"]`.

## Since
All versions of rustc; before 1.91 such an entry was ignored.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.rule import Finding
from portwright.describe.spec_case import Case


def check(case: Case) -> Iterator[Finding]:
    """One finding per entry."""
    for index, entry in enumerate(case.texts("link-env")):
        if entry.count("=") != 1:
            yield Finding(f"`link-env` has {entry!r}, which is not NAME=VALUE", ("link-env", index))
