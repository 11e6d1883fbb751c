"""What any match of an expression must hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portwright.judge.literals import Search, literal, literals

ROWS = {
    r"Boot sequence complete!": b"Boot sequence complete!",
    r"^BOOTOK": b"BOOTOK",
    r"\[INIT\] Results: (?P<n>\d+)/29 passed": b"[INIT] Results: ",
    r"FATAL:(?:DF|GP)": b"FATAL:",
    r"one|two": b"",
    r"colou?r": b"colo",
    r"ab*": b"a",
    r"a{2}": b"",
    r"(?i)panic": b"",
    r"[Pp]anic": b"anic",
    r"[]x]y\d+z": b"y",
    r"\bend\b": b"end",
    r"(?!no)thing": b"",
}


@pytest.mark.parametrize("pattern", ROWS)
def test_it_is_sure_and_as_long_as_can_be(pattern: str) -> None:
    assert literal(pattern) == ROWS[pattern]


def test_alternatives_have_one_each_or_none() -> None:
    assert literals(r"^No bootable|Boot failed: (?:a|b)|\[x|y]z") == (
        b"No bootable",
        b"Boot failed: ",
        b"[x",
        b"y",
    )
    assert literals(r"[|]ab|cd") == (b"ab", b"cd")
    assert literals(r"ab|\d+") == ()


ATOMS = ["|", "a", "b", " ", r"\[", "[ab]", "(?:ab)", "(?P<g>b)", "a?", "b*", "a+", ".", r"\d", "^", "c{1,2}"]
PIECES = some.sampled_from(ATOMS)


@given(some.lists(PIECES, max_size=6, unique=True), some.text("ab[ c1\n", max_size=12))
def test_it_never_hides_a_match(pieces: list[str], text: str) -> None:
    pattern = "".join(pieces)
    expected = re.compile(pattern.encode(), re.MULTILINE).search(text.encode())
    found = Search(pattern).find(text.encode())
    assert (found and found.span()) == (expected and expected.span())
