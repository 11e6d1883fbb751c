"""`portwright patches`: the overlay on the tree that it was written for, on an older one, and on none."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from portwright.describe import toolchain as toolchains

NAME = "x86_64-unknown-veridian"
Portwright = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.toolchain
def test_every_edit_applies_to_the_own_tree(portwright: Portwright) -> None:
    """jobs/patches: nothing to say but the count."""
    ran = portwright("patches", NAME, "--no-compile")
    assert ran.returncode == 0, ran.stderr
    first, second = ran.stdout.splitlines()
    assert first.endswith(" apply") and second == "std was not compiled: --no-compile"


def test_a_tree_that_is_none_is_bad_input(portwright: Portwright, tmp_path: Path) -> None:
    """Status 2, with what would be one."""
    ran = portwright("patches", NAME, "--against", tmp_path)
    assert ran.returncode == 2 and "no Rust source tree" in ran.stderr and "library/std" in ran.stderr


@pytest.mark.toolchain
def test_an_empty_tree_has_nothing_to_change(portwright: Portwright, tmp_path: Path) -> None:
    """Each edit is gone, and it is not called a success."""
    (tmp_path / "library" / "std").mkdir(parents=True)
    (tmp_path / "library" / "std" / "Cargo.toml").write_text("[package]\nname = 'std'\n")
    ran = portwright("patches", NAME, "--against", tmp_path, "--json")
    document = json.loads(ran.stdout)
    assert ran.returncode == 1 and document["counts"]["gone"] > 20
    assert document["compiled"]["outcome"] == "not-run"
    assert all(fate["why"] for fate in document["fates"])


@pytest.mark.e2e
@pytest.mark.toolchain
def test_the_forecast_for_an_older_rust(portwright: Portwright) -> None:
    """Against Rust 1.85: what the facts say of its tree is found, and its own compiler says how far std comes."""
    if not any(
        row.toolchain is not None and row.toolchain.version.startswith("1.85.") and row.toolchain.source
        for row in toolchains.survey()
    ):
        got = portwright("setup", "--rust", "1.85")
        if got.returncode != 0:
            pytest.skip(f"Rust 1.85 cannot be had here: {got.stderr.splitlines()[0]}")
    ran = portwright("patches", NAME, "--against", "1.85", "--json")
    document = json.loads(ran.stdout)
    assert ran.returncode == 1 and document["version"] == "1.85.0"
    fates = {(fate["path"], fate["edit"]): fate for fate in document["fates"]}
    assert fates["std/src/sys/alloc/mod.rs", "an arm first in `cfg_select!` 1 of 1"]["outcome"] == "changed"
    assert (
        fates["std/src/sys/args/mod.rs", "an arm first in `cfg_select!` 1 of 1"]["place"]
        == "std/src/sys/pal/mod.rs"
    )
    assert document["compiled"]["outcome"] == "errors" and document["compiled"]["errors"] > 20
    codes = {group["code"] for group in document["compiled"]["groups"]}
    assert {"E0433", "E0432"} <= codes
