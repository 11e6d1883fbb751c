"""What `inspect` says of NeXT's Mach-O files, and its listing against llvm-otool's and llvm-objdump's."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from macho_samples import program
from portwright.base.sources import Memory
from portwright.formats import macho
from portwright.formats.parts import macho_values as values
from portwright.formats.parts.macho_values import Macho, Plain, Scattered, Section, Segment, Symbol
from portwright.pack import macho_listing
from portwright.pack.inspect import Wanted, inspect

CODE = bytes.fromhex("4eb90000000061ff000000002039000000204e75")


def sample() -> Macho:
    """An object with entries of every form."""
    entries = (
        Plain(2, 0, False, 2, True),
        Plain(8, 2, True, 2, False),
        Scattered(14, 0x18, True, 2),
        Scattered(14, 0x18, False, 1, values.SECTDIFF),
        Scattered(0, 0x4, False, 1, values.PAIR),
        Plain(17, 0, False, 0, False),
    )
    text = Section("__text", "__TEXT", 0, len(CODE), CODE, 1, 0, entries)
    data = Section("__cstring", "__TEXT", 0x14, 8, b"abcdefg\0", 2, values.CSTRINGS)
    zeros = Section("__bss", "__DATA", 0x20, 32, b"", 4, values.ZEROFILL)
    table = (Symbol("_ext", 1), Symbol("_main", 0xF, 1), Symbol("_tail", 0xE, 1, 0, 0x12))
    return Macho(values.OBJECT, (Segment("", 0, 0x40, (text, data, zeros)),), table)


def written(path: Path, made: Macho) -> Path:
    """The file of some values."""
    path.write_bytes(macho.write(made))
    return path


def plain(text: str) -> list[str]:
    """Lines without what llvm does not know: the names of this CPU's relocation types."""
    for number, name in macho_listing.RELOCATION_KINDS.items():
        text = text.replace(f" {name} ", f" {number:<7} ")
    return [line.rstrip() for line in text.splitlines()]


def test_llvm_otool_lists_the_same_commands_and_relocations(tmp_path: Path) -> None:
    otool = next(
        filter(None, map(shutil.which, ("llvm-otool", *(f"llvm-otool-{n}" for n in range(22, 13, -1))))), None
    )
    if otool is None:
        pytest.skip("llvm-otool is not on this machine (llvm)")
    path = written(tmp_path / "a.o", sample())
    said = subprocess.run([otool, "-lrv", path], capture_output=True, text=True, check=True).stdout
    found = macho.load(Memory(path.read_bytes()))
    for ours in (macho_listing.commands(found), macho_listing.relocations(found)):
        lines = plain("\n".join(ours))
        assert len(lines) > 5
        start = [line.rstrip() for line in said.splitlines()].index(lines[0])
        theirs = [line.rstrip() for line in said.splitlines()][start : start + len(lines)]
        assert [re.sub(r" +", " ", line) for line in lines] == [re.sub(r" +", " ", line) for line in theirs]


def test_code_has_labels_and_instructions() -> None:
    lines = list(macho_listing.code(sample()))
    assert lines[0] == "Contents of (__TEXT,__text) section" and lines[1] == "_main:"
    assert lines[2].startswith("00000000\tjsr") and lines[-2:] == ["_tail:", "00000012\trts"]


def test_inspect_of_a_program(tmp_path: Path) -> None:
    library = values.FixedLibrary("/usr/shlib/libsys_s.B.shlib", 55, 0x0500_0000)
    path = written(tmp_path / "program", replace(program(), libraries=(library,)))
    found = inspect(path, Wanted(listing=True))
    assert found.facts["entry"] == "0x2400 in (__TEXT,__text)"
    assert found.facts["needs"] == "/usr/shlib/libsys_s.B.shlib 55 at 0x5000000"
    assert not found.findings
    for line in (
        "        cmd LC_UNIXTHREAD",
        " sr 0000 pc 00002400",
        " minor version 55",
        "  segname __PAGEZERO",
        "__start:",
        "00002402\trts",
    ):
        assert line in found.listing
    assert not inspect(path, Wanted()).listing


def test_what_is_wrong_is_found_and_the_rest_is_still_shown(tmp_path: Path) -> None:
    path = tmp_path / "bad"
    data = bytearray(macho.write(sample()))
    at = data.index(b"\x0f\x01")  # n_type and n_sect of _main
    data[at + 1] = 9
    path.write_bytes(data[:-2])
    found = inspect(path, Wanted())
    said = " ".join(row.what for row in found.findings)
    assert "is in no section: it says number 9 of 3" in said and "cut off" in said
    assert "(__TEXT,__text) 20" in str(found.facts["sections"])
