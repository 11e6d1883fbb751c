"""What a bootstrap of Redox must be: made-up ELF files with one fault each, and real ones out of the linker."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import BadInput
from portwright.base.sources import Memory
from portwright.formats import elf
from portwright.pack import bootstrap

SIZE = 0x2000


def program(
    *,
    kind: int = elf.ET_EXEC,
    entry: int = 0x3000,
    segments: tuple[tuple[int, ...], ...] = ((elf.PT_LOAD, 5, 0x1000, 0x3000, 0x1000, 0x1000),),
    section: tuple[int, int] | None = None,
) -> bytes:
    """An ELF file; segments are (kind, flags, offset, address, bytes in the file, in memory), a section (kind, flags)."""
    count = len(segments)
    header = struct.pack(
        *(
            "<16sHHIQQQIHHHHHH",
            b"\x7fELF\2\1\1" + bytes(9),
            kind,
            183,
            1,
            entry,
            64,
            0 if section is None else SIZE,
        ),
        *(0, 64, 56, count, 64, 0 if section is None else 2, 0),
    )
    for wanted, flags, offset, address, in_file, in_memory in segments:
        header += struct.pack(
            "<IIQQQQQQ", wanted, flags, offset, address, address, in_file, in_memory, 0x1000
        )
    data = header.ljust(SIZE, b"\0")
    if section is not None:
        data += bytes(64) + struct.pack("<IIQQQQIIQQ", 0, section[0], section[1], 0, 0x1000, 24, 0, 0, 8, 24)
    return data


LOAD = (elf.PT_LOAD, 5, 0x1000, 0x3000, 0x1000, 0x1000)
CASES: dict[str, dict[str, Any]] = {
    "kind": {"kind": elf.ET_DYN},
    "empty": {"segments": ()},
    "place": {"segments": (LOAD, (elf.PT_LOAD, 6, 0, 0x21_0000, 64, 64))},
    "zeros": {"segments": (LOAD, (elf.PT_LOAD, 6, 0x1800, 0x3800, 0x10, 0x2000))},
    "cut-off": {"segments": (LOAD, (elf.PT_LOAD, 6, 0x1800, 0x3800, 0x9000, 0x9000))},
    "entry-zero": {"entry": 0},
    "entry": {"entry": 0x4000},
    "dynamic": {"segments": (LOAD, (elf.PT_DYNAMIC, 6, 0x1100, 0x3100, 16, 16))},
    "relocations": {"section": (elf.SHT_RELA, 2)},
}


def test_a_sound_bootstrap_is_taken() -> None:
    assert bootstrap.faults(program()) == []
    assert (
        bootstrap.faults(program(section=(elf.SHT_RELA, 0))) == []
    )  # kept by --emit-relocs, nobody needs them
    assert bootstrap.faults(program(segments=(LOAD, (elf.PT_LOAD, 6, 0, 0x9000, 0, 0)))) == []
    bootstrap.require(Memory(program()))


@pytest.mark.parametrize("code", CASES)
def test_each_fault_is_named(code: str) -> None:
    found = [fault.code for fault in bootstrap.faults(program(**CASES[code]), "some/bootstrap")]
    expected = {"empty": ["bootstrap/empty", "bootstrap/entry"]}
    assert found == expected.get(code, [f"bootstrap/{code}"])
    with pytest.raises(BadInput) as error:
        bootstrap.require(Memory(program(**CASES[code]), "some/bootstrap"))
    assert "some/bootstrap" in str(error.value) and "hint: " in str(error.value)


def test_an_entry_in_data_is_none() -> None:
    writable = (LOAD, (elf.PT_LOAD, 6, 0x1800, 0x3800, 0x10, 0x10))
    assert bootstrap.faults(program(entry=0x3804, segments=writable)) == []
    apart = ((elf.PT_LOAD, 5, 0x1000, 0x3000, 0x800, 0x800), writable[1])
    assert [f.code for f in bootstrap.faults(program(entry=0x3804, segments=apart))] == ["bootstrap/entry"]


def test_all_faults_come_at_once() -> None:
    interpreter = (elf.PT_INTERP, 4, 0x1000, 0x3000, 16, 16)
    data = program(kind=elf.ET_DYN, entry=0, segments=((elf.PT_LOAD, 5, 0, 0, 0x100, 0x200), interpreter))
    codes = [fault.code for fault in bootstrap.faults(data)]
    assert codes == [f"bootstrap/{code}" for code in ("kind", "place", "zeros", "entry-zero", "dynamic")]


def test_what_is_no_program_is_said() -> None:
    for data in (b"", b"#!/bin/sh\n", program()[:50], program()[:70]):
        assert [fault.code for fault in bootstrap.faults(data)] == ["elf/broken"]
    assert (
        bootstrap.faults(program(section=(elf.SHT_RELA, 2))[:-1]) == []
    )  # sections are no part of what runs


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Link a few instructions as told, with a linker script or without."""
    linker, assembler = shutil.which("ld"), shutil.which("as")
    if linker is None or assembler is None:
        pytest.skip("ld and as are not on this machine (binutils)")
    folder = tmp_path_factory.mktemp("linked")
    (folder / "start.s").write_text(
        ".globl _start\n_start: .quad 1, 2\n.data\n.quad _start\n.bss\n.skip 64\n"
    )
    subprocess.run([assembler, "start.s", "-o", "start.o"], cwd=folder, check=True)

    def link(*options: str, script: str = "") -> bytes:
        (folder / "script.ld").write_text(script)
        scripted = ["-T", "script.ld"] if script else []
        command = [linker, *scripted, "-z", "max-page-size=4096", *options, "start.o", "-o", "linked"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return Path(folder / "linked").read_bytes()

    return link


IN_PLACE = """
ENTRY(_start)
SECTIONS {
  . = 0x2000 + SIZEOF_HEADERS;
  . = ALIGN(0x1000);
  .text : { *(.text) }
  .data ALIGN(0x1000) : { *(.data) *(.bss) . = ALIGN(0x1000); }
}
"""


def test_what_a_linker_makes(linked: Any) -> None:
    found = bootstrap.faults(linked(script=IN_PLACE))
    assert found == []

    def codes(data: bytes) -> set[str]:
        return {str(fault.code).removeprefix("bootstrap/") for fault in bootstrap.faults(data)}

    assert codes(linked()) == {"place", "zeros"}
    assert codes(linked("-pie", "--no-dynamic-linker")) >= {"kind", "dynamic", "relocations"}
    assert codes(
        linked(script=IN_PLACE.replace("*(.bss)", "").replace(" }\n}", " }\n .bss : { *(.bss) } }"))
    ) == {"zeros"}
    assert codes(linked("-e", "0", script=IN_PLACE)) == {"entry-zero"}
    assert codes(linked(script=IN_PLACE.replace("0x2000", "0x1000"))) == {"place"}
