"""Finds what makes a program of a hunt wrong: a pass of llc that can be left out, or what cannot be."""

from __future__ import annotations

from portwright.build.hunting import Hunt, Result, Variant
from portwright.derive.hunt_programs import Written

ALL_PASSES = 1 << 24
LEAST_PROBES, MOST_PROBES = 4, 40


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
    while wrong - right > 1:
        middle = (right + wrong) // 2
        if _alone(hunt, program, variant, middle) == expected:
            right = middle
        else:
            wrong = middle
    return f"wrong from -opt-bisect-limit={wrong} on, right with {right}: llc says which pass that is"


def _alone(hunt: Hunt, program: Written, variant: Variant, limit: int | None = None) -> Result:
    words = () if limit is None else (f"-opt-bisect-limit={limit}",)
    changed = Variant(variant.level, variant.cpu, variant.without, (*variant.llc, *words))
    return hunt.results([program], changed)[program.name]
