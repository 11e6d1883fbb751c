"""NeXT's Mach-O: round trips, every fault, damaged files, and what `file`, LLVM and macholib say of ours."""

from __future__ import annotations

import importlib
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from macho_samples import objects, program, programs
from portwright.base.errors import BadInput
from portwright.base.sources import Memory
from portwright.formats import macho
from portwright.formats.parts import macho_entries, macho_values
from portwright.formats.parts.macho_values import Macho, Plain, Scattered, Section, Segment, Symbol

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(some.one_of(objects(), programs()))
def test_what_is_written_is_read(made: Macho) -> None:
    data = macho.write(made)
    found = macho.load(Memory(data))
    assert found == made
    assert macho.write(found) == data


@FEW
@given(some.one_of(objects(), programs()), some.data())
def test_damaged_files_are_only_ever_told_of(made: Macho, data: some.DataObject) -> None:
    raw = bytearray(macho.write(made))
    for _ in range(data.draw(some.integers(1, 4))):
        at = data.draw(some.integers(4, min(len(raw), 500) - 1))
        raw[at] = data.draw(some.sampled_from((0, 1, 0x7F, 0x80, 0xFF, raw[at] ^ 1)))
    cut = data.draw(some.integers(0, len(raw)))
    for damaged in (bytes(raw), bytes(raw[:cut])):
        try:
            found, faults = macho.parse(Memory(damaged))
        except BadInput:
            continue
        if not faults:
            assert macho.load(Memory(damaged)) == found


def test_every_cut_is_told_of() -> None:
    data = macho.write(replace(object_with(Plain(0, 0, False, 2, True)), kind=1))
    for length in range(len(data)):
        with pytest.raises(BadInput):
            macho.load(Memory(data[:length]))


@FEW
@given(
    some.one_of(
        some.builds(
            Plain,
            some.integers(0, (1 << 31) - 1),
            some.integers(0, (1 << 24) - 1),
            some.booleans(),
            some.integers(0, 3),
            some.booleans(),
            some.integers(0, 15),
        ),
        some.builds(
            Scattered,
            some.integers(0, (1 << 24) - 1),
            some.integers(0, (1 << 32) - 1),
            some.booleans(),
            some.integers(0, 3),
            some.integers(0, 15),
        ),
    )
)
def test_entries(entry: Plain | Scattered) -> None:
    assert macho_entries.decode(macho_entries.encode(entry)) == entry


def test_the_bits_of_both_forms_are_where_the_documentation_has_them() -> None:
    plain = macho_entries.encode(Plain(0x1234, 0xABCDEF, True, 2, True, 0))
    assert plain.hex() == "00001234" + "abcdefd0"  # pcrel 0x80, long 0x40, extern 0x10
    first = macho_entries.encode(Scattered(0x123456, 0xDEADBEEF, False, 1, macho_values.SECTDIFF))
    assert first.hex() == "92123456" + "deadbeef"  # scattered, word, type 2


@given(some.integers(-(1 << 33), 1 << 33), some.integers(0, 2), some.booleans())
def test_a_number_that_fits_is_read_back(number: int, length: int, signed: bool) -> None:
    data = bytearray(6)
    if macho_entries.fits(number, length, signed=signed):
        macho_entries.put(data, 1, length, number)
        size = 8 << length
        assert (macho_entries.number_at(data, 1, length) - number) % (1 << size) == 0
        assert not data[0] and not any(data[1 + (1 << length) :])
        if signed and length < 2:
            assert macho_entries.number_at(data, 1, length) == number


def object_with(*entries: Plain | Scattered, size: int = 8, **changes: object) -> Macho:
    """An object of two sections whose first has these relocations."""
    text = Section("__text", "__TEXT", 0, size, bytes(size), 1, relocations=entries)
    data = Section("__data", "__DATA", size, 8, bytes(8), 1)
    symbols = (Symbol("_ext", 1), Symbol("_here", 0xF, 1))
    made = Macho(1, (Segment("", 0, size + 8, (text, data)),), symbols)
    return replace(made, **changes)  # type: ignore[arg-type]


