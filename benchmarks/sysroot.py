"""A sysroot from cold, against the same cargo build done by hand on a plain copy of the edited sources."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from benchmarks.row import Row, at_most, below

from benchmarks import timing
from portwright.describe import toolchain as toolchains

ROUNDS = 2
HAND = "cargo build by hand"


def rows() -> list[Row]:
    """Ours and theirs in turn, from nothing each time; the quickest of each."""
    found = toolchains.find()
    (timing.ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=timing.ROOT / "build") as name:
        folder = Path(name)
        view = json.loads(_ours(folder / "warm", "view").stdout)
        shutil.copytree(view["view"], folder / "library")
        hand, ours = [], []
        for number in range(ROUNDS):
            hand.append(_by_hand(found, folder / "library", Path(view["spec"]), folder / f"hand{number}"))
            ours.append(_ours(folder / f"ours{number}", "sysroot"))
        again = _by_hand(found, folder / "library", Path(view["spec"]), folder / "hand0")
        still = _ours(folder / "ours0", "sysroot")
    cpu_theirs, cpu_ours = min(t.cpu_seconds for t in hand), min(t.cpu_seconds for t in ours)
    theirs, best = min(t.seconds for t in hand), min(t.seconds for t in ours)
    peak = max(timed.peak_mb for timed in ours)
    return [
        at_most("sysroot from cold", HAND, best, theirs, "s", times=1.1),
        at_most("the same, processor time", HAND, cpu_ours, cpu_theirs, "s", times=1.1),
        below("sysroot again", f"{HAND}, again", still.seconds, again.seconds, "s", limit=2),
        below(
            "memory of the tool, building",
            "cargo itself",
            peak,
            max(t.peak_mb for t in hand),
            "MB",
            limit=300,
        ),
    ]


def _ours(cache: Path, goal: str) -> timing.Timed:
    return timing.once(
        timing.portwright("build", timing.PORT, goal, "--json"),
        env={"PORTWRIGHT_CACHE": str(cache), "XDG_STATE_HOME": str(cache / "state")},
    )


def _by_hand(found: toolchains.Toolchain, library: Path, spec: Path, folder: Path) -> timing.Timed:
    argv, env = by_hand(found, library, spec, folder)
    return timing.once(argv, env=env)


def by_hand(
    found: toolchains.Toolchain, library: Path, spec: Path, folder: Path
) -> tuple[list[str], dict[str, str]]:
    """What a porter types who has no portwright, on sources that are edited already: argv, and what to set."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(
        f'[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "{found.vendor}"\n'
    )
    env = {
        **found.variables(),
        "RUSTC": str(found.rustc),
        "RUSTC_BOOTSTRAP": "1",
        "RUST_TARGET_PATH": str(spec.parent),
        "CARGO_HOME": str(home),
        "CARGO_TARGET_DIR": str(folder / "target"),
        "RUSTFLAGS": "-Zunstable-options -Zforce-unstable-if-unmarked",
    }
    words = [
        "build",
        "-Zavoid-dev-deps",
        "--manifest-path",
        str(library / "sysroot" / "Cargo.toml"),
        "--release",
    ]
    words += [
        "--offline",
        "--target",
        spec.stem,
        "--no-default-features",
        "--features",
        "compiler-builtins-mem",
    ]
    return [str(found.cargo), *words], env
