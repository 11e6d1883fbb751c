"""Which compilers, code generators and linkers made a file: what `.comment` and the debug information say.

`.comment` holds each maker once after linking; the debug information names the maker of each unit, and so says how
many there are of each. rustc writes its version with either code generator, and Cranelift's adds its name to it.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from portwright.base.errors import BadInput
from portwright.base.sources import Slices, Source, Window
from portwright.formats import dwarf
from portwright.formats.elf import SHF_COMPRESSED, SHT_NOBITS, Elf, Section

MOST_COMMENT = 1 << 20
MOST_INFLATED = 256 << 20

# (what a maker's text has in it, the tool, its code generator): the first that matches is it.
MAKERS = (
    (re.compile(r"cg_clif \(rustc (?:version )?(?P<version>[^\s;)]+)"), "rustc", "cranelift"),
    (re.compile(r"rustc version (?P<version>[^\s;)]+).* with cranelift"), "rustc", "cranelift"),
    (re.compile(r"rustc version (?P<version>[^\s;)]+).* with libgccjit"), "rustc", "gcc"),
    (re.compile(r"rustc version (?P<version>[^\s;)]+)"), "rustc", "llvm"),
    (re.compile(r"LLD (?P<version>\d[^\s;)]*)"), "LLD", ""),
    (re.compile(r"(?<!\w)mold (?P<version>\d[^\s;)]*)"), "mold", ""),
    (re.compile(r"clang version (?P<version>\d[^\s;)]*)"), "clang", "llvm"),
    (re.compile(r"GCC: .* (?P<version>\d+(\.\d+)+)"), "gcc", "gcc"),
    (re.compile(r"GNU (?:C|GIMPLE|Fortran|Ada)\S* (?P<version>\d+(\.\d+)+)"), "gcc", "gcc"),
    (re.compile(r"GNU AS (?P<version>\d[^\s;)]*)"), "as", ""),
    (re.compile(r"LLVM\S* (?:version )?(?P<version>\d[^\s;)]*)"), "LLVM", "llvm"),
)
BACKENDS = ("llvm", "cranelift", "gcc")


@dataclass(frozen=True, slots=True)
class Maker:
    """A tool that made a part of a file: `text` as it stands there, `units` how many units of code say so.

    `backend` is the code generator, empty for what generates no code (a linker, an assembler).
    """

    text: str
    tool: str
    version: str
    backend: str
    units: int = 0


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who made a file, as far as it says; `unsaid` counts units of code without a maker's name."""

    makers: tuple[Maker, ...] = ()
    unsaid: int = 0

    def of(self, tool: str) -> tuple[Maker, ...]:
        """The makers that are a certain tool."""
        return tuple(maker for maker in self.makers if maker.tool == tool)

    @property
    def rust_backends(self) -> tuple[str, ...]:
        """The code generators that rustc used, by name."""
        return tuple(sorted({maker.backend for maker in self.of("rustc")}))

    @property
    def backend(self) -> str:
        """`llvm`, `cranelift` or `gcc` where all Rust in it was made by one, `mixed`, or `unknown`."""
        found = self.rust_backends
        return found[0] if len(found) == 1 else "mixed" if found else "unknown"

    @property
    def words(self) -> str:
        """What a person wants to know first, on one line."""
        rows = [
            f"{maker.tool} {maker.version}"
            + (f" ({maker.backend})" if maker.tool == "rustc" else "")
            + (f" x{maker.units}" if maker.units and len(self.makers) > 1 else "")
            for maker in self.makers
        ]
        return ", ".join(dict.fromkeys(rows)) or "unknown"


def maker(text: str) -> Maker:
    """Who a maker's text names."""
    for pattern, tool, backend in MAKERS:
        found = pattern.search(text)
        if found:
            return Maker(text, tool, found["version"], backend)
    return Maker(text, "", "", "")


def of_elf(elf: Elf, source: Source, problems: list[str] | None = None) -> Provenance:
    """The makers that an ELF file names; what cannot be read of it is added to `problems`."""
    unsaid, units = 0, Counter[str]()
    try:
        for text in dwarf.producers(_debug_sections(elf, source)):
            if text is None:
                unsaid += 1
            else:
                units[text] += 1
    except BadInput as error:
        if problems is not None:
            problems += [fault.what for fault in error.faults]
    return Provenance(_together(_comments(elf), units), unsaid)


def _together(comments: Iterable[str], units: Counter[str]) -> tuple[Maker, ...]:
    """Makers by tool and version, those of units with their number."""
    found: dict[tuple[str, str, str], Maker] = {}
    for text, count in [(text, 0) for text in comments] + sorted(units.items()):
        one = maker(text)
        key = (one.tool or text, one.version, one.backend)
        known = found.get(key, one)
        found[key] = replace(known, units=known.units + count)
    return tuple(sorted(found.values(), key=lambda one: (one.tool, one.backend, one.version, one.text)))


def _comments(elf: Elf) -> list[str]:
    section = elf.section(".comment")
    if section is None or section.kind == SHT_NOBITS:
        return []
    data = elf.bytes_at(section.offset, min(section.size, MOST_COMMENT), "section .comment")
    rows = (row.decode("utf-8", "replace").strip() for row in data.split(b"\0"))
    return [row for row in dict.fromkeys(rows) if row]


def _debug_sections(elf: Elf, source: Source) -> dwarf.Sections:
    by_name = {section.name: section for section in elf.sections if section.name.startswith(".debug_")}

    def content(name: str) -> dwarf.Sliced:
        section = by_name.get(name)
        return b"" if section is None else _content(elf, source, section)

    return dwarf.Sections(
        info=content(".debug_info"),
        abbreviations=content(".debug_abbrev"),
        strings=content(".debug_str"),
        line_strings=content(".debug_line_str"),
        string_offsets=content(".debug_str_offsets"),
        endian=elf.endian,
        name=source.name,
    )


def _content(elf: Elf, source: Source, section: Section) -> dwarf.Sliced:
    """A section, read by parts, or inflated as far as that is done here (zlib, and no more than is sensible)."""
    if section.kind == SHT_NOBITS:
        return b""
    if not section.flags & SHF_COMPRESSED:
        return Slices(Window(source, section.offset, section.size))
    head = 24 if elf.bits == 64 else 12
    data = elf.section_bytes(section)
    if int.from_bytes(data[:4], elf.endian) != 1:
        return b""
    try:
        return zlib.decompressobj().decompress(data[head:], MOST_INFLATED)
    except zlib.error:
        return b""
