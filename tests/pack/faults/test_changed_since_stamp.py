"""The fault changed-since-stamp."""

from __future__ import annotations

from typing import Any

from elf_maker import make
from fault_case import case, found, one
from portwright.base.sources import Memory
from portwright.pack import stamp
from volume_maker import Tree

LINE = "# {stamp}"


def image(files: dict[str, bytes]) -> Any:
    made: Any = case(b"image")
    made.volume = Tree(files)
    return made


def stamped(files: dict[str, bytes], commit: str, at: str = "etc/init.rc") -> dict[str, bytes]:
    contents = {path.encode(): Memory(data) for path, data in files.items()}
    version = stamp.Version(commit, False, 1_700_000_000)
    new = stamp.stamped(contents, [(at.encode(), LINE)], version)
    return {**files, **{path.decode(): data for path, data in new.items()}}


FILES = {"bin/init": make(), "etc/init.rc": b"run\n"}
OLD, NEW = "a" * 12, "b" * 12


def test_a_file_was_put_in_by_hand() -> None:
    files = stamped(FILES, OLD)
    assert not found("changed-since-stamp", image(files))
    row = one("changed-since-stamp", image({**files, "bin/init": make(entry=0)}))
    assert row.severity == "warning" and f"stamped as {OLD}" in row.what and "etc/init.rc" in row.what


def test_two_stamps_of_different_builds() -> None:
    files = stamped(stamped(FILES, OLD), NEW, "etc/os-release")
    said = [row.what for row in found("changed-since-stamp", image(files))]
    assert any("its stamps name different builds" in what and OLD in what and NEW in what for what in said)


def test_no_stamp_and_no_image() -> None:
    assert not found("changed-since-stamp", image(FILES))
    assert not found("changed-since-stamp", make())
