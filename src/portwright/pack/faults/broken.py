"""A file whose own tables are damaged.

## What it is
Something that its format promises is not there: a table outside the file, a name outside its table, a folder that cannot
be read.

## Why is this bad?
Every reader makes something else of it.

## Example
An image in which a tool wrote a header over the first folder.

## What to do
Make it again; `portwright image check` says more about an image.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from portwright.pack.fault import Found
from portwright.pack.subject import Case

MOST, MOST_TOLD = 20, 1000


def check(case: Case) -> Iterator[Found]:
    """One finding per thing that could not be read."""
    _ = case.program, case.pe, case.macho, case.archive  # whatever it is, it is read now
    problems = case.all_problems
    module = case.known.module if case.known else None
    if problems and module is not None and hasattr(module, "HOLDS"):
        told = {problem.what for problem in islice(module.check(case.source), MOST_TOLD)}  # by image-check
        problems = [problem for problem in problems if problem not in told]
    for problem in problems[:MOST]:
        yield Found(problem)
