"""Hashes see what a build sees (names, kinds, contents, the executable bit) and nothing else."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.base import hashing


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTWRIGHT_CACHE", str(tmp_path_factory.mktemp("cache")))


@given(st.binary())
def test_bytes_agree_with_sha256(data: bytes) -> None:
    assert hashing.hash_bytes(data) == hashlib.sha256(data).hexdigest()


@given(st.dictionaries(st.text(), st.integers()))
def test_values_do_not_depend_on_order(value: dict[str, int]) -> None:
    assert hashing.hash_value(value) == hashing.hash_value(dict(reversed(list(value.items()))))


def _tree(root: Path) -> Path:
    (root / "sub").mkdir(parents=True)
    (root / "a").write_text("a")
    (root / "sub" / "b").write_text("b")
    (root / "link").symlink_to("a")
    return root


def test_equal_trees_have_equal_hashes_wherever_and_whenever(tmp_path: Path) -> None:
    one, two = _tree(tmp_path / "one"), _tree(tmp_path / "two")
    os.utime(two / "a", (1, 1))
    assert hashing.hash_tree(one) == hashing.hash_tree(two)


@pytest.mark.parametrize("remember", [True, False])
def test_every_change_shows(tmp_path: Path, remember: bool) -> None:
    root = _tree(tmp_path / "tree")
    seen = {hashing.hash_tree(root, remember=remember)}
    changes = [
        lambda: (root / "a").write_text("A"),
        lambda: (root / "a").chmod(0o755),
        lambda: (root / "c").write_text(""),
        lambda: (root / "c").rename(root / "d"),
        lambda: ((root / "link").unlink(), (root / "link").symlink_to("d")),
        lambda: ((root / "link").unlink(), (root / "link").write_text("d")),
    ]
    for change in changes:
        change()
        seen.add(hashing.hash_tree(root, remember=remember))
    assert len(seen) == len(changes) + 1


def test_an_unchanged_tree_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _tree(tmp_path / "tree")
    first = hashing.hash_tree(root)

    def refuse(path: Path) -> str:
        raise AssertionError(f"read {path} again")

    monkeypatch.setattr(hashing, "hash_file", refuse)
    assert hashing.hash_tree(root) == first
