"""Extracting: nothing is ever written outside of the folder, whatever an image's names say."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from pack.conftest import drive
from portwright.base.errors import BadInput
from portwright.base.sources import Memory
from portwright.formats import Kind, Node
from portwright.pack.extract import Extracted, extract
from portwright.pack.format import named
from portwright.pack.place import Address
from portwright.pack.volume import Found, Level


class Planted:
    """A volume that says what a test wants."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.source = Memory(b"evil" * 100, "planted")
        self.facts: dict[str, str | int] = {}
        self.nodes = [Node(b"", "directory", 0o755), *nodes]

    def walk(self) -> Iterable[Node]:
        return iter(self.nodes)

    def lookup(self, path: bytes) -> Node | None:
        return next((node for node in self.nodes if node.path == path), None)

    def stretches(self, node: Node) -> Iterable[tuple[int | None, int]]:
        return iter([(0, node.size)])


def node(
    path: bytes, kind: Kind = "file", target: bytes = b"", mode: int = 0o644, same_as: bytes = b""
) -> Node:
    return Node(path, kind, mode, 4 if kind == "file" else 0, target, same_as=same_as)


def found(*nodes: Node) -> Found:
    volume = Planted(nodes)
    level = Level(Address(Path("x.img")), volume.source, named("toyfs"), volume=volume)  # type: ignore[arg-type]
    return Found((level,))


def outside(tmp_path: Path) -> list[str]:
    """All that lies beside the folder that is extracted into."""
    rows = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")]
    return sorted(row for row in rows if not row.startswith("out"))


def run(tmp_path: Path, *nodes: Node, skip: bool = False, force: bool = False) -> Extracted:
    done = drive(extract(found(*nodes), tmp_path / "out", skip=skip, force=force))
    assert isinstance(done, Extracted)
    return done


@pytest.mark.parametrize(
    "path", [b"../evil", b"a/../../evil", b"..", b"/evil", b"a//evil", b"a/./evil", b"nul\0l", b"x" * 256]
)
def test_names_that_lead_outside_are_refused_before_anything_is_written(tmp_path: Path, path: bytes) -> None:
    good = node(b"good")
    with pytest.raises(BadInput, match=r"this name|longer than"):
        run(tmp_path, good, node(b"a", "directory"), node(path))
    assert not (tmp_path / "out").exists()
    done = run(tmp_path, good, node(b"a", "directory"), node(path), skip=True)
    assert (len(done.skipped), done.files, (tmp_path / "out" / "good").read_bytes()) == (1, 1, b"evil")
    assert outside(tmp_path) == []


@pytest.mark.parametrize("target", [b"..", b"/", b"../elsewhere", b"."])
def test_a_planted_symlink_is_not_followed(tmp_path: Path, target: bytes) -> None:
    (tmp_path / "elsewhere").mkdir()
    nodes = [
        node(b"link", "symlink", target),
        node(b"link/evil"),
        node(b"link", "directory"),
        node(b"link/more"),
    ]
    with pytest.raises(BadInput, match="symlink lies where its folder should be"):
        run(tmp_path, *nodes)
    assert outside(tmp_path) == ["elsewhere"]
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["link"]
    assert str((tmp_path / "out" / "link").readlink()) == os.fsdecode(target)


def test_a_symlink_that_was_there_before_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out" / "file").symlink_to(tmp_path / "victim")
    with pytest.raises(BadInput) as caught:
        run(tmp_path, node(b"folder", "directory"), node(b"folder/evil"), node(b"file"))
    assert len(caught.value.faults) == 3
    run(tmp_path, node(b"file"), force=True)
    assert (tmp_path / "victim").read_text() == "mine"
    assert (tmp_path / "out" / "file").read_bytes() == b"evil"
    assert not (tmp_path / "out" / "file").is_symlink()
    assert outside(tmp_path) == ["elsewhere", "victim"]


def test_a_hard_link_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine")
    nodes = [
        node(b"link", "symlink", b".."),
        node(b"first"),
        node(b"second", same_as=b"first"),
        node(b"third", same_as=b"link/victim"),
        node(b"fourth", same_as=b"../victim"),
    ]
    run(tmp_path, *nodes)
    assert (tmp_path / "out" / "second").samefile(tmp_path / "out" / "first")
    assert outside(tmp_path) == ["victim"]
    assert (tmp_path / "out" / "third").read_bytes() == b"evil" == (tmp_path / "out" / "fourth").read_bytes()
    assert (tmp_path / "victim").stat().st_nlink == 1


@pytest.mark.parametrize("kind", ["character", "block", "fifo", "socket"])
def test_devices_are_not_made(tmp_path: Path, kind: Kind) -> None:
    with pytest.raises(BadInput, match="is not made"):
        run(tmp_path, node(b"dev", kind))
    assert run(tmp_path, node(b"dev", kind), skip=True).skipped == [f"/dev: a {kind} device is not made"]
    assert list((tmp_path / "out").iterdir()) == []


def test_names_that_meet_on_the_host(tmp_path: Path) -> None:
    """Twice the same name, as two that differ by case are on some hosts."""
    with pytest.raises(BadInput, match="something of that name already"):
        run(tmp_path, node(b"a"), node(b"a"))
    with pytest.raises(BadInput, match="a file or a symlink lies where its folder"):
        run(tmp_path, node(b"b"), node(b"b", "directory"), node(b"b/c"))


def test_modes_are_given_last_and_without_special_bits(tmp_path: Path) -> None:
    nodes = [node(b"closed", "directory", mode=0o500), node(b"closed/program", mode=0o6755)]
    run(tmp_path, *nodes)
    assert (tmp_path / "out" / "closed").stat().st_mode & 0o7777 == 0o500
    assert (tmp_path / "out" / "closed" / "program").stat().st_mode & 0o7777 == 0o755
    (tmp_path / "out" / "closed").chmod(0o700)
