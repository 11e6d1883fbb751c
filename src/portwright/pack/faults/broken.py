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

from portwright.pack.fault import Found
from portwright.pack.subject import Case

MOST = 20


def check(case: Case) -> Iterator[Found]:
    """One finding per thing that could not be read."""
    for problem in case.all_problems[:MOST]:
        yield Found(problem)
