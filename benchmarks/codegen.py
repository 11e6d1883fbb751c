"""How many small programs of m68k are right with the back end's known faults mended, and with LLVM alone."""

from __future__ import annotations

import json
import shutil

from benchmarks.row import Row

from benchmarks import timing

PORT, LEVELS, MADE = "m68k-next-nextstep", ("0", "2", "s"), 40
TOOLS = ("llc-22", "m68k-linux-gnu-as", "m68k-linux-gnu-ld", "qemu-m68k")


def rows() -> list[Row]:
    """A row per level; none where the tools are missing."""
    if not all(map(shutil.which, TOOLS)):
        return []
    mended, alone = _right(), _right("--stock")
    return [
        Row(
            f"right programs of {total}, m68k at opt-level {level}",
            "LLVM alone",
            right,
            alone[level][0],
            "",
            "all",
            right == total,
        )
        for level, (right, total) in mended.items()
    ]


def _right(*words: str) -> dict[str, tuple[int, int]]:
    """Per level how many programs were right, and of how many."""
    levels = [word for level in LEVELS for word in ("--level", level)]
    argv = timing.portwright("codegen", PORT, *levels, "--made", str(MADE), *words, "--json")
    said = json.loads(timing.once(argv, status=(0, 1)).stdout)
    return {row["level"]: (int(row["right"]), int(row["programs"])) for row in said["rows"]}
