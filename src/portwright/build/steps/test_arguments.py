"""The step `test-arguments`: how cargo called rustc for std, as a file of arguments for building std's own tests.

Those are std once more, beside the one that libtest uses: the features, conditions and crates must be the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from portwright.base.errors import Fault, PortwrightError, Where
from portwright.build.steps import Call

MODULES = ("base.errors",)
# Libraries that are part of no program unless something names them, or that stand on std themselves.
_NOT_BELOW_STD = {"std", "test", "proc_macro", "sysroot", "getopts", "rustc_literal_escaper"}


def run(call: Call) -> str:
    """Write `std-unit.args`, a word a line."""
    path = Path(call.options["messages"])
    rows = [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]
    words = arguments(rows)
    if not words:
        raise PortwrightError([Fault("the build of std does not say how std was built", Where(path))])
    (call.out / "std-unit.args").write_text("".join(f"{word}\n" for word in words))
    return f"{len(words)} words"


def arguments(rows: list[dict[str, Any]]) -> list[str]:
    """The words that cargo's messages stand for; none where they do not tell of std."""
    libraries = [row for row in rows if row.get("reason") == "compiler-artifact" and _is_library(row)]
    std = next((row for row in libraries if row["target"]["name"] == "std"), None)
    if std is None:
        return []
    words: list[str] = []
    for feature in std["features"]:
        words += ["--cfg", f'feature="{feature}"']
    for row in rows:
        if row.get("reason") == "build-script-executed" and row["package_id"] == std["package_id"]:
            words += [word for condition in row["cfgs"] for word in ("--cfg", condition)]
    names = {str(row["target"]["name"]).replace("-", "_") for row in libraries}
    for name in sorted(names - _NOT_BELOW_STD):
        if not name.startswith("rustc_std_workspace"):
            words += ["--extern", name]
    return words


def _is_library(row: dict[str, Any]) -> bool:
    kinds = row["target"].get("kind", [])
    return any(kind in ("lib", "rlib") for kind in kinds) and "host" not in row
