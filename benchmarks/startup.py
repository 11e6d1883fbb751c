"""How long a verb takes before it has done anything: `--version`, and a check that compiles nothing."""

from __future__ import annotations

import sys

from benchmarks.row import Row, below

from benchmarks import timing
from portwright.describe import toolchain as toolchains

TIMES = 10


def rows() -> list[Row]:
    """Two goals, against a Python that does nothing and against rustc reading the same target."""
    bare = timing.best([sys.executable, "-c", "pass"], TIMES)
    version = timing.best(timing.portwright("--version"), TIMES)
    spec = timing.once(timing.portwright("build", timing.PORT, "spec", "--json"))
    path = _spec(spec.stdout)
    rustc = timing.best(
        [str(toolchains.find().rustc), "-Zunstable-options", "--target", path, "--print", "cfg"],
        TIMES,
        env={"RUSTC_BOOTSTRAP": "1"},
    )
    check = timing.best(timing.portwright("check", "--no-probe", path), TIMES)
    port = timing.best(timing.portwright("check", "--no-probe", timing.PORT), TIMES)
    return [
        below("--version", "python -c pass", version.seconds * 1e3, bare.seconds * 1e3, "ms", limit=100),
        below(
            "check of a spec", "rustc --print cfg", check.seconds * 1e3, rustc.seconds * 1e3, "ms", limit=250
        ),
        below(
            "check of a port", "rustc --print cfg", port.seconds * 1e3, rustc.seconds * 1e3, "ms", limit=250
        ),
    ]


def _spec(document: str) -> str:
    import json

    return str(json.loads(document)["spec"])
