"""derive/forecast: what becomes of edits on a tree that has something else in their places."""

from __future__ import annotations

import pytest

from portwright.derive import forecast, overlay
from portwright.derive.edit import ArmFirst, AttributeTerm, BuildTerm, CfgUnordered, Edit, NewFile, TomlTable
from portwright.derive.forecast import Tree

ARM = 'target_os = "mine" => {\n    mod portwright;\n    pub use self::portwright::*;\n}'


def tree(**files: str) -> Tree:
    """A tree of files; `__` stands for `/`, and `.rs` is added."""
    texts = {f"{name.replace('__', '/')}.rs": text for name, text in files.items()}
    return Tree(frozenset(texts), texts.get)


def fate(edit: Edit, texts: dict[str, str]) -> forecast.Fate:
    """The fate of one edit."""
    (found,) = forecast.forecast([edit], Tree(frozenset(texts), texts.get))
    return found


def test_an_edit_that_finds_its_place_applies() -> None:
    """As on the tree that it was written for."""
    found = fate(ArmFirst("std/a.rs", 1, 1, ARM, "why"), {"std/a.rs": "cfg_select! {\n    _ => {}\n}\n"})
    assert (found.outcome, found.carried, found.why) == ("applies", None, "why")


def test_an_arm_becomes_a_branch_of_the_older_macro() -> None:
    """`cfg_if!` is there instead: the branch goes before the first, and the result is right Rust."""
    text = "cfg_if::cfg_if! {\n    if #[cfg(unix)] {\n        mod unix;\n    } else {\n        mod none;\n    }\n}\n"
    found = fate(ArmFirst("std/a.rs", 1, 1, ARM, "why"), {"std/a.rs": text})
    assert found.outcome == "changed" and found.place == "std/a.rs:1" and "cfg_if!" in found.found
    assert found.carried is not None
    changed = overlay.apply("std/a.rs", text, [found.carried])
    assert 'if #[cfg(target_os = "mine")] {' in changed
    assert (
        changed.index("mod portwright")
        < changed.index("else\n    if #[cfg(unix)]")
        < changed.index("mod unix")
    )


def test_of_several_blocks_the_one_that_looks_alike_is_taken() -> None:
    """Where the count differs, only one whose branches have the arm's own shape; else the edit is not carried."""
    other = "cfg_if! {\n    if #[cfg(a)] { type A = u8; } else { type A = i8; }\n}\n"
    alike = "cfg_if! {\n    if #[cfg(a)] {\n        mod a;\n        pub use self::a::*;\n    } else {}\n}\n"
    found = fate(ArmFirst("std/a.rs", 1, 1, ARM, "why"), {"std/a.rs": other + alike})
    assert isinstance(found.carried, ArmFirst) and (found.carried.block, found.carried.of) == (2, 2)
    assert found.place == "std/a.rs:4"
    for text in (other + other, alike + alike):
        lost = fate(ArmFirst("std/a.rs", 1, 1, ARM, "why"), {"std/a.rs": text})
        assert lost.outcome == "changed" and lost.carried is None and "2 blocks, not 1" in lost.found


@pytest.mark.parametrize("edit_path", ["std/src/sys/time/mod.rs", "std/src/sys/time.rs"])
def test_a_module_that_moved_is_found_by_its_name(edit_path: str) -> None:
    """One other place is named; many of one kind are named as a kind, with the file that chooses."""
    one = fate(AttributeTerm(edit_path, "mod x", "a", "why"), {"std/src/sys/pal/time.rs": ""})
    assert (one.outcome, one.place) == ("moved", "std/src/sys/pal/time.rs")
    many = {f"std/src/sys/pal/{name}/time.rs": "" for name in ("a", "b", "c", "d")}
    kind = fate(AttributeTerm(edit_path, "mod x", "a", "why"), many)
    assert (kind.outcome, kind.place) == ("moved", "std/src/sys/pal/mod.rs")
    assert "std/src/sys/pal/*/time.rs: one for each of 4 systems" in kind.found
    gone = fate(AttributeTerm(edit_path, "mod x", "a", "why"), {"core/src/time.rs": ""})
    assert gone.outcome == "gone" and "`time`" in gone.found


def test_a_new_file_needs_its_modules_folder() -> None:
    """The layer's own folders are new in any tree."""
    edit = NewFile("std/src/sys/fs/portwright/file.rs", "", "why")
    assert fate(edit, {"std/src/sys/fs/mod.rs": ""}).outcome == "applies"
    assert fate(edit, {"std/src/sys/pal/unix/fs.rs": ""}).outcome == "moved"
    assert fate(edit, {"std/src/lib.rs": ""}).outcome == "gone"
    assert fate(edit, {edit.path: ""}).outcome == "changed"


def test_what_is_there_in_the_place_is_said() -> None:
    """A term without its list, a chain without its neighbour, an effect that is there already."""
    term = fate(
        AttributeTerm("std/a.rs", "fn gone", "x", "why"), {"std/a.rs": "\n#[cfg(unix)]\nfn other() {}\n"}
    )
    assert term.outcome == "changed" and "#[cfg(...)] at lines 2" in term.found
    chain = fate(BuildTerm("std/b.rs", "a == b", "c", "why"), {"std/b.rs": "fn main() {}\n"})
    assert chain.outcome == "changed" and "`a == b`" in chain.found
    twice = fate(
        CfgUnordered("std/c.rs", "#[cfg(a)] mod a;", "why"),
        {"std/c.rs": "cfg_unordered! {\n#[cfg(a)] mod a;\n}\n"},
    )
    assert (twice.outcome, twice.place) == ("changed", "std/c.rs:1") and "already" in twice.found


def test_a_dependency_is_taken_in_the_trees_own_version() -> None:
    """The version that its lock file can have."""
    edit = TomlTable(
        "std/Cargo.toml",
        "target.'cfg(a)'.dependencies",
        'heap = { version = "0.2.10", features = [] }',
        "why",
    )
    text = "[target.'cfg(b)'.dependencies]\nheap = { version = \"0.2.4\" }\n"
    found = fate(edit, {"std/Cargo.toml": text})
    assert found.outcome == "changed" and "heap 0.2.4" in found.found and "heap 0.2.10" in found.found
    assert isinstance(found.carried, TomlTable) and 'version = "0.2.4", features' in found.carried.body
    assert fate(edit, {"std/Cargo.toml": text.replace("0.2.4", "0.2.10")}).outcome == "applies"


def test_counts_and_what_is_carried() -> None:
    """Every outcome has its count, and what applies is laid over as it is."""
    edits = [NewFile("std/x.rs", "", "w"), NewFile("test/src/deep/x.rs", "", "w")]
    fates = forecast.forecast(edits, tree(std__lib=""))
    assert forecast.count(fates) == {"applies": 1, "moved": 0, "changed": 0, "gone": 1}
    assert forecast.carried(edits, fates) == (edits[0],)
