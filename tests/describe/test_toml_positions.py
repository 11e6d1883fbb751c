"""Positions of keys in TOML texts: for documents in every spelling, each points at the text of its own key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portwright.describe.toml_positions import positions

WORDS = st.sampled_from(
    ["a", "b", "number", "page-size", "x_1", "7", "with space", "dotted.name", "ré", "日本", '"']
)
SCALARS = st.sampled_from(
    ["1", "-7", "0x1f", "true", "'text'", '"ré # no comment"', "1.5", "1979-05-27", "[]", "{}"]
)
INLINE = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: "[ " + ", ".join(items) + " ]"),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda items: "[\n  # why\n  " + ",\n  ".join(items) + ",\n]"
        ),
    ),
    max_leaves=4,
)
INLINE_TABLES = st.recursive(
    INLINE,
    lambda inner: st.dictionaries(WORDS, inner, min_size=1, max_size=3).map(
        lambda row: "{ " + ", ".join(f"{key(name)} = {value}" for name, value in row.items()) + " }"
    ),
    max_leaves=4,
)


def key(word: str) -> str:
    """A key as TOML spells it: bare where it can be."""
    if re.fullmatch(r"[A-Za-z0-9_-]+", word):
        return word
    return '"' + word.replace('"', '\\"') + '"' if '"' in word or "é" in word else f"'{word}'"


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A TOML text of tables, arrays of tables, dotted keys, comments and blank lines."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 5))):
        head = [key(word) for word in draw(st.lists(WORDS, min_size=1, max_size=3))]
        form = draw(st.sampled_from(["[{}]", "[[{}]]", "  [ {} ] # a comment"]))
        lines += draw(st.sampled_from([[], ["# ré"], [""]]))
        lines.append(form.format(draw(st.sampled_from([".", " . "])).join(head)))
        for name in draw(st.lists(WORDS, max_size=3, unique=True)):
            rest = draw(st.lists(WORDS, max_size=1))
            dotted = draw(st.sampled_from([".", " . "])).join(key(word) for word in [name, *rest])
            lines.append(f"{draw(st.sampled_from(['', '  ']))}{dotted} = {draw(INLINE_TABLES)}")
    return "\n".join(lines) + draw(st.sampled_from(["", "\n"]))


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every key path and element of a document."""
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in rows:
        yield (*path, part)
        yield from paths(inner, (*path, part))


@given(documents())
@settings(max_examples=300, deadline=None)
def test_each_position_is_that_of_its_key(text: str) -> None:
    """Every path of a valid document has a position, and the text there is the last key's own word."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # a key twice: no document
    found = positions(text)
    lines = text.split("\n")
    for path in paths(document):
        assert path in found, f"{path} has no position"
        line, column = found[path]
        here = lines[line - 1][column - 1 :]
        word = next((part for part in reversed(path) if isinstance(part, str)), "")
        if isinstance(path[-1], str) or here.startswith(key(word)):
            assert here.startswith(key(word)), f"{path} points at {here!r}"
        else:
            assert not here.startswith(("#", ",", " ", "]", "}")), f"{path} points at {here!r}, no value"


def test_a_comment_behind_a_value_hides_nothing_in_it() -> None:
    text = "a = { b = 1 } # why\nc = [ 1, # one\n  2 ] # two\n[t]\nx = { y = [3] } # z\n"
    found = positions(text)
    assert found["a", "b"] == (1, 7)
    assert (found["c", 0], found["c", 1]) == ((2, 7), (3, 3))
    assert (found["t", "x", "y"], found["t", "x", "y", 0]) == ((5, 7), (5, 12))


def test_the_forms_one_by_one() -> None:
    """Columns count characters, not bytes; dotted words, headers and elements each have their own place."""
    text = (
        'été = 1\n"ré".x = { y = [ 1, { z = 2 } ] }\n[[row]]\nk = 0\n[[row]]\n  k = 1\n[row.deep.er]\nv = 1\n'
    )
    found = positions(text)
    assert found[("ré",)] == (2, 1)
    assert found[("ré", "x")] == (2, 6)
    assert found[("ré", "x", "y")] == (2, 12)
    assert found[("ré", "x", "y", 0)] == (2, 18)
    assert found[("ré", "x", "y", 1, "z")] == (2, 23)
    assert found[("row", 0, "k")] == (4, 1)
    assert found[("row", 1)] == (5, 3)
    assert found[("row", 1, "k")] == (6, 3)
    assert found[("row", 1, "deep")] == (7, 6)
    assert found[("row", 1, "deep", "er", "v")] == (8, 1)


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "a = ", "[", "[[", '"', "\ufeffa = 1"])
def test_broken_texts_give_what_can_be_given(text: str) -> None:
    """Positions are asked for in order to show faults: a broken text must not add one of its own."""
    assert isinstance(positions(text), dict)
