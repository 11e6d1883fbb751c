"""Which stages of rustc's bootstrap two builds are, by their paths, and what comparing those can show."""

from __future__ import annotations

import re
from pathlib import PurePath

STAGE = re.compile(r"^stage-?(\d)(?:$|[-_.])")


def stage_of(path: str) -> int | None:
    """The stage that a path names; the last one where it names several."""
    found = [STAGE.match(part) for part in PurePath(path).parts]
    numbers = [int(match[1]) for match in found if match]
    return numbers[-1] if numbers else None


def notes(left: str, right: str) -> list[str]:
    """What a person should know of the pair; nothing where the paths name no stages."""
    stages = stage_of(left), stage_of(right)
    if stages[0] is None or stages[1] is None:
        return []
    low, high = sorted((stages[0], stages[1]))
    if low == high:
        return [
            f"Both are stage {low}: this shows whether the build can be repeated, not whether the compiler "
            "reproduces itself; for that, compare stage 2 with stage 3."
        ]
    if (low, high) == (2, 3):
        return [
            "Stage 2 and stage 3 are the right pair for rustc: the same sources, compiled by a compiler that was "
            "itself built from them. They should be the same; every difference that is not a path, a time or a hash "
            "is a defect of the build or of the compiler.",
            "See that stage 3 was compiled and not copied: a copy is always the same "
            "(`full-bootstrap = true` in bootstrap.toml).",
        ]
    if low <= 1:
        return [
            f"Stage {low} and stage {high} were made by different compilers: stage 1 by the older one that was "
            "downloaded, stage 2 by stage 1. Other code is to be expected, and no sign of a fault; the same code "
            "would be luck.",
            "What this can show: files, exported symbols or embedded paths that one has and the other lacks. What it "
            "cannot: whether the compiler reproduces itself. Build stage 3 and compare stage 2 with it.",
        ]
    return [f"Stage {low} and stage {high}: from stage 2 on, all should be the same."]
