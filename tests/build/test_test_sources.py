"""Rust's own suites as they lie in a source tree, and the crates that they need, of the lock's versions."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from portwright.base.errors import BadInput, PortwrightError
from portwright.build import test_goals, test_sources
from portwright.describe.toolchain import Toolchain

LOCK = """version = 4

[[package]]
name = "rand"
version = "0.9.2"
source = "registry+somewhere"
checksum = "aa"
dependencies = [
 "rand_core",
]

[[package]]
name = "rand_core"
version = "0.9.3"
source = "registry+somewhere"
checksum = "bb"

[[package]]
name = "other"
version = "1.0.0"
source = "registry+somewhere"
checksum = "cc"
"""


def tree(folder: Path) -> Path:
    """A library with the shapes that cargo knows: named tests, found tests, one without libtest's main."""
    files = {
        "coretests/Cargo.toml": '[lib]\ntest = false\n[[test]]\nname = "coretests"\npath = "tests/lib.rs"\n'
        '[dev-dependencies]\nrand = { version = "0.9", default-features = false }\n',
        "alloctests/Cargo.toml": '[lib]\npath = "lib.rs"\n[[test]]\nname = "alloctests"\npath = "tests/lib.rs"\n',
        "std/Cargo.toml": '[[test]]\nname = "pipes"\npath = "tests/p.rs"\nharness = false\n'
        '[dev-dependencies]\nrand = { version = "0.9", default-features = false, features = ["alloc"] }\n',
        "std/tests/p.rs": "",
        "std/tests/env.rs": "",
        "std/tests/common/mod.rs": "",
        "Cargo.lock": LOCK,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_the_suites_of_a_tree_are_those_that_cargo_would_make(tmp_path: Path) -> None:
    found = {suite.name: suite for suite in test_sources.suites(tree(tmp_path))}
    assert list(found) == ["core", "alloc-unit", "alloc", "std-unit", "std-env", "std-pipes"]
    assert found["std-pipes"].source == "std/tests/p.rs" and not found["std-pipes"].harness
    assert found["alloc-unit"].source == "alloctests/lib.rs" and found["alloc-unit"].harness


def test_the_crates_lock_is_the_part_of_the_librarys_that_they_reach(tmp_path: Path) -> None:
    wanted = {"rand": {"version": "0.9", "default-features": False, "features": ["alloc"]}}
    lock = tomllib.loads(test_sources.lock(tree(tmp_path) / "Cargo.lock", wanted))
    assert [(row["name"], row.get("checksum")) for row in lock["package"]] == [
        ("rand", "aa"),
        ("rand_core", "bb"),
        ("test-crates", None),
    ]
    manifest = tomllib.loads(test_sources.manifest(wanted))
    assert manifest["dependencies"]["rand"] == wanted["rand"]
    with pytest.raises(PortwrightError, match="lacks absent"):
        test_sources.lock(tmp_path / "Cargo.lock", {"absent": {}})


@pytest.mark.toolchain
def test_rusts_own_tree_has_them_all(toolchain: Toolchain) -> None:
    facts = test_sources.gather(toolchain)
    names = [suite.name for suite in facts.suites]
    assert {"core", "alloc", "alloc-unit", "std-unit", "std-env", "std-sync", "std-pipe-subprocess"} <= set(
        names
    )
    assert {suite.kind for suite in facts.hosts} == {"core", "alloc"}
    assert 'name = "rand"' in facts.lock and "checksum" in facts.lock


def test_a_kind_stands_for_its_suites_and_a_misspelling_is_told(tmp_path: Path) -> None:
    suites = test_sources.suites(tree(tmp_path))
    assert [suite.name for suite in test_goals.choose(suites, ["std"])] == ["std-env", "std-pipes"]
    assert [suite.name for suite in test_goals.choose(suites, ["alloc-unit", "core"])] == [
        "core",
        "alloc-unit",
    ]
    with pytest.raises(BadInput, match="did you mean `core`"):
        test_goals.choose(suites, ["cor"])
