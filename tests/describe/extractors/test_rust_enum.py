"""The extractor `rust_enum`, against what rustc itself says the numbers are."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portwright.describe.extractors import Table
from portwright.describe.extractors.rust_enum import extract
from portwright.describe.toolchain import Toolchain

FACTS = {"target_arch": "x86_64", "target_pointer_width": "64", "target_endian": "little"}

# Everything that kernels do to such an enum, in one file that rustc compiles.
KERNEL = """\
#![allow(dead_code)]
//! enum Fake { No = 99 } in a comment is none
pub const BASE: usize = 0x100;
const NEXT: usize = BASE + 1;
mod inner {
    /// System call numbers
    #[repr(usize)]
    #[derive(Debug, Clone, Copy)]
    pub enum Syscall {
        // Files
        FileOpen = 50,   // FileClose = 1,
        FileClose,
        /* FileSeek = 7, */ FileRead = 5_3,
        FileWrite = 0o66usize,
        /// Documented = 8
        #[allow(unused)]
        FileSeek = 0b11_0111_u64 as usize,
        #[cfg(target_arch = "x86_64")]
        ArchOnly = (0x3f + 1) - 0x10,
        #[cfg(not(target_arch = "x86_64"))]
        ArchOnly = 1000,
        #[cfg(any(target_arch = "aarch64", all(target_pointer_width = "32", test)))]
        Elsewhere = 2000,
        AfterCfg,
        Based = super::BASE | 0x10,
        FromConst = crate::NEXT,
        Shifted = 1 << 12,
        #[cfg(test)]
        OnlyTests = 4000,
    }
}
#[repr(i32)]
pub enum Error { Bad = -1, Worse = -0x2, Worst = !4, None }
enum Plain { A, B, C }
enum Data { Read(u32), Write { fd: u32 } }
enum Nothing {}
fn local() { enum Local { X = 7 } let _ = Local::X; }
"""


def values(tables: list[Table], name: str) -> dict[str, int | None]:
    """Variant -> value of the table of that name."""
    (table,) = [table for table in tables if table.name == name]
    return {number.name: number.value for number in table.numbers}


@pytest.mark.toolchain
def test_values_are_rustc_s(toolchain: Toolchain, tmp_path: Path) -> None:
    """rustc compiles the same text; each variant cast to a number is what the extractor says."""
    tables = extract(KERNEL, FACTS)
    names = {"inner::Syscall": "Syscall", "Error": "Error", "Plain": "Plain"}
    lines = [
        f'println!("{name} {variant} {{}}", {path}::{variant} as i64);'
        for path, name in names.items()
        for variant in values(tables, name)
    ]
    source = tmp_path / "numbers.rs"
    source.write_text(f"{KERNEL}\nfn main() {{ local(); {' '.join(lines)} }}\n")
    program = tmp_path / "numbers"
    argv = [str(toolchain.rustc), "--edition", "2021", "-o", str(program), str(source)]
    variables = {**os.environ, **toolchain.variables()}
    built = subprocess.run(argv, env=variables, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    told = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split("\n")
    for line in filter(None, told):
        name, variant, value = line.split()
        assert values(tables, name)[variant] == int(value), line
    assert len(told) - 1 == sum(len(values(tables, name)) for name in names.values())


def test_what_is_taken_and_what_is_not() -> None:
    """Commented, untrue under cfg, with fields, empty: none of these is a number."""
    tables = extract(KERNEL, FACTS)
    assert [table.name for table in tables] == ["Syscall", "Error", "Plain", "Local"]
    found = values(tables, "Syscall")
    assert found["FileClose"] == 51 and found["ArchOnly"] == 48 and found["AfterCfg"] == 49
    assert not {"Elsewhere", "OnlyTests", "Documented"} & set(found)
    other = values(extract(KERNEL, {**FACTS, "target_arch": "aarch64"}), "Syscall")
    assert other["ArchOnly"] == 1000 and other["AfterCfg"] == 2001


def test_lines_and_what_cannot_be_worked_out() -> None:
    """A place to look at for each number; an expression beyond the extractor has no value, nor what follows it."""
    (table,) = extract("enum E {\n  A = f(1),\n  B,\n\n  C = 3,\n  D = UNKNOWN,\n}\n", FACTS)
    assert [(number.name, number.value, number.line) for number in table.numbers] == [
        ("A", None, 2),
        ("B", None, 3),
        ("C", 3, 5),
        ("D", None, 6),
    ]
    assert table.numbers[0].text == "f(1)"


def test_constants_that_name_each_other_have_no_value() -> None:
    """A circle ends."""
    (table,) = extract("const A: u8 = B; const B: u8 = A; enum E { X = A }", FACTS)
    assert table.numbers[0].value is None


SPELLINGS = st.sampled_from(
    ["{}", "{:#x}", "{:#o}", "{:#b}", "{}usize", "{:#x}_u32", "({})", "{} as usize", "{}_"]
)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1 << 40), SPELLINGS), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_numbering_is_c_s(rows: list[tuple[bool, int, str]]) -> None:
    """Given values in any spelling, implicit ones one more than the last."""
    text, expected, following = [], [], 0
    for index, (given_, value, spelling) in enumerate(rows):
        following = value if given_ else following
        expected.append((f"V{index}", following))
        text.append(f"V{index} = {spelling.format(value)}" if given_ else f"V{index}")
        following += 1
    (table,) = extract(f"pub(crate) enum Numbers {{ {', '.join(text)} }}", FACTS)
    assert [(number.name, number.value) for number in table.numbers] == expected


@pytest.mark.parametrize(
    "text", ["", "enum", "enum {", "enum E { A = ", "\x00", "enum E { A = 1 << 999999999 }"]
)
def test_broken_sources_are_read_as_far_as_they_go(text: str) -> None:
    """A source that does not compile gives tables or none, never an error."""
    assert isinstance(extract(text, FACTS), list)
