"""Lays a Mach-O file of NeXT's out as bytes: header, load commands, contents, relocations, symbols, names."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import replace

from portwright.base.errors import Where, fail
from portwright.formats.parts import macho_entries
from portwright.formats.parts.macho_values import (
    HEADER,
    LC_IDFVMLIB,
    LC_LOADFVMLIB,
    LC_SEGMENT,
    LC_SYMTAB,
    LC_THREAD,
    LC_UNIXTHREAD,
    LIBRARY,
    M68K,
    N_INDR,
    NLIST,
    OBJECT,
    PAGE,
    SECTION,
    SEGMENT,
    SYMTAB,
    FixedLibrary,
    Macho,
    Section,
    Segment,
    Symbol,
    Thread,
)

MAGIC = 0xFEED_FACE
LINKEDIT = "__LINKEDIT"


def rounded(number: int, unit: int) -> int:
    """The next multiple."""
    return -(-number // unit) * unit


def commands_size(macho: Macho) -> int:
    """How many bytes header and load commands take."""
    segments = sum(SEGMENT.size + SECTION.size * len(row.sections) for row in macho.segments)
    others = sum(len(_library(row)) for row in macho.libraries) + sum(
        len(_thread(row)) for row in macho.threads
    )
    notes = sum(8 + len(note.data) for note in macho.notes)
    return HEADER.size + segments + others + SYMTAB.size + notes


def symbols_size(macho: Macho) -> int:
    """How many bytes relocations, symbols and their names take: what a __LINKEDIT segment holds."""
    entries = sum(len(section.relocations) for section in macho.sections)
    return 8 * entries + sum(map(len, _symbols(macho.symbols)))


def write(macho: Macho, name: str) -> bytes:
    """The file of values that were found right; raises `BadInput` where the commands do not fit before the code."""
    placed, end = _placed(macho, name)
    room = bytearray(end)
    tables = b""
    segments = []
    for segment in placed:
        sections = []
        for section in segment.sections:
            room[section.offset : section.offset + len(section.data)] = section.data
            table = b"".join(map(macho_entries.encode, section.relocations))
            sections.append(replace(section, relocations_offset=end + len(tables) if table else 0))
            tables += table
        segments.append(replace(segment, sections=tuple(sections)))
    symbols, strings = _symbols(macho.symbols)
    symbols_at = end + len(tables)
    tail = tables + symbols + strings
    for index, segment in enumerate(segments):
        if segment.name == LINKEDIT and not segment.sections:
            segments[index] = replace(segment, file_offset=end, file_size=len(tail))
            if len(tail) > segment.memory_size:
                what = f"symbols and names take {len(tail)} bytes, __LINKEDIT has {segment.memory_size}"
                raise fail(what, Where(name), "make the segment larger", "macho/size")
    table_row = (symbols_at, len(macho.symbols), symbols_at + len(symbols), len(strings))
    commands = [
        *map(_segment, segments),
        *map(_library, macho.libraries),
        SYMTAB.pack(LC_SYMTAB, SYMTAB.size, *table_row),
        *map(_thread, macho.threads),
        *(struct.pack(">2I", note.kind, 8 + len(note.data)) + note.data for note in macho.notes),
    ]
    body = b"".join(commands)
    head = (MAGIC, M68K, macho.subtype, macho.kind, len(commands), len(body), macho.flags)
    room[: HEADER.size + len(body)] = HEADER.pack(*head) + body
    return bytes(room) + tail


def _placed(macho: Macho, name: str) -> tuple[list[Segment], int]:
    """The segments with their places in the file, and where the contents end.

    A program's pages are copied from the file as they are, so a place in the file follows from the address; the
    first segment that has contents begins with the header. Of an object only the contents are there.
    """
    head = commands_size(macho)
    at, made, headed = rounded(head, 4), [], macho.kind == OBJECT
    end = at
    for segment in macho.segments:
        size = segment.content_end - segment.address
        if not size or (segment.name == LINKEDIT and not segment.sections):
            sections = tuple(replace(row, offset=0) for row in segment.sections)
            made.append(replace(segment, sections=sections, file_offset=0, file_size=0))
            continue
        if macho.kind == OBJECT:
            first = min(row.address for row in segment.sections if not row.zero_filled)
            made.append(_in_file(segment, at - (first - segment.address), at, segment.content_end - first))
            end = at + rounded(made[-1].file_size, 4)
            at = end
            continue
        offset = rounded(end, PAGE) if headed else 0
        if not headed:
            first = min(row.address for row in segment.sections if row.size)
            if segment.address + head > first:
                what = f"header and commands take {head:#x} bytes, and the first section is {first:#x}"
                hint = f"link it {head:#x} bytes or more behind {segment.address:#x}"
                raise fail(what, Where(name, address=first), hint, "macho/no-room")
            headed = True
        full = min(rounded(size, PAGE), segment.memory_size)
        made.append(_in_file(segment, offset, offset, full))
        end = offset + full
    if not headed:
        end = rounded(max(end, head), 4)
    return made, end


def _in_file(segment: Segment, origin: int, offset: int, size: int) -> Segment:
    """A segment whose address lies at `origin` of the file, its sections where they belong."""
    sections: Iterable[Section] = (
        replace(row, offset=0 if row.zero_filled else origin + row.address - segment.address)
        for row in segment.sections
    )
    return replace(segment, sections=tuple(sections), file_offset=offset, file_size=size)


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _segment(row: Segment) -> bytes:
    size = SEGMENT.size + SECTION.size * len(row.sections)
    place = (row.address, row.memory_size, row.file_offset, row.file_size)
    head = SEGMENT.pack(
        LC_SEGMENT, size, _bytes(row.name), *place, row.maximum, row.initial, len(row.sections), row.flags
    )
    return head + b"".join(
        SECTION.pack(
            _bytes(part.name),
            _bytes(part.segment),
            part.address,
            part.size,
            part.offset,
            part.alignment,
            part.relocations_offset,
            len(part.relocations),
            part.flags,
            *part.reserved,
        )
        for part in row.sections
    )


def _library(row: FixedLibrary) -> bytes:
    name = _bytes(row.name) + b"\0"
    size = LIBRARY.size + rounded(len(name), 4)
    kind = LC_IDFVMLIB if row.identifies else LC_LOADFVMLIB
    head = LIBRARY.pack(kind, size, LIBRARY.size, row.minor_version, row.header_address)
    return (head + name).ljust(size, b"\0")


def _thread(row: Thread) -> bytes:
    body = b"".join(
        struct.pack(f">2I{len(words)}I", flavor, len(words), *words) for flavor, words in row.states
    )
    return struct.pack(">2I", LC_UNIXTHREAD if row.unix else LC_THREAD, 8 + len(body)) + body


def _symbols(symbols: Iterable[Symbol]) -> tuple[bytes, bytes]:
    """(symbol table, names), both whole words; the first byte of the names is the one of those without."""
    rows, names, places = [], bytearray(1), {"": 0}

    def place(name: str) -> int:
        if name not in places:
            places[name] = len(names)
            names.extend(_bytes(name) + b"\0")
        return places[name]

    for row in symbols:
        indirect = not row.debugging and row.place == N_INDR
        value = place(row.alias) if indirect else row.value
        rows.append(NLIST.pack(place(row.name), row.kind, row.section, row.description, value))
    return b"".join(rows), bytes(names).ljust(rounded(len(names), 4), b"\0")
