"""A program as a loader understands it: what goes where in memory, or everything that keeps it from being loaded.

The formats are read by `loader.py` (ELF) and `macho_image.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise

from portwright.describe.cpu import Cpu
from portwright.formats.elf import Elf
from portwright.run.engine import Access
from portwright.run.events import Report


class CannotLoad(Exception):
    """The program cannot be loaded; `report` says why and what to do."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.what)
        self.report = report


@dataclass(frozen=True, slots=True)
class Rules:
    """What a loader accepts: `loads` as in port.toml's [os], whole pages, addresses from `lowest` to `highest`.

    `base` is where a position-independent program goes.
    """

    cpu: Cpu
    loads: Collection[str]
    page_size: int
    lowest: int
    highest: int
    base: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One segment in memory: whole pages from `start`, in them the file's bytes at `address`, zeros behind
    these up to `memory_end`; what is left of its pages nobody promised."""

    start: int
    length: int
    access: Access
    address: int
    offset: int
    file_size: int
    memory_end: int


@dataclass(frozen=True, slots=True)
class TlsImage:
    """What a thread's storage begins with."""

    address: int
    file_size: int
    memory_size: int
    alignment: int


@dataclass(frozen=True, slots=True)
class Image:
    """A program ready to be placed. `headers` is where its program headers lie in memory, if they do;
    `relocations` are (address, word) to be written; `end` is the end of its highest segment. `elf` is the file where
    it is one; of another format `data` are its bytes, and `functions` (address, size, name) as far as it tells."""

    name: str
    elf: Elf | None
    base: int
    entry: int
    pieces: tuple[Piece, ...]
    end: int
    headers: int | None = None
    tls: TlsImage | None = None
    relocations: tuple[tuple[int, int], ...] = ()
    data: bytes = b""
    functions: tuple[tuple[int, int, str], ...] = ()

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return self.data if self.elf is None else self.elf.data

    def is_code(self, address: int) -> bool:
        """Whether an address lies in a segment that may be executed."""
        return any(
            piece.access & Access.EXECUTE and piece.address <= address < piece.memory_end
            for piece in self.pieces
        )


@dataclass
class Findings:
    """What is wrong, and what to do about it, as far as it has been found."""

    what: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)

    def add(self, what: str, advice: str = "") -> None:
        """Note a fault."""
        self.what.append(what)
        if advice and advice not in self.advice:
            self.advice.append(advice)

    def raise_if_any(self, name: str) -> None:
        """Raise `CannotLoad` with all of it, of the file of that name."""
        if self.what:
            text = "; ".join(self.what)
            advice = "; ".join(self.advice) or "build it again"
            raise CannotLoad(Report("cannot-load", f"{name}: {text}", advice=advice))


def check_overlaps(pieces: tuple[Piece, ...], page: int, findings: Findings) -> None:
    """Note segments that lie in one another, or share a page of so many bytes."""
    ordered = sorted(pieces, key=lambda piece: piece.address)
    for one, other in pairwise(ordered):
        if one.memory_end > other.address:
            findings.add(
                f"two segments overlap: {one.address:#x} to {one.memory_end:#x} and {other.address:#x} to "
                f"{other.memory_end:#x}",
                "check the linker script",
            )
        elif one.start + one.length > other.start:
            findings.add(
                f"two segments share the page {other.start:#x}: it cannot have the rights of both",
                f"link with -z max-page-size={page} -z separate-code, or align the segments in the script",
            )


def check_entry(named: int, entry: int, pieces: tuple[Piece, ...], findings: Findings) -> None:
    """Note an entry that is nowhere, or not in code; `named` is the one in the file."""
    if named == 0 and not any(piece.address == entry for piece in pieces):
        findings.add("it has no entry (0)", "define `_start`, and do not let the linker drop it (-e _start)")
        return
    home = next((piece for piece in pieces if piece.address <= entry < piece.memory_end), None)
    if home is None:
        findings.add(f"its entry {entry:#x} is in no segment", "check `-e` and the linker script")
    elif not home.access & Access.EXECUTE:
        findings.add(f"its entry {entry:#x} is in a segment that is not executable", "check the link script")
