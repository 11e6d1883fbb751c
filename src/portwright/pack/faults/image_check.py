"""What the checker of an image's own format finds.

## What it is
The format's `check` (as in `portwright image check`), each kind of problem once with its number.

## Why is this bad?
A damaged image is read by whoever does not notice; the program that then fails is blamed for it.

## Example
A bitmap that says "free" of a block which a file uses: the next file written overwrites it.

## What to do
`portwright image check IMAGE` lists every problem, `--repair` mends what can be mended without losing anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from portwright.formats import Problem
from portwright.pack.fault import Found
from portwright.pack.subject import Case

MOST = 100_000


def check(case: Case) -> Iterator[Found]:
    """One finding per code."""
    module = case.known.module if case.known else None
    if module is None or not hasattr(module, "HOLDS"):
        return
    by_code: dict[str, list[Problem]] = defaultdict(list)
    for number, problem in enumerate(module.check(case.source)):
        by_code[problem.code].append(problem)
        if number >= MOST:
            break
    for code, problems in by_code.items():
        first = problems[0]
        more = f" (and {len(problems) - 1:,} more of this kind)" if len(problems) > 1 else ""
        at = f"{first.path.decode('utf-8', 'replace')}: " if first.path else ""
        yield Found(f"{at}{first.what}{more} [{code}]", first.address, first.hint, first.severity)
