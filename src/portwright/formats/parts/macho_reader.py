"""Takes a Mach-O file of NeXT's apart. What cannot be read is left out and told, so that the rest can be looked at."""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import Fault, Where, fail
from portwright.base.sources import Source, Window
from portwright.formats.parts import macho_entries
from portwright.formats.parts.macho_values import (
    ENTRY,
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
    SECTION,
    SEGMENT,
    SYMTAB,
    FixedLibrary,
    Macho,
    Note,
    Relocation,
    Section,
    Segment,
    Symbol,
    Thread,
)

MAGIC = 0xFEED_FACE
FAT = 0xCAFE_BABE
FOREIGN = {0xCEFA_EDFE: "little-endian", 0xFEED_FACF: "64-bit", 0xCFFA_EDFE: "64-bit, little-endian"}


class Reading:
    """One file as it is read: its parts, and what was wrong with them."""

    def __init__(self, source: Source) -> None:
        self.source = source = _of_next(source)
        self.faults: list[Fault] = []
        self.budget = source.size
        head = HEADER.unpack(source.read(0, HEADER.size))
        _, self.cpu, self.subtype, self.kind, self.count, self.size, self.flags = head
        self.segments: list[Segment] = []
        self.symbols: list[Symbol] = []
        self.tables, self.places = 0, (0, 0, 0)
        self.threads: list[Thread] = []
        self.libraries: list[FixedLibrary] = []
        self.notes: list[Note] = []
        for at, kind, data in self._commands():
            self._command(at, kind, data)

    def macho(self) -> Macho:
        """What was read."""
        parts = (self.segments, self.symbols, self.threads, self.libraries, self.notes)
        segments, symbols, threads, libraries, notes = parts
        return Macho(
            self.kind,
            tuple(segments),
            tuple(symbols),
            tuple(threads),
            tuple(libraries),
            tuple(notes),
            self.flags,
            self.subtype,
            self.places,
        )

    def bad(self, what: str, at: int, code: str, hint: str | None = None) -> None:
        """Remember what is wrong at a place of the file."""
        self.faults.append(Fault(what, Where(self.source.name, address=at), hint, f"macho/{code}"))

    def _commands(self) -> Iterator[tuple[int, int, bytes]]:
        at, end = HEADER.size, HEADER.size + self.size
        if end > self.source.size:
            what = (
                f"cut off: the load commands should end at {end:#x}, the file ends at {self.source.size:#x}"
            )
            self.bad(what, HEADER.size, "cut-off")
            end = self.source.size
        for index in range(self.count):
            if at + 8 > end:
                self.bad(f"load command {index + 1} of {self.count} is not there", at, "command")
                return
            head = self.source.read(at, 8)
            kind, size = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
            if size < 8 or size % 4 or at + size > end:
                self.bad(f"load command {index + 1} says that it has {size} bytes", at, "command")
                return
            yield at, kind, self.source.read(at, size)
            at += size

    def _command(self, at: int, kind: int, data: bytes) -> None:
        if kind == LC_SEGMENT:
            self._segment(at, data)
        elif kind == LC_SYMTAB:
            self._symtab(at, data)
        elif kind in (LC_THREAD, LC_UNIXTHREAD):
            self._thread(at, data, unix=kind == LC_UNIXTHREAD)
        elif kind in (LC_LOADFVMLIB, LC_IDFVMLIB):
            self._library(at, data, identifies=kind == LC_IDFVMLIB)
        else:
            self.notes.append(Note(kind, data[8:]))

    def _claim(self, offset: int, length: int, what: str, at: int) -> bytes:
        """Bytes of the file; all that is claimed together is no more than the file has."""
        if not length:
            return b""
        if offset + length > self.source.size:
            size = self.source.size
            self.bad(
                f"cut off: {what} should end at {offset + length:#x}, the file ends at {size:#x}",
                at,
                "cut-off",
            )
            return b""
        self.budget -= length
        if self.budget < 0:
            self.bad(f"{what} lies where something else is", at, "overlap")
            return b""
        return self.source.read(offset, length)

    def _segment(self, at: int, data: bytes) -> None:
        if len(data) < SEGMENT.size:
            self.bad(f"a segment command of {len(data)} bytes; it has 56", at, "command")
            return
        _, _, name, address, memory, offset, size, most, first, count, flags = SEGMENT.unpack_from(data)
        if SEGMENT.size + count * SECTION.size != len(data):
            self.bad(f"a segment of {count} sections has {len(data)} bytes", at, "command")
            return
        if offset + size > self.source.size:
            what = f"cut off: segment {_name(name)} should end at {offset + size:#x}"
            self.bad(f"{what}, the file ends at {self.source.size:#x}", at, "cut-off")
        elif size > memory:
            self.bad(f"segment {_name(name)} is larger in the file than in memory", at, "size")
        places = range(SEGMENT.size, len(data), SECTION.size)
        sections = tuple(self._section(at + place, SECTION.unpack_from(data, place)) for place in places)
        self.segments.append(
            Segment(_name(name), address, memory, sections, most, first, flags, offset, size)
        )

    def _section(
        self, at: int, row: tuple[bytes, bytes, int, int, int, int, int, int, int, int, int]
    ) -> Section:
        name, segment, address, size, offset, alignment, places, count, flags, first, second = row
        made = Section(_name(name), _name(segment), address, size, alignment=alignment, flags=flags)
        title = f"section ({made.segment},{made.name})"
        data = b"" if made.zero_filled else self._claim(offset, size, title, at)
        table = self._claim(places, count * ENTRY.size, f"the relocations of {title}", at)
        entries: tuple[Relocation, ...] = tuple(
            macho_entries.decode(table[place : place + 8]) for place in range(0, len(table), 8)
        )
        if not made.zero_filled and len(data) != size:
            size = 0  # that it is cut off has been told
        return Section(
            made.name,
            made.segment,
            address,
            size,
            data,
            alignment,
            flags,
            entries,
            (first, second),
            offset,
            places,
        )

    def _symtab(self, at: int, data: bytes) -> None:
        self.tables += 1
        if len(data) != SYMTAB.size or self.tables > 1:
            self.bad(
                "a second symbol table" if self.tables > 1 else "a symbol table command cut short",
                at,
                "command",
            )
            return
        _, _, offset, count, strings, size = SYMTAB.unpack(data)
        self.places = (offset, strings, size)
        table = self._claim(offset, count * NLIST.size, "the symbol table", at)
        names = self._claim(strings, size, "the names of the symbols", at)
        for index, (name, kind, section, description, value) in enumerate(NLIST.iter_unpack(table)):
            title = self._string(names, name, offset + index * NLIST.size)
            alias = ""
            if not kind & 0xE0 and kind & 0x0E == N_INDR:
                alias, value = self._string(names, value, offset + index * NLIST.size), 0
            self.symbols.append(Symbol(title, kind, section, description, value, alias))

    def _string(self, names: bytes, place: int, at: int) -> str:
        if place == 0:
            return ""
        end = names.find(b"\0", place)
        if place >= len(names) or end < 0:
            self.bad(f"a name at {place:#x} of the names, which end at {len(names):#x}", at, "string")
            return ""
        if end - place > 1 << 12:  # a name that is shared by many must not be held many times
            self.budget -= end - place
            if self.budget < 0:
                self.bad("names that are longer than the file", at, "string")
                return ""
        return names[place:end].decode("utf-8", "surrogateescape")

    def _thread(self, at: int, data: bytes, *, unix: bool) -> None:
        states, place = [], 8
        while place < len(data):
            flavor, count = (int.from_bytes(data[place + step : place + step + 4], "big") for step in (0, 4))
            body = data[place + 8 : place + 8 + 4 * count]
            if place + 8 > len(data) or len(body) != 4 * count:
                self.bad(f"a thread's state of {count} words does not fit into its command", at, "thread")
                return
            words = tuple(int.from_bytes(body[step : step + 4], "big") for step in range(0, len(body), 4))
            states.append((flavor, words))
            place += 8 + len(body)
        self.threads.append(Thread(tuple(states), unix))

    def _library(self, at: int, data: bytes, *, identifies: bool) -> None:
        row = LIBRARY.unpack_from(data) if len(data) >= LIBRARY.size else None
        end = data.find(b"\0", row[2]) if row else -1
        if row is None or row[2] < LIBRARY.size or end < 0:
            self.bad("a fixed library without a name", at, "command")
            return
        name = data[row[2] : end].decode("utf-8", "surrogateescape")
        self.libraries.append(FixedLibrary(name, row[3], row[4], identifies))


