"""A Mach-O file of NeXT's as text, the way `otool -lrtv` shows one: load commands, relocations, code.

Code is disassembled by capstone; a label stands where a symbol is. What capstone cannot read is shown as data.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from portwright.formats.parts.macho_values import (
    LIBRARY,
    N_SECT,
    REGISTER_COUNT,
    REGISTERS,
    SECTION,
    SEGMENT,
    FixedLibrary,
    Macho,
    Plain,
    Relocation,
    Section,
    Segment,
    Thread,
)

SECTION_KINDS = {
    0: "S_REGULAR",
    1: "S_ZEROFILL",
    2: "S_CSTRING_LITERALS",
    3: "S_4BYTE_LITERALS",
    4: "S_8BYTE_LITERALS",
    5: "S_LITERAL_POINTERS",
}
SEGMENT_FLAGS = {1: "HIGHVM", 2: "FVMLIB", 4: "NORELOC"}
LENGTHS = ("byte", "word", "long", "?   ")
RELOCATION_KINDS = {0: "VANILLA", 1: "PAIR   ", 2: "SECTDIF", 3: "PB_LA  ", 4: "LOCSDIF"}


def lines(macho: Macho, name: str) -> Iterator[str]:
    """All of it, line by line."""
    yield f"{name}:"
    yield from commands(macho)
    yield from relocations(macho)
    yield from code(macho)


def commands(macho: Macho) -> Iterator[str]:
    """The load commands, in the order in which they are written here."""
    number = 0
    for segment in macho.segments:
        yield f"Load command {number}"
        yield from _segment(segment)
        number += 1
    for library in macho.libraries:
        yield f"Load command {number}"
        yield from _library(library)
        number += 1
    if any(macho.tables):
        symbols, names, size = macho.tables
        yield f"Load command {number}"
        yield from (
            "     cmd LC_SYMTAB",
            " cmdsize 24",
            f"  symoff {symbols}",
            f"   nsyms {len(macho.symbols)}",
        )
        yield from (f"  stroff {names}", f" strsize {size}")
        number += 1
    for thread in macho.threads:
        yield f"Load command {number}"
        yield from _thread(thread)
        number += 1
    for note in macho.notes:
        yield f"Load command {number}"
        yield from (f"      cmd {note.kind:#010x}", f"  cmdsize {8 + len(note.data)}")
        number += 1


def _segment(row: Segment) -> Iterator[str]:
    yield "      cmd LC_SEGMENT"
    yield f"  cmdsize {SEGMENT.size + SECTION.size * len(row.sections)}"
    yield f"  segname {row.name}"
    yield f"   vmaddr {row.address:#010x}"
    yield f"   vmsize {row.memory_size:#010x}"
    yield f"  fileoff {row.file_offset}"
    yield f" filesize {row.file_size}"
    yield f"  maxprot {_protection(row.maximum)}"
    yield f" initprot {_protection(row.initial)}"
    yield f"   nsects {len(row.sections)}"
    flags = [name for bit, name in SEGMENT_FLAGS.items() if row.flags & bit]
    yield f"    flags {' '.join(flags) or '(none)'}"
    for section in row.sections:
        yield from _section(section)


def _protection(bits: int) -> str:
    return "".join(letter if bits & bit else "-" for bit, letter in ((1, "r"), (2, "w"), (4, "x")))


def _section(row: Section) -> Iterator[str]:
    yield "Section"
    yield f"  sectname {row.name}"
    yield f"   segname {row.segment}"
    yield f"      addr {row.address:#010x}"
    yield f"      size {row.size:#010x}"
    yield f"    offset {row.offset}"
    yield f"     align 2^{row.alignment} ({1 << min(row.alignment, 63)})"
    yield f"    reloff {row.relocations_offset}"
    yield f"    nreloc {len(row.relocations)}"
    yield f"      type {SECTION_KINDS.get(row.flags & 0xFF, f'{row.flags & 0xFF:#x}')}"
    attributes = f"{row.flags >> 8:#x}" if row.flags >> 8 else "(none)"
    yield f"attributes {attributes}"
    yield f" reserved1 {row.reserved[0]}"
    yield f" reserved2 {row.reserved[1]}"


def _library(row: FixedLibrary) -> Iterator[str]:
    yield f"           cmd {'LC_IDFVMLIB' if row.identifies else 'LC_LOADFVMLIB'}"
    length = len(row.name.encode("utf-8", "surrogateescape")) + 1
    yield f"       cmdsize {LIBRARY.size + -(-length // 4) * 4}"
    yield f"          name {row.name} (offset {LIBRARY.size})"
    yield f" minor version {row.minor_version}"
    yield f"   header addr {row.header_address:#010x}"


def _thread(row: Thread) -> Iterator[str]:
    yield f"        cmd {'LC_UNIXTHREAD' if row.unix else 'LC_THREAD'}"
    yield f"    cmdsize {8 + sum(8 + 4 * len(words) for _, words in row.states)}"
    for flavor, words in row.states:
        if flavor != REGISTERS or len(words) != REGISTER_COUNT:
            yield f"     flavor {flavor}"
            yield f"      count {len(words)}"
            yield from (
                " " + " ".join(f"{word:08x}" for word in words[at : at + 8]) for at in range(0, len(words), 8)
            )
            continue
        yield "     flavor M68K_THREAD_STATE_REGS"
        yield f"      count {len(words)}"
        for letter, first in (("d", 0), ("a", 8)):
            numbers = [f"{letter}{number} {words[first + number]:08x}" for number in range(8)]
            yield " " + " ".join(numbers)
        yield f" sr {words[16] & 0xFFFF:04x} pc {words[17]:08x}"


def relocations(macho: Macho) -> Iterator[str]:
    """The entries of every section that has some."""
    sections = macho.sections
    for section in sections:
        if section.relocations:
            title = f"({section.segment},{section.name})"
            yield f"Relocation information {title} {len(section.relocations)} entries"
            yield "address  pcrel length extern type    scattered symbolnum/value"
            for entry in section.relocations:
                yield _entry(macho, sections, entry)


def _entry(macho: Macho, sections: tuple[Section, ...], entry: Relocation) -> str:
    kind = RELOCATION_KINDS.get(entry.kind, f"{entry.kind:<7}")
    head = f"{entry.address:08x} {entry.pc_relative!s:5} {LENGTHS[entry.length]}  "
    if not isinstance(entry, Plain):
        return f"{head} n/a    {kind} True      0x{entry.value:08x}"
    if entry.external:
        known = entry.number < len(macho.symbols)
        what = macho.symbols[entry.number].name if known else f"symbol {entry.number}, which is not there"
    elif entry.number == 0:
        what = "0 R_ABS"
    elif entry.number <= len(sections):
        home = sections[entry.number - 1]
        what = f"{entry.number} ({home.segment},{home.name})"
    else:
        what = f"{entry.number} (which is not there)"
    return f"{head} {entry.external!s:6} {kind} False     {what}"


def code(macho: Macho) -> Iterator[str]:
    """The instructions of the sections that hold code, with labels."""
    import capstone

    reader = capstone.Cs(capstone.CS_ARCH_M68K, capstone.CS_MODE_BIG_ENDIAN | capstone.CS_MODE_M68K_040)
    reader.skipdata = True
    labels = sorted(
        (symbol.value, symbol.name)
        for symbol in macho.symbols
        if symbol.place == N_SECT and not symbol.debugging and symbol.name
    )
    for section in macho.sections:
        if section.name != "__text" or section.zero_filled:
            continue
        yield f"Contents of ({section.segment},{section.name}) section"
        position = bisect_left(labels, (section.address, ""))
        for address, _, mnemonic, operands in reader.disasm_lite(section.data, section.address):
            while position < len(labels) and labels[position][0] <= address:
                yield f"{labels[position][1]}:"
                position += 1
            yield f"{address:08x}\t{mnemonic}\t{operands}".rstrip()
