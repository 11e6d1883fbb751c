"""Finds what makes a program of a hunt wrong: a pass of llc that can be left out, or what cannot be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from portwright.build.hunting import Hunt, Result, Variant
from portwright.derive.hunt_programs import Written

ALL_PASSES = 1 << 24
LEAST_PROBES, MOST_PROBES = 4, 40
_RAN = re.compile(r"^(?:(\w+): )?BISECT: running pass \((\d+)\) (.+) on (?:function |module )?\(?(.+?)\)?$")


def cause(hunt: Hunt, program: Written, variant: Variant, expected: int) -> str:
    """What was found out, in words."""
    alone = _alone(hunt, program, variant)
    if alone == expected:
        return "only together with other programs: alone it is right"
    if isinstance(alone, str) and alone.startswith("does not build"):
        return alone
    if _alone(hunt, program, variant, 0) != expected:
        return "not a pass that can be left out (opt-bisect-limit=0 is wrong, too): instruction selection, or a mend"
    right, wrong = 0, LEAST_PROBES
    for _ in range(MOST_PROBES):
        if _alone(hunt, program, variant, wrong) != expected or wrong >= ALL_PASSES:
            break
        right, wrong = wrong, wrong * 4
    if right >= ALL_PASSES or (wrong >= ALL_PASSES and _alone(hunt, program, variant, wrong) == expected):
        return "not narrowed: with a limit that leaves no pass out it is right"
    while wrong - right > 1:
        middle = (right + wrong) // 2
        if _alone(hunt, program, variant, middle) == expected:
            right = middle
        else:
            wrong = middle
    _alone(hunt, program, replace(variant, passes=True), wrong)
    return f"wrong from -opt-bisect-limit={wrong} on, right with {right}: {passes(hunt.passes, wrong)}"


def passes(said: Sequence[str], number: int) -> str:
    """The pass that has a number, and the function that it runs on; of each module, for each is counted alone."""
    found = [ran for line in said if (ran := _RAN.match(line)) is not None and int(ran[2]) == number]
    named = [f"{ran[3]} on {ran[4]}{f' (of the {ran[1]})' if ran[1] else ''}" for ran in found]
    return " or ".join(dict.fromkeys(named)) or "LLVM does not say which pass that is"


def _alone(hunt: Hunt, program: Written, variant: Variant, limit: int | None = None) -> Result:
    words = () if limit is None else (f"-opt-bisect-limit={limit}",)
    changed = replace(variant, llc=(*variant.llc, *words))
    return hunt.results([program], changed)[program.name]
