"""The source view: what it is made of, that the tree behind it is safe, and that an update touches only what changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portwright.base.errors import BadInput, PortwrightError
from portwright.base.hashing import hash_tree
from portwright.build.view import make_view, update
from portwright.derive.edit import ArmFirst, NewFile
from portwright.describe.toolchain import Toolchain

MOD = "cfg_select! {\n    _ => {}\n}\n"
ARM = ArmFirst("std/sys.rs", 1, 1, "mine => {}", "x")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small source tree."""
    root = tmp_path / "tree"
    for name, text in {
        "Cargo.toml": "[workspace]\n",
        "Cargo.lock": "",
        "std/Cargo.toml": "[package]\n",
        "std/sys.rs": MOD,
        "std/other.rs": "fn other() {}\n",
        "std/deep/er/a.rs": "",
        "vendor/x/lib.rs": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    os.utime(root / "std" / "sys.rs", (1000, 1000))
    return root


def stamps(view: Path) -> dict[str, tuple[int, int]]:
    """Time and inode of everything below the view."""
    return {
        path.relative_to(view).as_posix(): (path.lstat().st_mtime_ns, path.lstat().st_ino)
        for path in view.rglob("*")
        if not path.is_dir()
    }


def test_a_view_is_links_to_the_tree_and_copies_of_what_is_edited(tree: Path, tmp_path: Path) -> None:
    view = tmp_path / "view"
    changes = make_view(tree, [ARM, NewFile("std/new/n.rs", "new\n", "x")], view)
    assert sorted(changes.written) == ["Cargo.lock", "Cargo.toml", "std/new/n.rs", "std/sys.rs"]
    assert (view / "std/other.rs").readlink() == tree / "std/other.rs"
    assert "mine => {}" in (view / "std/sys.rs").read_text()
    assert not (view / "vendor").exists(), "cargo reads vendored crates from the tree"
    for path in view.rglob("*"):
        if path.is_dir():
            assert not path.is_symlink(), "a file made in a linked folder would lie in the tree"
        elif not path.is_symlink():
            assert path.stat().st_nlink == 1, "a hard link would let a writer reach the tree"
    assert not (view / "Cargo.lock").is_symlink(), "cargo writes its lock file"


def test_the_tree_is_never_touched(tree: Path, tmp_path: Path) -> None:
    before = hash_tree(tree, remember=False), stamps(tree)
    for edits in ([ARM], [], [NewFile("std/new.rs", "x", "x")]):
        make_view(tree, edits, tmp_path / "view")
    assert (hash_tree(tree, remember=False), stamps(tree)) == before
    with pytest.raises(PortwrightError, match="cannot lie in its tree"):
        make_view(tree, [], tree / "view")
    with pytest.raises(PortwrightError, match="cannot lie in its tree"):
        make_view(tree, [], tree.parent)


def test_an_update_touches_only_what_changed(tree: Path, tmp_path: Path) -> None:
    view = tmp_path / "view"
    make_view(tree, [ARM], view)
    before = stamps(view)
    assert not make_view(tree, [ARM], view).any
    assert stamps(view) == before
    other = ArmFirst("std/sys.rs", 1, 1, "yours => {}", "x")
    assert make_view(tree, [other], view).written == ["std/sys.rs"]
    after = stamps(view)
    assert {name for name in after if after[name] != before.get(name)} == {"std/sys.rs"}


def test_a_file_whose_edit_is_gone_is_newer_than_what_was_built_of_it(tree: Path, tmp_path: Path) -> None:
    """Cargo goes by times: a link back to the tree's old file would look as if nothing had changed."""
    view = tmp_path / "view"
    make_view(tree, [ARM], view)
    edited = (view / "std/sys.rs").stat().st_mtime_ns
    make_view(tree, [], view)
    assert (view / "std/sys.rs").read_text() == MOD
    assert (view / "std/sys.rs").stat().st_mtime_ns >= edited
    assert not make_view(tree, [], view).any


def test_all_faults_name_the_files_of_the_tree(tree: Path, tmp_path: Path) -> None:
    bad = [ArmFirst("std/sys.rs", 1, 2, "a => {}", "x"), ArmFirst("std/gone.rs", 1, 1, "a => {}", "x")]
    with pytest.raises(BadInput) as caught:
        make_view(tree, bad, tmp_path / "view")
    places = [str(fault.where) for fault in caught.value.faults]
    assert places == [f"{tree}/std/sys.rs:1", f"{tree}/std/gone.rs"]
    assert not (tmp_path / "view").exists()


NAMES = st.sampled_from(
    ["std/sys.rs", "std/other.rs", "std/deep/er/a.rs", "std/deep", "std/new.rs", "Cargo.lock", "z"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.sampled_from(["remove", "write", "folder", "link"]), NAMES), max_size=6))
def test_whatever_was_left_behind_an_update_mends_it(
    tree: Path, tmp_path: Path, damage: list[tuple[str, str]]
) -> None:
    """A killed update, or a foreign hand, leaves a view half right: the next update makes it whole."""
    texts = {"std/new.rs": "new\n", "std/sys.rs": "edited\n"}
    view, clean = tmp_path / "view", tmp_path / "clean"
    shutil.rmtree(view, ignore_errors=True)
    update(tree, texts, view)
    for kind, name in damage:
        place = view / name
        if not place.parent.is_dir():
            continue
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        if kind == "remove":
            continue
        if kind == "write":
            place.write_text("half")
        elif kind == "folder":
            place.mkdir()
            (place / "inner").write_text("")
        else:
            place.symlink_to("/nowhere")
    update(tree, texts, view)
    update(tree, texts, clean)

    def content(root: Path) -> dict[str, str]:
        return {p.relative_to(root).as_posix(): p.read_text() for p in root.rglob("*") if not p.is_dir()}

    assert content(view) == content(clean)
    assert not update(tree, texts, view).any


@pytest.mark.toolchain
def test_a_view_of_std_is_quick_to_look_over(toolchain: Toolchain, tmp_path: Path) -> None:
    assert toolchain.source is not None
    library = toolchain.source / "library"
    first = make_view(library, [], tmp_path / "view")
    assert len(first.linked) > 1500
    assert not make_view(library, [], tmp_path / "view").any
    names = {path.relative_to(library).as_posix() for path in library.rglob("*") if not path.is_dir()}
    seen = {
        path.relative_to(tmp_path / "view").as_posix()
        for path in (tmp_path / "view").rglob("*")
        if not path.is_dir()
    }
    assert seen == {name for name in names if not name.startswith("vendor/")}
