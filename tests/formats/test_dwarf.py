"""Who made each unit: against pyelftools on real files, in every version and form, and on rubbish."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given, settings
from hypothesis import strategies as some

from dwarf_maker import debug
from portwright.base.errors import BadInput
from portwright.formats import dwarf, elf


def sections(parts: dict[str, bytes]) -> dwarf.Sections:
    return dwarf.Sections(parts[".debug_info"], parts[".debug_abbrev"], parts[".debug_str"])


@pytest.mark.parametrize("version", [2, 3, 4, 5])
@pytest.mark.parametrize("form", [0x08, 0x0E])
def test_every_version_and_form(version: int, form: int) -> None:
    makers = ["rustc version 1.96.0", None, "GNU C17 12.2.0", "rustc version 1.96.0"]
    assert list(dwarf.producers(sections(debug(makers, version, form)))) == makers


@pytest.mark.parametrize("dwarf_version", [4, 5])
@pytest.mark.toolchain
def test_agrees_with_pyelftools_on_a_program_of_rustc(tmp_path: Path, dwarf_version: int) -> None:
    rustc = shutil.which("rustc")
    if rustc is None:
        pytest.skip("rustc is not on the path")
    (tmp_path / "m.rs").write_text('fn main() { println!("{:?}", std::env::args()); }')
    argv = [rustc, "-g", "-Zdwarf-version=5"] if dwarf_version == 5 else [rustc, "-g"]
    subprocess.run([*argv, "m.rs"], cwd=tmp_path, check=True, env={**os.environ, "RUSTC_BOOTSTRAP": "1"})
    ours = elf.read((tmp_path / "m").read_bytes())

    def content(name: str) -> bytes:
        section = ours.section(name)
        return ours.section_bytes(section) if section else b""

    found = dwarf.Sections(
        *(content(f".debug_{name}") for name in ("info", "abbrev", "str", "line_str", "str_offsets"))
    )
    with (tmp_path / "m").open("rb") as file:
        units = ELFFile(file).get_dwarf_info().iter_CUs()
        tops = [unit.get_top_DIE().attributes.get("DW_AT_producer") for unit in units]
        expected = Counter(top.value.decode() if top else None for top in tops)
    assert Counter(dwarf.producers(found)) == expected
    assert any("rustc version" in str(maker) for maker in expected)


def test_a_unit_that_reaches_too_far() -> None:
    parts = debug(["x"] * 3)
    broken = sections({**parts, ".debug_info": parts[".debug_info"][:-2]})
    with pytest.raises(BadInput, match="beyond its end"):
        list(dwarf.producers(broken))
    assert list(dwarf.producers(replace(broken, info=b""))) == []


@settings(max_examples=100, deadline=None)
@given(some.integers(2, 5), some.sampled_from([0x08, 0x0E]), some.data())
def test_mutations(version: int, form: int, draw: some.DataObject) -> None:
    parts = {name: bytearray(data) for name, data in debug(["rustc", None] * 3, version, form).items()}
    for _ in range(draw.draw(some.integers(1, 6))):
        data = parts[draw.draw(some.sampled_from([".debug_info", ".debug_abbrev"]))]
        data[draw.draw(some.integers(0, len(data) - 1))] = draw.draw(some.integers(0, 255))
    try:
        assert len(list(dwarf.producers(sections({n: bytes(d) for n, d in parts.items()})))) < 30
    except BadInput as error:
        assert error.faults
