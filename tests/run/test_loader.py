"""The loader: what it refuses and why, and that what it places is what the file says, byte for byte."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from portwright.describe.cpu import cpu
from portwright.describe.ledger import Memory
from portwright.formats import elf
from portwright.run import loader
from portwright.run.address_space import AddressSpace
from portwright.run.engine import Access, BadAddress
from portwright.run.hostility import Hostility
from portwright.run.loader import CannotLoad, Rules

PAGE = 0x1000
CPU = cpu("x86-64")
MEMORY = Memory(page_size=PAGE, stack_top=0x7000_0000_0000, stack_size=0x1_0000, map_base=0x4000_0000_0000)
RULES = Rules(CPU, ["elf-exec"], PAGE, 0x1000, 0x6000_0000_0000, 0x10_0000)
PIE_RULES = replace(RULES, loads=["elf-exec", "elf-pie"])
RX, RW, RO = elf.PF_R | elf.PF_X, elf.PF_R | elf.PF_W, elf.PF_R


@dataclass
class Load:
    """A segment to be made: its content lies at the same place in a page of the file as in memory."""

    address: int
    content: bytes
    flags: int = RX
    memory: int | None = None
    kind: int = elf.PT_LOAD
    alignment: int = PAGE
    at: int | None = None


@dataclass
class Program:
    """An ELF program to be made."""

    loads: list[Load] = field(default_factory=lambda: [Load(0x40_1000, b"\x0f\x0b")])
    entry: int | None = None
    kind: int = elf.ET_EXEC
    machine: int = 62

    def bytes(self) -> bytes:
        """The file."""
        entry = self.loads[0].address if self.entry is None else self.entry
        ident = elf.MAGIC + bytes([2, 1, 1]) + bytes(9)
        head = struct.pack(
            "<16sHHIQQQIHHHHHH",
            *(ident, self.kind, self.machine, 1, entry, 64, 0, 0, 64, 56, len(self.loads), 64, 0, 0),
        )
        body = bytearray(PAGE)
        rows = b""
        for load in self.loads:
            offset = load.at
            if offset is None:
                body += bytes((load.address - len(body)) % PAGE)
                offset = len(body)
                body += load.content
            size = len(load.content) if load.memory is None else load.memory
            rows += struct.pack(
                "<IIQQQQQQ",
                *(load.kind, load.flags, offset, load.address, load.address),
                *(len(load.content), size, load.alignment),
            )
        body[: len(head + rows)] = head + rows
        return bytes(body)


class Memories:
    """An engine that only keeps memory: enough for a loader, and quick."""

    def __init__(self) -> None:
        self.pages: dict[int, bytearray] = {}
        self.access: dict[int, Access] = {}

    def map(self, address: int, length: int, access: Access) -> None:
        for page in range(address, address + length, PAGE):
            assert page not in self.pages
            self.pages[page], self.access[page] = bytearray(PAGE), access

    def write(self, address: int, data: bytes) -> None:
        for index, byte in enumerate(data):
            page = (address + index) // PAGE * PAGE
            if page not in self.pages:
                raise BadAddress(address + index)
            self.pages[page][address + index - page] = byte

    def read(self, address: int, length: int) -> bytes:
        return bytes(
            self.pages[place // PAGE * PAGE][place % PAGE] for place in range(address, address + length)
        )


def placed(program: bytes, rules: Rules = RULES, *, kind: bool = False) -> tuple[Memories, loader.Image]:
    image = loader.plan(program, "program", rules)
    engine = Memories()
    space = AddressSpace(engine, MEMORY, 64, Hostility(1, kind=kind), 1 << 30)  # type: ignore[arg-type]
    loader.place(image, space)
    return engine, image


def refused(program: bytes, rules: Rules = RULES) -> str:
    with pytest.raises(CannotLoad) as error:
        loader.plan(program, "program", rules)
    report = error.value.report
    assert report.kind == "cannot-load"
    assert report.what.startswith("program: ")
    assert report.advice
    return report.what


def test_segments_lie_where_and_as_the_file_says() -> None:
    program = Program(
        [
            Load(0x40_1234, b"code" * 2000),
            Load(0x50_0010, b"data", RW, memory=0x2000),
            Load(0x60_0000, b"const", RO),
        ]
    )
    engine, image = placed(program.bytes())
    assert engine.read(0x40_1234, 8000) == b"code" * 2000
    assert engine.read(0x50_0010, 0x2000) == b"data" + bytes(0x2000 - 4)
    assert engine.read(0x60_0000, 5) == b"const"
    assert {engine.access[page] for page in (0x40_1000, 0x40_2000, 0x40_3000)} == {
        Access.READ | Access.EXECUTE
    }
    assert engine.access[0x50_2000] == Access.READ | Access.WRITE
    assert engine.access[0x60_0000] == Access.READ
    assert (image.entry, image.base, image.end) == (0x40_1234, 0, 0x60_0005)


def test_what_nobody_promised_is_garbage_unless_the_run_is_kind() -> None:
    program = Program([Load(0x40_1000, b"code"), Load(0x50_0100, b"data", RW, memory=0x200)]).bytes()
    engine, _ = placed(program)
    assert 0 not in engine.read(0x50_0000, 0x100)  # before the segment
    assert engine.read(0x50_0104, 0x1FC) == bytes(0x1FC)  # its bss: promised
    assert 0 not in engine.read(0x50_0300, 0xD00)  # behind it
    assert 0 not in engine.read(0x40_1004, 0xFFC)
    kind, _ = placed(program, kind=True)
    assert kind.read(0x50_0000, 0x100) + kind.read(0x50_0300, 0xD00) == bytes(0xE00)


@settings(max_examples=100, deadline=None)
@given(
    some.lists(
        some.tuples(some.integers(0, 0x1800), some.binary(max_size=300), some.integers(0, 0x2000)),
        min_size=1,
        max_size=5,
    )
)
def test_any_segments_are_placed_byte_for_byte(rows: list[tuple[int, bytes, int]]) -> None:
    loads = [
        Load(0x40_0000 + index * 0x1_0000 + start, b"\xcc" + content, RX, 1 + len(content) + more)
        for index, (start, content, more) in enumerate(rows)
    ]
    engine, image = placed(Program(loads).bytes())
    for load in loads:
        assert load.memory is not None
        assert engine.read(load.address, load.memory) == load.content.ljust(load.memory, b"\0")
    mapped = sum(piece.length for piece in image.pieces)
    assert mapped == PAGE * len(engine.pages)


def test_a_position_independent_program_needs_a_loader_that_relocates() -> None:
    program = Program([Load(0x1000, b"\x0f\x0b")], kind=elf.ET_DYN).bytes()
    said = refused(program)
    assert "applies no relocations" in said and "elf-exec" in said
    engine, image = placed(program, PIE_RULES)
    assert (image.base, image.entry) == (0x10_0000, 0x10_1000)
    assert engine.read(0x10_1000, 2) == b"\x0f\x0b"


def pie(kind: int = 8, place: int = 0x3000, addend: int = 0x1234) -> bytes:
    """A static PIE with one relocation."""
    rela = struct.pack("<QQq", place, kind, addend)
    dynamic = struct.pack("<6Q", elf.DT_RELA, 0x2000, elf.DT_RELASZ, len(rela), 0, 0)
    loads = [
        Load(0x1000, b"\x0f\x0b"),
        Load(0x2000, rela + dynamic, RO),
        Load(0x3000, bytes(16), RW),
    ]
    program = Program(loads, kind=elf.ET_DYN)
    offset = 0x1000 + 0x1000 + len(rela)  # the second segment's place in the file, behind the relocation
    program.loads.append(Load(0x2000 + len(rela), dynamic, RO, kind=elf.PT_DYNAMIC, alignment=8, at=offset))
    return program.bytes()


def test_relocations_add_the_load_address() -> None:
    engine, _ = placed(pie(), PIE_RULES)
    assert engine.read(0x10_3000, 8) == (0x10_0000 + 0x1234).to_bytes(8, "little")
    negative, _ = placed(pie(addend=-0x10), PIE_RULES)
    assert negative.read(0x10_3000, 8) == (0x10_0000 - 0x10).to_bytes(8, "little")


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (pie(kind=6), "relocations that name symbols (types 6)"),
        (pie(place=0x9000), "a relocation mends 0x9000, which is in no segment"),
    ],
)
def test_relocations_that_cannot_be_done(program: bytes, words: str) -> None:
    with pytest.raises(CannotLoad) as error:
        loader.plan(program, "program", PIE_RULES)
    assert words in error.value.report.what


REFUSED = {
    "it is for AArch64": Program(machine=183).bytes(),
    "it is for machine 9999": Program(machine=9999).bytes(),
    "it is no program: it is relocatable": Program(kind=elf.ET_REL).bytes(),
    "it is no program: it is core": Program(kind=elf.ET_CORE).bytes(),
    "it has no segment to load": Program([Load(0x40_0000, b"x", kind=elf.PT_NOTE)]).bytes(),
    "it asks for the interpreter /lib/ld.so": Program(
        [Load(0x40_1000, b"\x0f\x0b"), Load(0x40_5000, b"/lib/ld.so\0", RO, kind=elf.PT_INTERP)]
    ).bytes(),
    "it needs 1 shared libraries": Program(
        [
            Load(0x40_1000, b"\x0f\x0b"),
            Load(0x40_5000, struct.pack("<4Q", elf.DT_NEEDED, 1, 0, 0), RO, kind=elf.PT_DYNAMIC),
        ]
    ).bytes(),
    "it has no entry (0)": Program(entry=0).bytes(),
    "its entry 0x999000 is in no segment": Program(entry=0x99_9000).bytes(),
    "is in a segment that is not executable": Program([Load(0x40_1000, b"x", RW)]).bytes(),
    "has more bytes in the file than in memory": Program([Load(0x40_1000, b"\x0f\x0b", memory=1)]).bytes(),
    "the file is cut off": Program([Load(0x40_1000, b"\x0f\x0b" * 900)]).bytes()[:-1],
    "not at the same place in a page": Program([Load(0x40_1000, b"\x0f\x0b", at=0x10)]).bytes(),
    "programs may lie from 0x1000": Program([Load(0x10, b"\x0f\x0b")]).bytes(),
    "to 0x600000000000": Program([Load(0x7FFF_FFFF_F000, b"\x0f\x0b")]).bytes(),
    "reaches from 0x401000 to 0x8000000000401000": Program(
        [Load(0x40_1000, b"\x0f\x0b", memory=1 << 63)]
    ).bytes(),
    "two segments overlap": Program(
        [Load(0x40_1000, b"\x0f\x0b" * 99), Load(0x40_1040, b"x" * 9, RW)]
    ).bytes(),
    "two segments share the page 0x401000": Program(
        [Load(0x40_1000, b"\x0f\x0b"), Load(0x40_1800, b"x" * 9, RW)]
    ).bytes(),
    "asks for the alignment 24": Program(
        [Load(0x40_1000, b"\x0f\x0b"), Load(0x40_5000, b"tls", RW, kind=elf.PT_TLS, alignment=24)]
    ).bytes(),
    "it is a script": b"#!/bin/sh\necho hello\n",
    "it is a Windows program": b"MZ\x90\0" + bytes(100),
    "cut off": Program().bytes()[:50],
    "begins with nothing": b"",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_loaded_is_refused_with_the_reason(words: str) -> None:
    assert words in refused(REFUSED[words])


def test_all_reasons_come_together() -> None:
    program = Program([Load(0x10, b"x", RW), Load(0x40_1000, b"y" * 9), Load(0x40_1004, b"z")])
    said = refused(program.bytes())
    for part in ("load segment 0", "two segments overlap", "not executable"):
        assert part in said


def test_no_room_is_a_report_too() -> None:
    image = loader.plan(Program([Load(0x40_1000, b"\x0f\x0b", memory=1 << 20)]).bytes(), "program", RULES)
    space = AddressSpace(Memories(), MEMORY, 64, Hostility(1), 1 << 16)  # type: ignore[arg-type]
    with pytest.raises(CannotLoad) as error:
        loader.place(image, space)
    assert "no memory for the segment at 0x401000" in error.value.report.what


def test_thread_storage_and_headers_are_found() -> None:
    program = Program(
        [
            Load(0x40_0000, b"\x0f\x0b" * 200, at=0),
            Load(0x50_0000, b"t" * 20, RW, memory=40),
            Load(0x50_0000, b"t" * 20, RO, memory=24, kind=elf.PT_TLS, alignment=16, at=0x1000),
        ],
        entry=0x40_0100,
    )
    data = program.bytes().ljust(0x2000, b"\0")
    image = loader.plan(data, "program", RULES)
    assert image.headers == 0x40_0000 + 64
    assert image.tls == loader.TlsImage(0x50_0000, 20, 24, 16)


def test_a_real_dynamic_program_is_refused_on_all_counts() -> None:
    path = Path("/bin/sh")
    if not path.is_file() or path.read_bytes()[:4] != elf.MAGIC:
        pytest.skip("/bin/sh is no ELF file here")
    said = refused(path.read_bytes())
    assert "interpreter" in said or "is for" in said


@settings(max_examples=300, deadline=None)
@given(some.data())
def test_broken_programs_are_refused_or_loaded_never_worse(draw: some.DataObject) -> None:
    whole = pie() if draw.draw(some.booleans()) else REFUSED["asks for the alignment 24"]
    data = bytearray(whole)
    for _ in range(draw.draw(some.integers(1, 5))):
        place = draw.draw(some.integers(0, 64 + 4 * 56 - 1) | some.integers(0, len(data) - 1))
        data[place] = draw.draw(some.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | some.integers(0, 255))
    cut = draw.draw(some.just(len(data)) | some.integers(0, len(data)))
    try:
        image = loader.plan(bytes(data[:cut]), "program", PIE_RULES)
    except CannotLoad as error:
        assert error.report.what
        return
    assert any(p.address <= image.entry < p.memory_end and p.access & Access.EXECUTE for p in image.pieces)
    for piece in image.pieces:
        assert PIE_RULES.lowest <= piece.start and piece.start + piece.length <= PIE_RULES.highest
