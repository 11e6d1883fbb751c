"""A port's sysroot, recorded and replayed: with nothing changed, and with one file of std changed, against cargo; and
built from nothing by Nix, a derivation for each compiler call."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.row import Row, at_most, below

from benchmarks import timing
from portwright.describe import toolchain as toolchains

CHANGED = Path("std/src/ascii.rs")


def rows() -> list[Row]:
    """The same cargo build by hand, once recorded and once for cargo itself; then the same change for both."""
    found = toolchains.find()
    (timing.ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=timing.ROOT / "build") as name:
        folder = Path(name)
        env = {"PORTWRIGHT_CACHE": str(folder / "cache")}
        words = timing.portwright("build", timing.PORT, "view", "--json")
        view = json.loads(timing.once(words, env=env).stdout)
        ours = _Build(folder / "ours", found, view)
        theirs = _Build(folder / "theirs", found, view)
        recording = folder / "sysroot.json"
        record = [
            "record",
            "-o",
            str(recording),
            "--source",
            str(ours.library),
            "--out",
            str(ours.target),
            "--",
        ]
        timing.once(timing.portwright(*record, *ours.argv), env={**env, **ours.env}, cwd=ours.library)
        cold = timing.once(theirs.argv, env=theirs.env, cwd=theirs.library).seconds
        nix = _by_nix(recording, folder, cold, env)
        replay = timing.portwright("replay", recording)
        first = timing.once(replay, env=env)
        still = timing.once(replay, env=env)
        fresh = timing.once(theirs.argv, env=theirs.env, cwd=theirs.library)
        for build in (ours, theirs):
            path = build.library / CHANGED
            path.write_text(path.read_text() + "// one more line\n")
        updated = timing.once([*replay, "--update"], env=env)
        rebuilt = timing.once(theirs.argv, env=theirs.env, cwd=theirs.library)
    if "0 ran" not in still.stdout or " ran" not in updated.stdout or "the same" not in first.stdout:
        raise SystemExit(
            f"bench: replay did not do what it should:\n{first.stdout}{still.stdout}{updated.stdout}"
        )
    return [
        below(
            "replay, nothing changed", "cargo, nothing changed", still.seconds, fresh.seconds, "s", limit=1
        ),
        at_most(
            "replay, one file of std changed",
            "cargo's own rebuild",
            updated.seconds,
            rebuilt.seconds,
            "s",
            times=1.2,
        ),
        *nix,
    ]


def _by_nix(recording: Path, folder: Path, cold: float, env: dict[str, str]) -> list[Row]:
    """nix-build in a store of its own, on as many processors as cargo has; none where there is no Nix."""
    if shutil.which("nix-build") is None:
        print("bench: no row of Nix: there is no `nix-build`", file=sys.stderr)
        return []
    timing.once(timing.portwright("emit", recording, "--to", "nix", "-o", folder / "nix"), env=env)
    store = timing.private_nix(folder / "nix-own")
    words = ["nix-build", "nix", "-A", "all", "--no-out-link", "--cores", "1", "-j", str(os.cpu_count() or 1)]
    took = timing.once(words, env=store, cwd=folder).seconds
    timing.once(["chmod", "-R", "u+w", str(folder / "nix-own")])
    return [at_most("nix-build of the recorded sysroot", "cargo, from nothing", took, cold, "s", times=1.25)]


class _Build:
    """A folder with a copy of the edited sources and what cargo is told by hand."""

    def __init__(self, folder: Path, found: toolchains.Toolchain, view: dict[str, str]) -> None:
        self.library, self.target, home = folder / "library", folder / "target", folder / "home"
        home.mkdir(parents=True)
        shutil.copytree(view["view"], self.library)
        (home / "config.toml").write_text(
            f'[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "{found.vendor}"\n'
        )
        spec = Path(view["spec"])
        self.env = {
            **found.variables(),
            "RUSTC": str(found.rustc),
            "RUSTC_BOOTSTRAP": "1",
            "RUST_TARGET_PATH": str(spec.parent),
            "CARGO_HOME": str(home),
            "CARGO_TARGET_DIR": str(self.target),
            "RUSTFLAGS": "-Zunstable-options -Zforce-unstable-if-unmarked",
        }
        manifest = str(self.library / "sysroot" / "Cargo.toml")
        self.argv = [
            *(
                str(found.cargo),
                "build",
                "-Zavoid-dev-deps",
                "--manifest-path",
                manifest,
                "--release",
                "--offline",
            ),
            *("--target", spec.stem, "--no-default-features", "--features", "compiler-builtins-mem"),
        ]
