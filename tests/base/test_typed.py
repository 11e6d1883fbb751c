"""JSON values as dataclasses: every misfit with its place, and whatever the value, no other error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.base import typed


@dataclass(frozen=True)
class Part:
    name: str
    size: int = 0


@dataclass(frozen=True)
class Whole:
    kind: Literal["file", "folder"]
    parts: tuple[Part, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None
    seconds: float = 0.0
    ended: bool = True


GOOD: dict[str, Any] = {
    "kind": "file",
    "parts": [{"name": "a", "size": 2}, {"name": "b"}],
    "env": {"A": "1"},
    "status": None,
    "seconds": 1.5,
    "ended": False,
}


def misfits(value: Any) -> list[tuple[str, str]]:
    found: typed.Misfits = []
    assert (typed.read(Whole, value, found) is None) == bool(found)
    return found


def test_all_the_way_down() -> None:
    found: typed.Misfits = []
    made = typed.read(Whole, GOOD, found)
    assert made == Whole("file", (Part("a", 2), Part("b")), {"A": "1"}, None, 1.5, False) and found == []
    assert typed.read(Whole, {"kind": "folder", "parts": []}, found) == Whole("folder", ())
    assert typed.read(Whole, {**GOOD, "status": 3, "seconds": 2}, found) is not None and found == []


ROWS: list[tuple[dict[str, Any], str, str]] = [
    ({"kind": "pipe"}, "kind", "is 'pipe', and must be one of file, folder"),
    ({"kind": ["file"]}, "kind", "is a list, and must be one of file, folder"),
    ({"parts": {}}, "parts", "is a table, and must be a list"),
    ({"parts": ["a"]}, "parts[0]", "is 'a', and must be a table"),
    ({"parts": [{"name": "a"}, {"name": 1}]}, "parts[1].name", "is 1, and must be a text"),
    ({"parts": [{"size": 1}]}, "parts[0].name", "is missing"),
    ({"parts": [{"name": "a", "sise": 1}]}, "parts[0].sise", "is not known"),
    ({"parts": [{"name": "a", "size": True}]}, "parts[0].size", "is True, and must be a whole number"),
    ({"parts": [{"name": "a", "size": 1.0}]}, "parts[0].size", "is 1.0, and must be a whole number"),
    ({"parts": [{"name": "a", "size": 1 << 63}]}, "parts[0].size", "is 9223372036854775808, and must be"),
    ({"parts": [{"name": "\ud800"}]}, "parts[0].name", "must be a text without halves of characters"),
    ({"env": []}, "env", "is a list, and must be a table"),
    ({"env": {"A": None}}, "env['A']", "is None, and must be a text"),
    ({"env": {"\udbff": "x"}}, "env", "must be a text without halves of characters"),
    ({"status": "0"}, "status", "is '0', and must be a whole number"),
    ({"seconds": float("nan")}, "seconds", "is nan, and must be a number"),
    ({"seconds": float("inf")}, "seconds", "is inf, and must be a number"),
    ({"seconds": False}, "seconds", "is False, and must be a number"),
    ({"ended": 1}, "ended", "is 1, and must be true or false"),
    ({"ended": None}, "ended", "is None, and must be true or false"),
    ({"name\ud800": 1}, "name\\ud800", "is not known"),
]


@pytest.mark.parametrize(("change", "place", "what"), ROWS, ids=[f"{row[1]} {row[2]}"[:40] for row in ROWS])
def test_what_does_not_fit_is_said_with_its_place(change: dict[str, Any], place: str, what: str) -> None:
    found = misfits({**GOOD, **change})
    assert any(row[0] == place and what in row[1] for row in found), found


def test_all_misfits_in_one_pass() -> None:
    found = misfits({"parts": [1, {"size": "x"}], "ended": 0, "more": 1})
    assert [row[0] for row in found] == [
        "kind",
        "parts[0]",
        "parts[1].name",
        "parts[1].size",
        "ended",
        "more",
    ]


def test_half_bytes_of_files_names_are_text() -> None:
    """As `surrogateescape` holds them; a long wrong value is shown in part, and in ASCII."""
    found: typed.Misfits = []
    assert typed.read(Part, {"name": "caf\udce9"}, found) == Part("caf\udce9") and found == []
    assert typed.read(Part, {"name": "a", "size": "é" * 500}, found) is None
    ((_, what),) = found
    assert len(what) < 600 and what.isascii() and "..." in what


@pytest.mark.parametrize("value", [None, 1, "x", [], [GOOD], True])
def test_what_is_no_table(value: Any) -> None:
    assert [row[0] for row in misfits(value)] == [""]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from((*GOOD, "x")), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_any_value_fits_or_is_said_to_be_wrong(value: Any) -> None:
    for place, what in misfits(value):
        assert what and (place + what).encode("ascii", "strict") is not None


@given(st.sampled_from(sorted(GOOD)), VALUES)
def test_what_was_read_is_what_was_given(name: str, value: Any) -> None:
    found: typed.Misfits = []
    made = typed.read(Whole, {**GOOD, name: value}, found)
    if made is not None:
        said = json.loads(json.dumps(asdict(made)))[name]
        if name == "parts":
            value = [{"size": 0, **part} for part in value]
        assert said == value
