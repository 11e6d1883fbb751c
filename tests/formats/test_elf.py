"""The ELF reader against pyelftools and readelf over real files, on made-up files of every form, and on rubbish."""

from __future__ import annotations

import io
import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import capstone
import pytest
import unicorn
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from hypothesis import given, settings
from hypothesis import strategies as some

from portwright.base.errors import BadInput
from portwright.formats import elf


def samples() -> list[Path]:
    """ELF files that any machine with Python has, and those of two of our own dependencies."""
    found = [Path(sys.executable).resolve()]
    for package, pattern in ((unicorn, "lib*.so*"), (capstone, "lib*.so*")):
        found += sorted(Path(package.__file__).parent.rglob(pattern))
    for folder in ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64"):
        for name in ("libc.so.6", "ld-linux-x86-64.so.2", "crt1.o", "libm.so.6"):
            path = Path(folder) / name
            if path.is_file():
                found.append(path.resolve())
    return [path for path in dict.fromkeys(found) if path.read_bytes()[:4] == elf.MAGIC]


SAMPLES = samples()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_agrees_with_pyelftools(path: Path) -> None:
    ours = elf.read(path.read_bytes(), str(path))
    with path.open("rb") as file:
        oracle = ELFFile(file)
        assert (ours.bits, ours.endian) == (oracle.elfclass, "little" if oracle.little_endian else "big")
        header = oracle.header
        assert (ours.entry, ours.flags) == (header.e_entry, header.e_flags)
        names = [
            (f.p_flags, f.p_offset, f.p_vaddr, f.p_paddr, f.p_filesz, f.p_memsz, f.p_align)
            for f in (segment.header for segment in oracle.iter_segments())
        ]
        assert [
            (s.flags, s.offset, s.address, s.physical, s.file_size, s.memory_size, s.alignment)
            for s in ours.segments
        ] == names
        sections = [
            (s.name, s["sh_flags"], s["sh_addr"], s["sh_offset"], s["sh_size"], s["sh_link"], s["sh_entsize"])
            for s in oracle.iter_sections()
        ]
        assert [
            (s.name, s.flags, s.address, s.offset, s.size, s.link, s.entry_size) for s in ours.sections
        ] == sections
        for kind, name in ((elf.SHT_SYMTAB, "SHT_SYMTAB"), (elf.SHT_DYNSYM, "SHT_DYNSYM")):
            tables = [s for s in oracle.iter_sections() if s["sh_type"] == name]
            symbols = [
                (symbol.name, symbol["st_value"], symbol["st_size"])
                for table in tables
                if isinstance(table, SymbolTableSection)
                for symbol in table.iter_symbols()
            ]
            assert [(s.name, s.value, s.size) for s in ours.symbols(kind)] == symbols


@pytest.mark.parametrize("path", SAMPLES[:1], ids=lambda path: path.name)
def test_agrees_with_readelf_on_relocations(path: Path) -> None:
    readelf = shutil.which("readelf")
    if readelf is None:
        pytest.skip("readelf is not on this machine (binutils)")
    relative = subprocess.run([readelf, "-rW", path], capture_output=True, text=True).stdout
    expected = sorted(
        int(line.split()[0], 16)
        for line in relative.splitlines()
        if "_RELATIVE" in line and line[:1].isalnum()
    )
    ours = elf.read(path.read_bytes(), str(path))
    places = [r.place for r in ours.dynamic_relocations() if r.kind == 8] + list(ours.relative_places())
    assert sorted(places) == expected


