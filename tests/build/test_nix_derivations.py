"""Nix's own rules: archives, store paths and derivations against what Nix itself makes."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emitted_builds import in_private_nix, need
from portwright.build.nix_derivations import Leaf, Node, archive, base32, source_path, store_path


def test_base_32_and_a_known_path() -> None:
    assert base32(bytes(20)) == "0" * 32
    empty = hashlib.sha256(b"").digest()
    assert base32(empty) == "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"
    path = store_path("/nix/store", "source", hashlib.sha256(b"".join(archive(Leaf(b"")))).hexdigest(), "x")
    assert path == source_path("/nix/store", Leaf(b""), "x")


@given(st.binary(max_size=40))
def test_base_32_has_five_bits_a_digit(data: bytes) -> None:
    said = base32(data)
    assert len(said) == (len(data) * 8 + 4) // 5
    assert base32(data + b"\0").endswith(said[-1:]) or not data


NAMES = {"a": b"", "b c": b"one\n", "\udcff": b"\0\xff", "-n": b"x" * 9, "new\nline": b"y"}


def test_a_folder_has_the_path_that_nix_gives_it(tmp_path: Path) -> None:
    """Executables, names of any bytes, folders in folders."""
    need("nix")
    folder = tmp_path / "set"
    (folder / "in" / "ner").mkdir(parents=True)
    inner: dict[str, Node | Leaf] = {}
    for name, data in NAMES.items():
        (folder / "in" / "ner" / name).write_bytes(data)
        inner[name] = Leaf(folder / "in" / "ner" / name)
    (folder / "run").write_bytes(b"#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    tree: Node = {"in": {"ner": inner}, "run": Leaf(b"#!/bin/sh\n", True)}
    with in_private_nix(tmp_path / "nix") as variables:
        done = subprocess.run(["nix-store", "--add", folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == source_path(variables["NIX_STORE_DIR"], tree, "set")


def test_a_number_of_bytes_is_told_before_them(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"12345")
    assert b"".join(archive(Leaf(tmp_path / "f"))) == b"".join(archive(Leaf(b"12345")))


@pytest.mark.parametrize("size", [0, 7, 8, 9])
def test_contents_are_filled_up_to_eight(size: int) -> None:
    assert len(b"".join(archive(Leaf(bytes(size))))) % 8 == 0
