"""The extractor `c_defines`, against what a C compiler says the macros are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portwright.describe.extractors.c_defines import extract

FACTS = {"target_arch": "x86_64", "target_pointer_width": "64"}

HEADER = r"""
#ifndef _SYSCALL_H
#define _SYSCALL_H
/* #define SYS_commented 1
   #define SYS_commented_too 2 */
// #define SYS_line 3 \
#define SYS_continued_comment 4
#define SYS_BASE 0x20
#define SYS_read SYS_BASE
#define   SYS_write	( SYS_BASE + 1 )   /* a comment, "quoted" */
# define SYS_open (SYS_BASE|0100) // octal
#define SYS_close \
        (SYS_BASE \
         + 3)
#define SYS_after 77
#define SYS_old 5
#undef SYS_old
#define SYS_twice 6
#undef SYS_twice
#define SYS_twice 7
#define SYS_function(x) ((x) + 1)
#define SYS_text "hello /* no comment */"
#define SYS_character 'A'
#define SYS_long 5000000000UL
#define SYS_cast ((unsigned long)9)
#define SYS_conditional (SYS_BASE > 3 ? 11 : 12)
#define SYS_shift (1u << 12 >> 2)
#define SYS_not (~0 & 0xff)
#define SYS_minus -4
#define SYS_precedence 2 + 3 * 4 % 5 - 6 / -4
#define SYS_forward SYS_later
#define SYS_later 55
#define SYS_empty
#if defined(__x86_64__) && !defined(SYS_no_such)
#define SYS_arch 100
#elif defined __aarch64__
#define SYS_arch 200
#else
#define SYS_arch 300
#endif
#ifdef NEVER
#define SYS_never 1
#ifndef NESTED
#define SYS_nested 2
#endif
#else
#define SYS_otherwise 3
#endif
#if SYS_BASE >= 0x20 && UNDEFINED == 0
#define SYS_compared 1
#endif
#if 0
#define SYS_zero 1
#elif 1
#define SYS_one 1
#elif 1
#define SYS_two 2
#endif
#define __NR_alias SYS_read
#define SYS_circle SYS_circle_back
#define SYS_circle_back SYS_circle
#endif
"""


def numbers(text: str) -> dict[str, int | None]:
    """Macro -> value."""
    (table,) = extract(text, FACTS)
    return {number.name: number.value for number in table.numbers}


@pytest.fixture(scope="module")
def cc() -> str:
    """A C compiler."""
    found = shutil.which("cc")
    if found is None:
        pytest.skip("cc: no C compiler on this machine")
    return found


def compiled(cc: str, folder: Path, header: str, names: list[str]) -> dict[str, int]:
    """What a C compiler for this machine makes of the macros."""
    (folder / "numbers.h").write_text(header)
    prints = "\n".join(f'printf("{name} %lld\\n", (long long)({name}));' for name in names)
    source = f'#include <stdio.h>\n#include "numbers.h"\nint main(void) {{ {prints}\n return 0; }}\n'
    (folder / "numbers.c").write_text(source)
    argv = [cc, "-w", "-o", str(folder / "numbers"), str(folder / "numbers.c")]
    built = subprocess.run(argv, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    told = subprocess.run([folder / "numbers"], capture_output=True, text=True, check=True).stdout
    return {line.split()[0]: int(line.split()[1]) for line in told.splitlines()}


def test_values_are_the_compiler_s(cc: str, tmp_path: Path) -> None:
    """Every macro with a value, as the compiler has it."""
    found = {name: value for name, value in numbers(HEADER).items() if value is not None}
    assert len(found) == 22
    assert compiled(cc, tmp_path, HEADER, list(found)) == found


def test_what_is_taken_and_what_is_not(cc: str, tmp_path: Path) -> None:
    """The macros that the preprocessor ends with, no other; those that are no numbers have no value."""
    (tmp_path / "numbers.h").write_text(HEADER)
    argv = [cc, "-E", "-dM", str(tmp_path / "numbers.h")]
    told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    names = {
        line.split()[1] for line in told.splitlines() if line.startswith(("#define SYS_", "#define __NR_"))
    }
    found = numbers(HEADER)
    without_value = {"SYS_empty", "SYS_function(x)"}
    assert {name for name in found if not name.startswith("_SYS")} == names - without_value
    assert found["SYS_twice"] == 7 and found["__NR_alias"] == 0x20
    assert [name for name, value in found.items() if value is None] == [
        "SYS_text",
        "SYS_circle",
        "SYS_circle_back",
    ]


def test_lines() -> None:
    """Comments and continued lines do not shift what follows them."""
    (table,) = extract(HEADER, FACTS)
    lines = HEADER.split("\n")
    for number in table.numbers:
        assert re.search(rf"define\s+{number.name}\b", lines[number.line - 1]), number


ATOMS = st.one_of(
    st.integers(0, 1 << 20).map(str),
    st.integers(0, 1 << 20).map(hex),
    st.integers(0, 511).map(lambda value: f"0{value:o}"),
    st.integers(0, 1 << 20).map(lambda value: f"{value}L"),
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(
            inner,
            st.sampled_from(["+", "-", "*", "|", "&", "^", "<", ">", "<=", ">=", "==", "!=", "&&", "||"]),
            inner,
        ).map(" ".join),
        st.tuples(inner, st.sampled_from(["<< ", ">> "]), st.integers(0, 8).map(str))
        .map("".join)
        .map("({})".format),
        inner.map("({})".format),
        st.tuples(st.sampled_from(["-", "~", "!", "+ "]), inner.map("({})".format)).map("".join),
        st.tuples(inner, inner, inner).map(lambda three: "({} ? {} : {})".format(*three)),
    ),
    max_leaves=6,
)


@given(st.lists(EXPRESSIONS, min_size=1, max_size=60))
@settings(max_examples=8, deadline=None)
def test_expressions_are_c_s(
    cc: str, tmp_path_factory: pytest.TempPathFactory, expressions: list[str]
) -> None:
    """Operators bind as in C."""
    header = "".join(
        f"#define SYS_{index} {text.replace('L', 'LL')}\n" for index, text in enumerate(expressions)
    )
    # In 64 bits throughout, where the compiler would else compute in `int`.
    wide = "".join(f"#define SYS_{index} {_wide(text)}\n" for index, text in enumerate(expressions))
    found = numbers(header)
    small = {name: value for name, value in found.items() if value is not None and abs(value) < 1 << 62}
    expected = compiled(cc, tmp_path_factory.mktemp("c"), wide, list(found))
    assert {name: expected[name] for name in small} == small


def _wide(text: str) -> str:
    return re.sub(r"\b(0x[0-9a-f]+|[0-9]+)L?\b", r"\1LL", text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "#define",
        "#define A (",
        "#define A " + "(" * 5000,
        "#endif\n#else\n#elif",
        "#if\n",
        "#define A 1/0",
        "\\",
    ],
)
def test_broken_headers_are_read_as_far_as_they_go(text: str) -> None:
    """A header that does not preprocess gives macros or none, never an error."""
    assert all(value is None for value in numbers(text).values())