def _name(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _of_next(source: Source) -> Source:
    """The file, or the m68k part of a fat one; raises `BadInput` for anything else."""
    where = Where(source.name, address=0)
    if source.size < HEADER.size:
        raise fail(f"cut off after {source.size} bytes, inside its header", where, code="macho/cut-off")
    magic, cpu = (int.from_bytes(source.read(at, 4), "big") for at in (0, 4))
    if magic == FAT:
        for index in range(min(cpu, (source.size - 8) // 20, 30)):
            row = source.read(8 + 20 * index, 20)
            if int.from_bytes(row[:4], "big") == M68K:
                offset, size = (int.from_bytes(row[at : at + 4], "big") for at in (8, 12))
                part = Window(source, offset, size, f"{source.name} (m68k)")
                if part.size >= 4 and int.from_bytes(part.read(0, 4), "big") == FAT:
                    raise fail(
                        "a fat file in a fat file", Where(source.name, address=offset), code="macho/fat"
                    )
                return _of_next(part)
        raise fail("a fat file without a part for m68k", where, "give a file of NeXT's", "macho/cpu")
    if magic in FOREIGN:
        what = f"a {FOREIGN[magic]} Mach-O file; NeXT's are 32-bit and big-endian"
        raise fail(what, where, "this is of another system", "macho/order")
    if magic != MAGIC:
        what = f"not a Mach-O file: it begins with {source.read(0, 4).hex(' ')}, not with fe ed fa ce"
        hint = "LLVM writes ELF for targets that it has no Mach-O for, without a word"
        raise fail(what, where, hint, "macho/magic")
    if cpu != M68K:
        raise fail(f"it is for CPU {cpu}, not for m68k (6)", Where(source.name, address=4), code="macho/cpu")
    return source