PROGRAM = program()
TEXT = PROGRAM.segments[1]
FAULTS: dict[str, tuple[Callable[[], Macho], str]] = {
    "a symbol in no section": (lambda: object_with(symbols=(Symbol("_a", 0xF, 9),)), "no-section"),
    "a symbol in section 0": (lambda: object_with(symbols=(Symbol("_a", 0xE, 0),)), "no-section"),
    "an undefined symbol in a section": (lambda: object_with(symbols=(Symbol("_a", 1, 1),)), "no-section"),
    "a lone PAIR": (lambda: object_with(Scattered(0, 0, False, 2, 1)), "pair"),
    "a difference without PAIR": (lambda: object_with(Scattered(0, 0, False, 2, 2)), "pair"),
    "a difference and something else": (
        lambda: object_with(Scattered(0, 0, False, 2, 2), Plain(0, 1, False, 2, False)),
        "pair",
    ),
    "a plain difference": (
        lambda: object_with(Plain(0, 1, False, 2, False, 2), Scattered(0, 0, False, 2, 1)),
        "pair",
    ),
    "a plain PAIR": (
        lambda: object_with(Scattered(0, 0, False, 2, 2), Plain(0, 1, False, 2, False, 1)),
        "pair",
    ),
    "a symbol that is defined": (lambda: object_with(Plain(0, 1, False, 2, True)), "symbol"),
    "a symbol that is not there": (lambda: object_with(Plain(0, 7, False, 2, True)), "symbol"),
    "a section that is not there": (lambda: object_with(Plain(0, 3, False, 2, False)), "no-section"),
    "an address in no section": (lambda: object_with(Scattered(0, 0x99, False, 2)), "no-section"),
    "the end as a subtrahend": (
        lambda: object_with(Scattered(0, 0, False, 2, 2), Scattered(0, 16, False, 2, 1)),
        "no-section",
    ),
    "a place outside": (lambda: object_with(Plain(6, 1, False, 2, False)), "outside"),
    "an unknown length": (lambda: object_with(Plain(0, 1, False, 3, False)), "outside"),
    "an unknown type": (lambda: object_with(Plain(0, 1, False, 2, False, 5)), "relocation-type"),
    "over 16 MiB": (lambda: object_with(Scattered(1 << 24, 0, False, 2), size=(1 << 24) + 8), "far"),
    "a long name": (lambda: replace(PROGRAM, segments=(replace(TEXT, name="x" * 17),)), "name"),
    "no thread": (lambda: replace(PROGRAM, threads=()), "no-thread"),
    "an entry without code": (lambda: replace(PROGRAM, threads=(macho_values.starts_at(0),)), "entry"),
    "half a page": (lambda: replace(PROGRAM, segments=(replace(TEXT, memory_size=0x3000),)), "page"),
    "no room": (lambda: program(at=0x2100), "no-room"),
    "overlapping segments": (lambda: replace(PROGRAM, segments=(*PROGRAM.segments, TEXT)), "overlap"),
    "two segments": (
        lambda: replace(object_with(), segments=(Segment("", 0, 0), Segment("", 0, 0))),
        "segments",
    ),
    "a foreign command": (lambda: object_with(notes=(macho_values.Note(0xB, bytes(72)),)), "command"),
    "too many sections": (
        lambda: object_with(segments=(Segment("", 0, 0, (Section("a", "b", 0, 0),) * 256),)),
        "many-sections",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults(case: str) -> None:
    make, code = FAULTS[case]
    with pytest.raises(BadInput) as caught:
        macho.write(make(), "bad.o")
    assert f"macho/{code}" in [fault.code for fault in caught.value.faults]
    assert "bad.o" in str(caught.value)


def test_all_faults_are_told_at_once_and_of_files_too() -> None:
    bad = object_with(
        Plain(0, 9, False, 2, True), Scattered(0, 0x99, False, 2), symbols=(Symbol("_a", 0xF, 9),)
    )
    with pytest.raises(BadInput) as caught:
        macho.write(bad)
    assert len(caught.value.faults) == 3
    from portwright.formats.parts import macho_writer

    with pytest.raises(BadInput) as again:
        macho.load(Memory(macho_writer.write(bad, "x"), "x"))
    assert [fault.code for fault in again.value.faults] == [fault.code for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"\x7fELF" + bytes(40), "magic"),
        (bytes.fromhex("cefaedfe") + bytes(40), "order"),
        (bytes.fromhex("feedfacf") + bytes(40), "order"),
        (bytes.fromhex("feedface00000012") + bytes(40), "cpu"),
        (struct.pack(">7I", 0xCAFEBABE, 1, 7, 3, 0, 0, 0), "cpu"),
        (b"\xfe\xed\xfa\xce", "cut-off"),
        (b"", "cut-off"),
    ],
)
def test_what_is_no_file_of_nexts(head: bytes, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        macho.parse(Memory(head))
    assert caught.value.faults[0].code == f"macho/{code}"


def test_the_part_of_a_fat_file() -> None:
    data = macho.write(PROGRAM)
    rows = struct.pack(">10I", 7, 3, 0, 0, 0, 6, 1, 0x2000, len(data), 13)
    fat = (struct.pack(">2I", 0xCAFEBABE, 2) + rows).ljust(0x2000, b"\0") + data
    assert macho.load(Memory(fat)) == PROGRAM


def test_a_file_that_claims_the_same_bytes_over_and_over() -> None:
    """Damaged files are ordinary input: 3000 sections of a whole megabyte each must not be read into memory."""
    count, total = 3000, 1 << 20
    rows = b"".join(
        struct.pack(">16s16s9I", b"a", b"b", 0, total, 0, 0, 0, total // 8, 0, 0, 0) for _ in range(count)
    )
    segment = struct.pack(">2I16s8I", 1, 56 + len(rows), b"", 0, total, 0, total, 7, 7, count, 0) + rows
    data = struct.pack(">7I", 0xFEEDFACE, 6, 1, 1, 1, len(segment), 0) + segment
    with pytest.raises(BadInput, match="where something else is"):
        macho.load(Memory(data.ljust(total, b"\0")))


def test_file_and_llvm_know_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.o"
    path.write_bytes(macho.write(object_with(Plain(0, 0, False, 2, True))))
    asked = 0
    if shutil.which("file"):
        asked += 1
        said = subprocess.run(["file", "-b", path], capture_output=True, text=True, check=True).stdout
        assert said.startswith("Mach-O m68k object")
        path.with_suffix("").write_bytes(macho.write(PROGRAM))
        said = subprocess.run(["file", "-b", path.with_suffix("")], capture_output=True, text=True).stdout
        assert said.startswith("Mach-O m68k executable")
    objdump = shutil.which("llvm-objdump")
    if objdump:
        asked += 1
        said = subprocess.run(
            [objdump, "--macho", "-t", path], capture_output=True, text=True, check=True
        ).stdout
        assert "__TEXT,__text _here" in said and "*UND* _ext" in said
    if not asked:
        pytest.skip("neither file nor llvm-objdump is on this machine (file, llvm)")


def test_macholib_reads_the_same(tmp_path: Path) -> None:
    try:
        library = importlib.import_module("macholib.MachO")
    except ImportError:
        pytest.skip("macholib is not installed (pip install macholib)")
    path = tmp_path / "program"
    library_command = macho_values.FixedLibrary("/usr/shlib/libsys_s.B.shlib", 55, 0x0500_0000)
    path.write_bytes(macho.write(replace(PROGRAM, libraries=(library_command,))))
    (header,) = library.MachO(str(path)).headers
    assert (header.header.cputype, header.header.filetype, header.endian) == (6, 2, ">")
    names = [command.get_cmd_name() for command, _, _ in header.commands]
    assert names == ["LC_SEGMENT", "LC_SEGMENT", "LC_LOADFVMLIB", "LC_SYMTAB", "LC_UNIXTHREAD"]
    segment, rows = header.commands[1][1:]
    assert (segment.vmaddr, segment.vmsize, segment.fileoff, segment.initprot) == (0x2000, 0x2000, 0, 5)
    assert (rows[0].addr, rows[0].offset, rows[0].size) == (0x2400, 0x400, 4)
    size = header.commands[2][0].cmdsize
    assert size == 48  # as in a real program of NeXT's
