"""Makes small ELF files for tests: every field that a fault can be in can be said."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from portwright.formats import elf

R, RW, RX, RWX = 4, 6, 5, 7
LLVM = "rustc version 1.96.0 (ac68faa20 2026-05-25)"
CRANELIFT = "rustc version 1.96.0 (ac68faa20 2026-05-25) with cranelift 0.131.0"
OTHER_RUSTC = "rustc version 1.95.0 (59807616e 2026-04-14)"
GCC = "GCC: (Debian 12.2.0-14+deb12u1) 12.2.0"
DT_STRTAB, DT_STRSZ, DT_SYMTAB = 5, 10, 6


@dataclass
class Load:
    """A PT_LOAD with what it holds."""

    address: int
    content: bytes
    flags: int = RX
    memory_size: int | None = None
    offset: int | None = None
    alignment: int = 0x1000


@dataclass
class Made:
    """What to make. `tls` is (bytes in the file, in memory, alignment); `symbols` (name, value, size, kind)."""

    kind: int = elf.ET_EXEC
    machine: int = 62
    bits: int = 64
    endian: Literal["little", "big"] = "little"
    entry: int | None = None
    base: int = 0x200000
    code: bytes = b"\xcc" * 8192
    loads: Sequence[Load] | None = None
    symbols: Sequence[tuple[str, int, int, int]] | None = None
    comment: Sequence[str] = (LLVM,)
    tls: tuple[int, int, int] | None = None
    interpreter: str | None = None
    needed: Sequence[str] = ()
    soname: str | None = None
    dynamic: Sequence[tuple[int, int]] = ()
    relocations: Sequence[tuple[int, int]] = ()  # (place, kind)
    stack: int | None = RW
    extra: dict[str, bytes] = field(default_factory=dict)
    data: bytes = b"data" * 64

    @property
    def start(self) -> int:
        """Where the code lies."""
        return self.base + 0x1000


def make(made: Made | None = None, **fields: object) -> bytes:
    """The file."""
    return _Writer(made or Made(**fields)).file()  # type: ignore[arg-type]


class _Writer:
    def __init__(self, made: Made) -> None:
        self.made, self.wide = made, made.bits == 64
        mark = "<" if made.endian == "little" else ">"
        self.header = struct.Struct(mark + ("16sHHIQQQIHHHHHH" if self.wide else "16sHHIIIIIHHHHHH"))
        self.segment = struct.Struct(mark + ("IIQQQQQQ" if self.wide else "IIIIIIII"))
        self.section = struct.Struct(mark + ("IIQQQQIIQQ" if self.wide else "IIIIIIIIII"))
        self.symbol = struct.Struct(mark + ("IBBHQQ" if self.wide else "IIIBBH"))
        self.pair = struct.Struct(mark + ("qQ" if self.wide else "iI"))
        self.rela = struct.Struct(mark + ("QQq" if self.wide else "IIi"))
        self.rows: list[tuple[int, ...]] = []

    def file(self) -> bytes:
        made = self.made
        loads = list(made.loads) if made.loads is not None else [Load(made.start, made.code)]
        if made.loads is None:
            loads.append(self.data(made.base + 0x2000 + (len(made.code) + 0xFFF & ~0xFFF)))
        image = bytearray(0x1000)
        for load in loads:
            self.place(image, load)
        body = self.sections(image, loads)
        if made.stack is not None:
            self.program_header(elf.PT_GNU_STACK, made.stack, 0, 0, 0, 0, 16)
        table = b"".join(self.segment.pack(*row) for row in self.rows)
        entry = made.start if made.entry is None else made.entry
        ident = elf.MAGIC + bytes([2 if self.wide else 1, 1 if made.endian == "little" else 2, 1]) + bytes(9)
        image[:] = image + body[0]
        head = self.header.pack(
            *(ident, made.kind, made.machine, 1, entry, self.header.size, body[1], 0, self.header.size),
            *(self.segment.size, len(self.rows), self.section.size, body[2], body[2] - 1),
        )
        image[: len(head)] = head
        image[len(head) : len(head) + len(table)] = table
        return bytes(image)

    def data(self, address: int) -> Load:
        """A writable segment with all that the dynamic table, the interpreter and TLS want."""
        made = self.made
        content = bytearray(made.data)
        if made.interpreter is not None:
            text = made.interpreter.encode() + b"\0"
            self.rows.append(self.later(elf.PT_INTERP, R, address + len(content), len(text), len(text), 1))
            content += text + bytes(-len(text) % 16)
        if made.tls is not None:
            in_file, in_memory, alignment = made.tls
            self.rows.append(self.later(elf.PT_TLS, R, address + len(content), in_file, in_memory, alignment))
            content += bytes(in_file + 16)
        if made.needed or made.soname or made.dynamic or made.relocations:
            content += bytes(-len(content) % 16)
            names = b"\0" + b"".join(name.encode() + b"\0" for name in [*made.needed, made.soname or ""])
            places = [
                names.find(b"\0" + name.encode() + b"\0") + 1 for name in [*made.needed, made.soname or ""]
            ]
            strings = address + len(content)
            content += names + bytes(-len(names) % 16)
            table = address + len(content)
            content += b"".join(self.rela.pack(place, kind, 0) for place, kind in made.relocations)
            rows = [(elf.DT_NEEDED, place) for place in places[:-1]]
            rows += [(elf.DT_SONAME, places[-1])] if made.soname else []
            rows += [(DT_STRTAB, strings), (DT_STRSZ, len(names)), *made.dynamic]
            if made.relocations:
                rows += [(elf.DT_RELA, table), (elf.DT_RELASZ, self.rela.size * len(made.relocations))]
            packed = b"".join(self.pair.pack(*row) for row in [*rows, (0, 0)])
            self.rows.append(
                self.later(elf.PT_DYNAMIC, RW, address + len(content), len(packed), len(packed), 8)
            )
            content += packed
        return Load(address, bytes(content), RW)

    def later(
        self, kind: int, flags: int, address: int, in_file: int, in_memory: int, align: int
    ) -> tuple[int, ...]:
        """A header inside the data segment, which is placed congruent to its address behind the code."""
        code = len(self.made.code) + 0x1000
        offset = code + (address & 0xFFFF_F000) % 0x1000 + (-code % 0x1000) + (address & 0xFFF)
        return self.row(kind, flags, offset, address, in_file, in_memory, align)

    def row(
        self, kind: int, flags: int, offset: int, address: int, in_file: int, in_memory: int, align: int
    ) -> tuple[int, ...]:
        if self.wide:
            return (kind, flags, offset, address, address, in_file, in_memory, align)
        return (kind, offset, address, address, in_file, in_memory, flags, align)

    def program_header(
        self, kind: int, flags: int, offset: int, address: int, in_file: int, in_memory: int, align: int
    ) -> None:
        self.rows.append(self.row(kind, flags, offset, address, in_file, in_memory, align))

    def place(self, image: bytearray, load: Load) -> None:
        offset = load.offset
        if offset is None:
            offset = len(image) + (load.address - len(image)) % 0x1000
        if offset > len(image):
            image += bytes(offset - len(image))
        image[offset : offset + len(load.content)] = load.content
        load.offset = offset
        memory = len(load.content) if load.memory_size is None else load.memory_size
        self.program_header(
            elf.PT_LOAD, load.flags, offset, load.address, len(load.content), memory, load.alignment
        )

    def sections(self, image: bytearray, loads: list[Load]) -> tuple[bytes, int, int]:
        """(what follows the image, where the section headers are, how many)."""
        made, names, body = self.made, b"\0", bytearray()
        rows: list[tuple[int, ...]] = [(0,) * 10]

        def add(name: str, kind: int, flags: int, address: int, content: bytes | int, *rest: int) -> None:
            nonlocal names
            place, names = len(names), names + name.encode() + b"\0"
            if isinstance(content, int):
                rows.append((place, kind, flags, address, rest[0], content, 0, 0, 16, 0))
                return
            offset = len(image) + len(body)
            body.extend(content + bytes(-len(content) % 16))
            rows.append(
                (place, kind, flags, address, offset, len(content), *rest, *((0, 0, 1, 0)[len(rest) :]))
            )

        for number, load in enumerate(loads):
            flags = (
                elf.SHF_ALLOC | (load.flags & 1 and elf.SHF_EXECINSTR) | (load.flags & 2 and elf.SHF_WRITE)
            )
            name = ".text" if load.flags & 1 and not number else f".data.{number}"
            add(name, 1, flags, load.address, len(load.content), load.offset or 0)
        if made.comment:
            add(".comment", 1, 0x30, 0, b"".join(text.encode() + b"\0" for text in made.comment))
        symbols = [("_start", made.start, 16, elf.STT_FUNC)] if made.symbols is None else made.symbols
        if symbols:
            table, strings = self.symbol_row(0, 0, 0, 0, 0), b"\0"
            for symbol, value, size, kind in symbols:
                table += self.symbol_row(len(strings), value, size, kind | 0x10, 1)
                strings += symbol.encode() + b"\0"
            add(".strtab", elf.SHT_STRTAB, 0, 0, strings)
            add(".symtab", elf.SHT_SYMTAB, 0, 0, table, len(rows) - 1, 1, 8, self.symbol.size)
        for name, content in made.extra.items():
            add(name, 1, 0, 0, content)
        place, names = len(names), names + b".shstrtab\0"
        rows.append((place, elf.SHT_STRTAB, 0, 0, len(image) + len(body), len(names), 0, 0, 1, 0))
        body.extend(names + bytes(-len(names) % 16))
        packed = b"".join(self.section.pack(*row) for row in rows)
        return bytes(body) + packed, len(image) + len(body), len(rows)

    def symbol_row(self, name: int, value: int, size: int, info: int, section: int) -> bytes:
        if self.wide:
            return self.symbol.pack(name, info, 0, section, value, size)
        return self.symbol.pack(name, value, size, info, 0, section)
