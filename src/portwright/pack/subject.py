"""A case: one file with all that its faults may ask, each read when it is asked for.

What is inside a folder, an archive or an image has cases of its own; theirs are made one after the other, and only
what they found is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

from portwright.base.errors import BadInput
from portwright.base.sources import Source
from portwright.describe.cpu import Cpu
from portwright.formats import Node, Volume, ar, macho, pe
from portwright.formats import elf as elves
from portwright.formats.elf import Elf, Symbol
from portwright.formats.pe import Pe
from portwright.pack import magic
from portwright.pack.program import Program, Reading
from portwright.pack.stamp import Stamp, stamps

if TYPE_CHECKING:
    from portwright.describe.port import OsTable
    from portwright.formats.parts.macho_values import Macho

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held:
    """The port that a file is held against: what its loader takes, its CPU, and who generates its code."""

    name: str
    os: OsTable
    cpu: Cpu
    backend: str


class Seen(Protocol):
    """What is known of a file inside this one, once it has been looked at."""

    @property
    def name(self) -> str:
        """What it is called, from the outermost file on."""

    @property
    def path(self) -> str:
        """What it is called in this one."""

    @property
    def size(self) -> int:
        """How many bytes it has."""

    @property
    def program(self) -> Program | None:
        """What an ELF file is."""


@dataclass
class Case:
    """One file. `node` is what the image that it lies in says of it, `within` that image's case; `good` is the last
    good one of its kind; `built_by` the code generator that all of it is to be from; `facts` what its headers say."""

    name: str
    source: Source
    port: Held | None = None
    node: Node | None = None
    within: Case | None = None
    good: Case | None = None
    built_by: str = ""
    members: list[Seen] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    volume: Volume | None = None
    facts: dict[str, str | int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.source.size

    @property
    def file_name(self) -> str:
        """The last part of its name."""
        path = self.node.path.decode("utf-8", "replace") if self.node is not None else self.name
        return path.rpartition("/")[2]

    @cached_property
    def known(self) -> magic.Known | None:
        """What its bytes are."""
        return magic.known(self.source)

    @property
    def format(self) -> str:
        """The name of the format, empty where none of ours reads it."""
        return self.known.name if self.known else ""

    @cached_property
    def reading(self) -> Reading | None:
        """The ELF file that it is, if it is one that can be read."""
        if self.size < 4 or self.source.read(0, 4) != elves.MAGIC:
            return None
        return self._tried(lambda: Reading(self.source))

    @property
    def elf(self) -> Elf | None:
        """The same, as its format has it."""
        return self.reading.elf if self.reading else None

    @property
    def program(self) -> Program | None:
        """The same, in a person's words."""
        return self.reading.program if self.reading else None

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Its symbols (those of the dynamic table where it has no other)."""
        if self.reading is None:
            return ()
        return self.reading.symbols or self.reading.dynamic_symbols

    @cached_property
    def pe(self) -> Pe | None:
        """The PE file that it is, if it is one that can be read."""
        return self._tried(lambda: pe.read(self.source)) if pe.identify(self.source) else None

    @cached_property
    def macho(self) -> Macho | None:
        """The Mach-O file of NeXT's that it is, as far as it can be read."""
        if self.format != "macho" or not macho.of_next(self.source):
            return None
        read = self._tried(lambda: macho.parse(self.source))
        if read is None:
            return None
        self.problems += [fault.what for fault in read[1]]
        return read[0]

    @cached_property
    def archive(self) -> ar.Archive | None:
        """The archive that it is, if it is one that can be read."""
        return self._tried(lambda: ar.read(self.source)) if ar.identify(self.source) else None

    @cached_property
    def stamps(self) -> tuple[Stamp, ...]:
        """The version records in an image's files, and whether files were changed since."""
        volume = self.volume
        return (self._tried(lambda: tuple(stamps(volume))) or ()) if volume is not None else ()

    @property
    def all_problems(self) -> list[str]:
        """What could not be read of it."""
        return [*self.problems, *(self.reading.problems if self.reading else ())]

    def problem(self, error: BadInput) -> None:
        """Remember what could not be read."""
        self.problems += [fault.what for fault in error.faults if fault.what not in self.all_problems]

    def _tried(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except BadInput as error:
            self.problems += [fault.what for fault in error.faults]
            return None


def defined(symbols: Iterable[Symbol]) -> list[Symbol]:
    """The symbols that lie somewhere."""
    return [symbol for symbol in symbols if symbol.section != elves.SHN_UNDEF and symbol.name]
