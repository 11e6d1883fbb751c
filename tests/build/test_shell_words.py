"""Words for sh: what goes in comes out of a real shell, and plain words stay readable."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portwright.base.errors import BadInput
from portwright.build.shell_words import Part, Var, comment, split, word

WORDS = st.binary(max_size=30).filter(lambda data: b"\0" not in data).map(os.fsdecode)
NASTY = [
    "",
    " ",
    "'",
    '"',
    "$",
    "`",
    "\\",
    "\n",
    "a\n",
    "!",
    "~",
    "#",
    "*",
    "-n",
    "$(x)",
    "${x}",
    "\xff",
    "\udcff",
    "\r\t",
    "''",
]
VALUE = "va'l\"u e$\n\\"


def echoed(words: list[str]) -> list[str]:
    script = "printf '%s\\0' " + " ".join(words)
    argv = [b"sh", b"-euc", script.encode("utf-8", "surrogateescape")]
    done = subprocess.run(argv, capture_output=True, check=True, env={"V": VALUE, "PATH": os.environ["PATH"]})
    return [os.fsdecode(row) for row in done.stdout.split(b"\0")[:-1]]


@settings(max_examples=40, deadline=None)
@given(st.lists(WORDS | st.sampled_from(NASTY), min_size=1, max_size=20))
def test_every_word_comes_back(words: list[str]) -> None:
    assert echoed([word([text]) for text in words]) == words


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(WORDS | st.sampled_from(NASTY) | st.just(Var("V")), max_size=4), min_size=1, max_size=8)
)
def test_variables_keep_their_value_beside_any_text(rows: list[list[Part]]) -> None:
    wanted = ["".join(VALUE if isinstance(part, Var) else part for part in row) for row in rows]
    assert echoed([word(row) for row in rows]) == wanted


def test_words_that_people_read() -> None:
    roots = {"SRC": "SRC", "OUT": "OUT"}
    said = [
        word(split(text, roots)) for text in ("-O2", "$SRC/a.c", "-I$SRC", "$SRC/a b", "a b", "$OUT's", "5$$")
    ]
    assert said == ["-O2", '"$SRC/a.c"', '"-I$SRC"', '"$SRC/a b"', "'a b'", '"$OUT' + "'s\"", "'5$'"]
    assert word([Var("SRC"), "x"]) == '"${SRC}x"'
    assert comment("a\nb\x1b") == "a?b?"


def test_an_unknown_root_is_named() -> None:
    with pytest.raises(BadInput, match=r"`\$NOT` is no root"):
        split("$NOT/a", {"SRC": "SRC"})