def made_up(bits: int, endian: str, *, segments: int = 2, sections: bool = True) -> bytes:
    """A small executable of any width and byte order, with symbols and a TLS segment."""
    mark = "<" if endian == "little" else ">"
    wide = bits == 64
    header = struct.Struct(mark + ("16sHHIQQQIHHHHHH" if wide else "16sHHIIIIIHHHHHH"))
    segment = struct.Struct(mark + ("IIQQQQQQ" if wide else "IIIIIIII"))
    section = struct.Struct(mark + ("IIQQQQIIQQ" if wide else "IIIIIIIIII"))
    symbol = struct.Struct(mark + ("IBBHQQ" if wide else "IIIBBH"))

    def program_header(
        kind: int, flags: int, address: int, offset: int, in_file: int, in_memory: int
    ) -> bytes:
        if wide:
            return segment.pack(kind, flags, offset, address, address, in_file, in_memory, 0x1000)
        return segment.pack(kind, offset, address, address, in_file, in_memory, flags, 0x1000)

    def symbol_row(name: int, value: int, size: int, info: int) -> bytes:
        return (
            symbol.pack(name, info, 0, 1, value, size) if wide else symbol.pack(name, value, size, info, 0, 1)
        )

    base = header.size + segments * segment.size
    text, names = b"\x01\x02\x03\x04" * 4, b"\0_start\0.text\0.symtab\0.strtab\0"
    symbols = symbol_row(0, 0, 0, 0) + symbol_row(1, 0x10000 + base, 16, 0x12)
    tables = base + len(text) + len(names) + len(symbols)
    rows = [
        section.pack(*[0] * 10),
        section.pack(8, 1, 6, 0x10000 + base, base, len(text), 0, 0, 4, 0),
        section.pack(14, 2, 0, 0, base + len(text) + len(names), len(symbols), 3, 1, 8, symbol.size),
        section.pack(22, 3, 0, 0, base + len(text), len(names), 0, 0, 1, 0),
    ]
    ident = elf.MAGIC + bytes([2 if wide else 1, 1 if endian == "little" else 2, 1]) + bytes(9)
    counted = (section.size, 4, 3) if sections else (section.size, 0, 0)
    data = header.pack(
        *(ident, 2, 62 if wide else 4, 1, 0x10000 + base, header.size, tables if sections else 0, 7),
        *(header.size, segment.size, segments, *counted),
    )
    data += program_header(elf.PT_LOAD, 5, 0x10000, 0, tables, tables)
    data += program_header(elf.PT_TLS, 4, 0x10000 + base, base, 8, 24) * (segments - 1)
    return data + text + names + symbols + b"".join(rows) * sections


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("endian", ["little", "big"])
def test_every_width_and_byte_order(bits: int, endian: str) -> None:
    data = made_up(bits, endian)
    ours = elf.read(data)
    oracle = ELFFile(io.BytesIO(data))
    assert (ours.bits, ours.endian, ours.kind, ours.flags) == (bits, endian, elf.ET_EXEC, 7)
    assert ours.entry == oracle.header.e_entry
    assert [s.memory_size for s in ours.segments] == [s["p_memsz"] for s in oracle.iter_segments()]
    tls = ours.segment(elf.PT_TLS)
    assert tls is not None and (tls.file_size, tls.memory_size, tls.flags) == (8, 24, 4)
    text = ours.section(".text")
    assert text is not None and ours.section_bytes(text) == b"\x01\x02\x03\x04" * 4
    start = [symbol for symbol in ours.symbols() if symbol.name == "_start"]
    assert [(s.value, s.size, s.binding, s.kind) for s in start] == [(ours.entry, 16, 1, elf.STT_FUNC)]
    assert ours.at_address(ours.entry, 4, "code") == b"\x01\x02\x03\x04"


def test_a_file_without_sections_is_a_program_all_the_same() -> None:
    ours = elf.read(made_up(64, "little", sections=False))
    assert ours.sections == () and list(ours.symbols()) == []
    assert len(ours.loads) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "begins with nothing"),
        (b"#!/bin/sh\n", "begins with 23 21 2f 62"),
        (b"\x7fELF", "cut off after 4 bytes"),
        (b"\x7fELF\x09" + bytes(60), "class 9"),
        (b"\x7fELF\x02\x07" + bytes(60), "data encoding 7"),
        (made_up(64, "little")[:40], "the header should end at 0x40"),
        (made_up(64, "little")[:100], "2 program headers should end at"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, words: str) -> None:
    with pytest.raises(BadInput) as error:
        elf.read(data, "some/program")
    assert words in str(error.value) and "some/program" in str(error.value)


