"""What rustc's words for a GNU linker mean."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.base.errors import BadInput
from portwright.build import linker_words

RUSTCS = [
    *["/d/symbols.o", "/d/a.rcgu.o", "--as-needed", "-Bstatic", "/d/libcore-1.rlib", "-L", "/d/raw-dylibs"],
    *["-Bdynamic", "--eh-frame-hdr", "-z", "noexecstack", "-plugin-opt=O3", "-plugin-opt=mcpu=M68020", "-o"],
    *["/d/out", "--gc-sections", "-O1", "--strip-debug"],
]


def test_the_words_of_rustc() -> None:
    found = linker_words.read(RUSTCS)
    assert found.inputs == (Path("/d/symbols.o"), Path("/d/a.rcgu.o"), Path("/d/libcore-1.rlib"))
    assert (found.output, found.level, found.entry) == (Path("/d/out"), 3, "_start")
    words = [word for word, _ in found.items]
    assert "-plugin-opt=O3" not in words and "-o" not in words and "noexecstack" in words and "-O1" in words


def test_levels_entries_and_the_two_ways_to_name_the_output() -> None:
    assert linker_words.read(["x.o"]).level is None
    assert linker_words.read(["-plugin-opt=O0"]).level == 0
    assert linker_words.read(["-e", "begin"]).entry == "begin"
    assert linker_words.read(["--entry=begin"]).entry == "begin"
    assert linker_words.read(["-oprogram"]).output == Path("program")
    with pytest.raises(BadInput, match="-o has no value"):
        linker_words.read(["a.o", "-o"])


def test_words_in_files(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.write_text("'a b.o' -plugin-opt=O1\n")
    outer.write_text(f"@{inner} -L x\n")
    found = linker_words.read([f"@{outer}", "-o", "p"])
    assert found.inputs == (Path("a b.o"),) and found.level == 1
    outer.write_text(f"@{outer}")
    with pytest.raises(BadInput, match="name each other"):
        linker_words.read([f"@{outer}"])
    with pytest.raises(BadInput, match="cannot read"):
        linker_words.read(["@/nowhere/at/all"])


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="@\0"), min_size=1, max_size=12)))
def test_any_words_are_read_or_refused_cleanly(words: list[str]) -> None:
    try:
        found = linker_words.read(words)
    except BadInput:
        return
    assert all(word in words for word, _ in found.items)
    assert shlex.join(words).count(" ") + 1 >= len(found.items)
