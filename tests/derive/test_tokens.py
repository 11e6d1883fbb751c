"""Tokens of Rust: nothing of a file falls between them, and fragments are spelled alike however they are laid out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.derive import tokens
from portwright.derive.tokens import Token
from portwright.describe.toolchain import Toolchain

CLOSING = {"(": ")", "[": "]", "{": "}"}


def spans(level: list[Token]) -> Iterator[tuple[int, int]]:
    """Where each token, and each bracket of a group, stands; in source order."""
    for token in level:
        if token.group:
            yield token.start, token.start + 1
            yield from spans(token.inner)
            yield token.end - 1, token.end
        else:
            yield token.start, token.end


@pytest.mark.toolchain
def test_between_the_tokens_of_std_there_is_only_white_space_and_comments(toolchain: Toolchain) -> None:
    assert toolchain.source is not None
    read = 0
    for path in sorted((toolchain.source / "library/std/src/sys").rglob("*.rs")):
        data = path.read_bytes()
        source = tokens.parse(data)
        if source.errors:
            continue  # std uses syntax that the grammar does not have yet
        last = 0
        for start, end in spans(source.tokens):
            gap = data[last:start].decode()
            gap = re.sub(r"//[^\n]*(\n|$)|/\*.*?\*/", "", gap, flags=re.S)
            if data[last - 1 : last] == b")" and data[start:end] in (b"*", b"+"):
                gap = ""  # the grammar has no token for the separator of `$( ... ),*`
            assert not gap.strip(), f"{path}: {gap!r} before byte {start}"
            assert start >= last, path
            last = end
        read += 1
    assert read > 200


def test_lines_and_groups() -> None:
    source = tokens.parse(b"a!(\n  b, // (\n  [c]\n);\n")
    (call,) = tokens.macro_calls(source, "a")
    assert (call.name.line, call.body.text, call.body.line) == (1, "(", 1)
    assert [(t.text, t.line) for t in call.body.inner] == [("b", 2), (",", 2), ("[", 3)]
    assert call.body.inner[2].inner[0].text == "c"
    assert source.begins_line(call.body.inner[0])
    assert source.indent(call.body.inner[2].start) == "  "


SPACE = st.sampled_from(["", " ", "\n", "\n    ", " /* x */ ", " // y\n"])


@given(st.lists(SPACE, min_size=12, max_size=12))
def test_a_fragment_is_spelled_alike_however_it_is_laid_out(gaps: list[str]) -> None:
    parts = ["target_os", "=", '"veridian"', "=>", "{", "mod", "a", ";", "pub", "use", "a::*", ";", "}"]
    laid_out = ""
    for part, gap in zip(parts, [*gaps, ""], strict=True):
        word = part.isalpha() and gap == ""
        laid_out += part + (" " if word else gap)
    assert tokens.words(laid_out) == 'target_os="veridian"=>{mod a;pub use a::*;}'


def test_a_comma_before_a_closing_bracket_says_nothing() -> None:
    assert tokens.words("any(a, b,)") == tokens.words("any(\n    a,\n    b,\n)") == "any(a,b)"