def test_cut_off_tables_are_found_when_they_are_asked_for() -> None:
    whole = made_up(64, "big")
    ours = elf.read(whole[:-1])
    assert len(ours.loads) == 1
    with pytest.raises(BadInput, match="section headers reach beyond the end"):
        _ = ours.sections


def everything(data: bytes) -> None:
    """Ask for all that there is; only `BadInput` may come."""
    try:
        ours = elf.read(data)
        for segment in ours.loads:
            ours.segment_bytes(segment)
        for section in ours.sections:
            ours.section_bytes(section)
        list(ours.symbols())
        list(ours.symbols(elf.SHT_DYNSYM))
        ours.dynamic()
        list(ours.dynamic_relocations())
        list(ours.relative_places())
    except BadInput as error:
        assert error.faults and all(fault.what for fault in error.faults)


SMALL = min((path.read_bytes() for path in SAMPLES), key=len)


@settings(max_examples=300, deadline=None)
@given(some.sampled_from([(32, "little"), (32, "big"), (64, "little"), (64, "big")]), some.data())
def test_mutations_of_a_small_file(form: tuple[int, str], draw: some.DataObject) -> None:
    data = bytearray(made_up(*form))
    for _ in range(draw.draw(some.integers(1, 6))):
        place = draw.draw(some.integers(0, len(data) - 1))
        data[place] = draw.draw(some.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | some.integers(0, 255))
    everything(bytes(data[: draw.draw(some.integers(0, len(data)) | some.just(len(data)))]))


@pytest.mark.parametrize("seed", range(60))
def test_mutations_of_a_real_file(seed: int) -> None:
    choose = random.Random(seed)
    data = bytearray(SMALL)
    headers = struct.unpack_from("<Q", data, 40)[0]
    for _ in range(choose.randint(1, 20)):
        place = choose.choice(
            [choose.randrange(1024), choose.randrange(len(data)), headers + choose.randrange(640)]
        )
        data[place % len(data)] = choose.choice([0, 1, 0x7F, 0x80, 0xFF, choose.randrange(256)])
    everything(bytes(data[: choose.choice([len(data), choose.randrange(len(data))])]))


@settings(max_examples=200, deadline=None)
@given(some.binary(max_size=300))
def test_rubbish(rubbish: bytes) -> None:
    everything(rubbish)
    everything(elf.MAGIC + rubbish)
    everything(made_up(64, "little")[:64] + rubbish)


def relr_file(words: list[int]) -> bytes:
    """A position-independent file whose dynamic table names RELR words."""
    base = 64 + 2 * 56
    dynamic = struct.pack("<8Q", elf.DT_RELR, base + 64, elf.DT_RELRSZ, 8 * len(words), 0, 0, 0, 0)
    body = dynamic + b"".join(struct.pack("<Q", word) for word in words)
    ident = elf.MAGIC + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack("<16sHHIQQQIHHHHHH", ident, 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 6, 0, 0, 0, base + len(body), 0x10000, 0x1000)
    table = struct.pack("<IIQQQQQQ", 2, 6, base, base, base, len(dynamic), len(dynamic), 8)
    return header + load + table + body


@settings(max_examples=100, deadline=None)
@given(some.lists(some.integers(0, 400), unique=True, min_size=1, max_size=150))
def test_relr_names_every_word_once(slots: list[int]) -> None:
    places = sorted(0x1000 + 8 * slot for slot in slots)
    words: list[int] = []
    index = 0
    while index < len(places):  # encoded as the specification says: an address, then bitmaps of 63 words
        words.append(places[index])
        start, index = places[index] + 8, index + 1
        while True:
            here = [place for place in places[index:] if place < start + 63 * 8]
            if not here:
                break
            words.append(1 | sum(1 << ((place - start) // 8 + 1) for place in here))
            index += len(here)
            start += 63 * 8
    assert list(elf.read(relr_file(words)).relative_places()) == places
