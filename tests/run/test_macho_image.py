"""Loading Mach-O programs: what is refused and why, and that what is placed is what the file says."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import macho_samples
from portwright.base.errors import BadInput
from portwright.describe.cpu import cpu
from portwright.describe.ledger import Memory
from portwright.formats import macho
from portwright.formats.parts import macho_values as values
from portwright.formats.parts import macho_writer
from portwright.formats.parts.macho_values import FixedLibrary, Macho, Section, Segment, Symbol, Thread
from portwright.run import loader
from portwright.run.address_space import AddressSpace
from portwright.run.engine import Access
from portwright.run.hostility import Hostility
from portwright.run.loader import CannotLoad, Rules

PAGE = values.PAGE
RULES = Rules(cpu("m68k"), ["macho-exec"], PAGE, PAGE, 1 << 32, 0)
MEMORY = Memory(page_size=PAGE, stack_top=0x0400_0000, stack_size=0x8_0000, map_base=0x1000_0000)


class Pages:
    """An engine that only keeps memory."""

    def __init__(self) -> None:
        self.memory: dict[int, int] = {}
        self.access: dict[int, Access] = {}

    def map(self, address: int, length: int, access: Access) -> None:
        for page in range(address, address + length, PAGE):
            assert page not in self.access
            self.access[page] = access

    def write(self, address: int, data: bytes) -> None:
        for place, byte in enumerate(data, address):
            assert place - place % PAGE in self.access
            self.memory[place] = byte

    def read(self, address: int, length: int) -> bytes:
        return bytes(self.memory.get(place, 0) for place in range(address, address + length))


def placed(data: bytes) -> tuple[Pages, loader.Image]:
    image = loader.plan(data, "program", RULES)
    engine = Pages()
    loader.place(image, AddressSpace(engine, MEMORY, 32, Hostility(1), 1 << 30))  # type: ignore[arg-type]
    return engine, image


def refused(data: bytes, rules: Rules = RULES) -> str:
    with pytest.raises(CannotLoad) as error:
        loader.plan(data, "program", rules)
    report = error.value.report
    assert report.kind == "cannot-load" and report.what.startswith("program: ") and report.advice
    return report.what


def with_data() -> Macho:
    """Code, data and zeros, each in its place."""
    base = macho_samples.program()
    sections = (
        Section("__data", "__DATA", 0x4000, 5, b"12345", 0),
        Section("__bss", "__DATA", 0x4008, 100, b"", 3, values.ZEROFILL),
    )
    return replace(base, segments=(*base.segments, Segment("__DATA", 0x4000, 2 * PAGE, sections)))


def test_segments_lie_where_they_say_and_page_0_is_left_empty() -> None:
    data = macho.write(with_data())
    engine, image = placed(data)
    assert engine.read(0x2000, 4) == b"\xfe\xed\xfa\xce"  # the header is part of the program
    assert engine.read(0x2400, 4) == b"\x4e\x71\x4e\x75"
    assert engine.read(0x4000, 8) == b"12345\0\0\0"
    assert engine.read(0x4005, 2 * PAGE - 5) == bytes(2 * PAGE - 5)  # zeros to the end, in a hostile run too
    assert engine.access == {
        0x2000: Access.READ | Access.EXECUTE,
        0x4000: Access.READ | Access.WRITE | Access.EXECUTE,
        0x6000: Access.READ | Access.WRITE | Access.EXECUTE,
    }
    assert (image.entry, image.end) == (0x2400, 0x8000)
    assert image.functions == ((0x2400, 4, "_start"),)
    assert image.is_code(0x2400) and not image.is_code(0x1000)


def changed(made: Macho) -> bytes:
    """The file, whatever is wrong with it."""
    return macho_writer.write(made, "program")


# fmt: off
REFUSED = {
    "no entry": (lambda m: replace(m, threads=()), "no thread"),
    "no stack": (lambda m: replace(m, threads=(replace(m.threads[0], unix=False),)), "gets no stack"),
    "entry in no segment": (lambda m: replace(m, threads=(values.starts_at(0x9000),)), "where no code is"),
    "odd entry": (lambda m: replace(m, threads=(values.starts_at(0x2401),)), "is odd"),
    "entry in page 0": (lambda m: replace(m, threads=(values.starts_at(0x10),)), "where no code is"),
    "entry without rights": (
        lambda m: replace(m, segments=(m.segments[0], replace(m.segments[1], initial=1))), "where no code is"),
    "shared library": (
        lambda m: replace(m, libraries=(FixedLibrary("/usr/shlib/libsys_s.B.shlib", 55, 0x500_0000),)),
        "needs shared libraries (/usr/shlib/libsys_s.B.shlib)"),
}
# fmt: on


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_run_is_refused(name: str) -> None:
    change, words = REFUSED[name]
    assert words in refused(changed(change(with_data())))


def test_all_faults_come_at_once() -> None:
    library = FixedLibrary("/usr/shlib/libsys_s.B.shlib", 55, 0x500_0000)
    made = replace(with_data(), threads=(), libraries=(library,))
    what = refused(changed(made))
    assert "shared libraries" in what and "no thread" in what


def test_an_object_a_fat_file_and_another_cpus_program() -> None:
    segment = Segment("", 0, 4, (Section("__text", "__TEXT", 0, 4, b"\x4e\x71\x4e\x75"),))
    assert "it is no program: it is object" in refused(changed(Macho(values.OBJECT, (segment,))))
    whole = changed(with_data())
    fat = b"\xca\xfe\xba\xbe" + b"".join(
        number.to_bytes(4, "big") for number in (1, 6, 1, 0x2000, len(whole), 13)
    )
    assert "a fat file" in refused(fat.ljust(0x2000, b"\0") + whole)
    intel = whole[:4] + (7).to_bytes(4, "big") + whole[8:]
    assert refused(intel)


def test_a_loader_of_elf_takes_no_macho_and_the_other_way_round() -> None:
    elf_rules = replace(RULES, loads=["elf-exec"])
    assert "it is a big-endian Mach-O file, not an ELF program" in refused(changed(with_data()), elf_rules)
    assert "a script, not what this OS's loader takes (macho-exec)" in refused(b"#!/bin/sh\n")


def test_a_file_that_is_cut_off_is_refused() -> None:
    data = changed(with_data())
    for length in (3, 27, 28, 100, 0x3FF, 0x1FFF, 0x2004):
        refused(data[:length])


@settings(max_examples=60, deadline=None)
@given(made=macho_samples.programs(), data=some.data())
def test_whatever_is_in_a_file_it_is_loaded_or_refused(made: Macho, data: some.DataObject) -> None:
    try:
        whole = bytearray(macho.write(made))
    except BadInput:
        return
    for _ in range(data.draw(some.integers(0, 3))):
        place = data.draw(some.integers(0, min(len(whole), 1200) - 1))
        whole[place] = data.draw(some.integers(0, 255))
    cut = data.draw(some.sampled_from((len(whole), len(whole) // 2)))
    try:
        image = loader.plan(bytes(whole[:cut]), "program", RULES)
    except CannotLoad:
        return
    assert any(piece.start <= image.entry < piece.memory_end for piece in image.pieces)
    assert all(piece.start >= PAGE and piece.length % PAGE == 0 for piece in image.pieces)


def test_threads_of_any_flavor_are_read() -> None:
    made = with_data()
    thread = Thread(((2, (0,) * 28), *made.threads[0].states))
    assert placed(changed(replace(made, threads=(thread,))))[1].entry == 0x2400


def test_many_symbols_do_not_take_long_and_each_reaches_to_the_next_address() -> None:
    """Names of one address reach as far as each other; forty thousand of them once took ten seconds."""
    count = 40_000
    plain = macho_samples.program(b"\x4e\x71" * 1000)
    names = tuple(Symbol(f"_f{n}", values.N_SECT, 1, 0, 0x2400 + 2 * (n // 40)) for n in range(count))
    began = time.process_time()
    _, image = placed(macho.write(replace(plain, symbols=(*plain.symbols, *names))))
    assert time.process_time() - began < 5
    rows = [row for row in image.functions if row[2].startswith("f")]
    assert len(rows) == count and {size for _, size, _ in rows} == {2}
