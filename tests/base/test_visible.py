"""Text made fit to be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.base.visible import everywhere, one_line, shortened, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as it is, é\t\n", "as it is, é\t\n"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07x", "x"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\ud800￿", "\\ud800\\uffff"),
        ("‮\U000e0001", "\\u202e\\U000e0001"),
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(codec=None), max_size=40))
def test_any_text_becomes_visible_and_stays_so(text: str) -> None:
    shown = visible(text)
    assert all(c.isprintable() or c in "\n\t" for c in shown)
    assert visible(shown) == shown
    assert "\n" not in one_line(text)
    shown.encode()


def test_a_long_text_keeps_both_ends() -> None:
    short = shortened("a" * 50 + "b" * 1000 + "c" * 50, 100)
    assert short.startswith("a" * 25) and short.endswith("c" * 50) and "1,000 characters left out" in short
    assert shortened("x" * 100, 100) == "x" * 100


def test_all_texts_of_a_value_are_made_visible() -> None:
    assert everywhere({"\x00": ["\x01", 1, None, {"a": "\x02"}]}) == {
        "\\x00": ["\\x01", 1, None, {"a": "\\x02"}]
    }
