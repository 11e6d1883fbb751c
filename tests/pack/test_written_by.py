"""An image that only its authors' tool writes: made whole or not at all, and held against the tree."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import BadInput, MissingTool, PortwrightError
from portwright.pack import tree as trees
from portwright.pack import written_by

Verb = Callable[..., Any]


def pack(verb: Verb, tree: Path, **more: object) -> Any:
    return verb("pack", tree=tree, format="redoxfs", output=tree.parent / "x.img", **more)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a `redoxfs-ar` of the given lines in front of all others."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def write(lines: str) -> None:
        (folder / "redoxfs-ar").write_text(f"#!/bin/sh\n{lines}\n")
        (folder / "redoxfs-ar").chmod(0o755)

    return write


def test_without_the_tool_it_is_said_how_it_is_had(
    verb: Verb, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingTool, match="redoxfs-ar") as caught:
        pack(verb, tree)
    assert "cargo install redoxfs" in str(caught.value)


def test_a_tool_that_fails_leaves_what_was_there(
    verb: Verb, tree: Path, stand_in: Callable[[str], None]
) -> None:
    stand_in("echo 'No space left on device' >&2; exit 1")
    image = tree.parent / "x.img"
    image.write_bytes(b"before")
    with pytest.raises(BadInput, match="into 65,536 bytes: No space left on device") as caught:
        pack(verb, tree, size="64k")
    assert "--size" in str(caught.value) and "/bin/init" in str(caught.value)
    assert image.read_bytes() == b"before" and sorted(p.name for p in tree.parent.iterdir()) == [
        "tools",
        "tree",
        "x.img",
    ]


def test_a_tool_that_writes_something_else_is_not_believed(
    verb: Verb, tree: Path, stand_in: Callable[[str], None]
) -> None:
    stand_in("exit 0")
    with pytest.raises(PortwrightError):
        pack(verb, tree)
    assert not (tree.parent / "x.img").exists()


def test_what_it_does_not_heed_is_refused(verb: Verb, tree: Path) -> None:
    with pytest.raises(BadInput, match="a redoxfs image has no `label`"):
        pack(verb, tree, label="x")


def test_there_is_room_for_the_tree(tree: Path) -> None:
    nodes = trees.nodes(tree)
    assert written_by.room(nodes) % (1 << 20) == 0
    assert written_by.room(nodes) > sum(node.size for node in nodes) + written_by.SPARE


def test_the_crates_tool_makes_what_is_read_here(verb: Verb, tree: Path) -> None:
    if shutil.which("redoxfs-ar") is None:
        pytest.skip("redoxfs-ar is not on this machine (cargo install redoxfs)")
    (tree / "etc" / "large").write_bytes(b"large" * 100_000)
    made = pack(verb, tree, manifest=tree.parent / "list").image
    image = str(made.path)
    assert (made.format, made.files, made.folders, made.symlinks) == ("redoxfs", 5, 5, 1)
    assert verb("check", image=image).status == 0
    assert b"".join(verb("cat", image=image, path="/etc/large").chunks()) == b"large" * 100_000
    assert {row.path for row in verb("ls", image=image).rows} == {"/bin", "/empty", "/etc"}
    assert "etc/large" in (tree.parent / "list").read_text()
