"""What the two sides of a comparison differ in, before and after a cause is named for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "missing",  # on one side only
    "kind",  # a file here, a folder there
    "mode",  # permission bits
    "owner",  # user and group in an archive
    "time",  # a recorded time
    "target",  # where a symlink points
    "name",  # the same thing under another name
    "order",  # the same things in another order
    "units",  # how many pieces the compiler cut a crate into
    "packing",  # the same content, compressed or wrapped otherwise
    "header",  # a field of a header
    "bytes",  # other bytes
    "code",  # other instructions
    "symbols",  # other symbols, or other values of them
]
Part = Literal[
    "code", "data", "debug", "metadata", "bitcode", "build-id", "note", "comment", "symbols", "unwind",
    "relocations", "container", "file", "none",
]  # fmt: skip
Role = Literal["cause", "consequence", "real"]
Same = Literal["", "addresses", "follows", "units"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which two files of the same name differ.

    `path` names the file, members of archives in brackets. `section` and `symbol` say where in a binary, `offset` the
    byte in the first file. `left` and `right` are what stands there, cut to a window. `same`: "addresses" where
    nothing but addresses differs, of things that moved; "follows" where a table describes what differs elsewhere;
    "units" where the compiler cut the crate into other pieces.
    `count` is how many alike this stands for.
    """

    path: str
    kind: Kind
    what: str
    part: Part = "none"
    section: str = ""
    symbol: str = ""
    offset: int | None = None
    left: bytes = b""
    right: bytes = b""
    same: Same = ""
    lines: tuple[str, ...] = ()
    count: int = 1

    @property
    def place(self) -> str:
        """Section, symbol and offset, as far as they are known."""
        return place_of(self)


@dataclass(frozen=True, slots=True)
class Context:
    """What a cause may know of the comparison as a whole: the two things as they were named, made absolute."""

    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """A cause's answer: `what` in one line (else the difference's own words), `cure` where it can say a better one
    than its manual."""

    what: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference with its cause: `role` is "cause" (a flag cures it), "consequence" (goes with its cause) or
    "real"."""

    cause: str
    role: Role
    path: str
    what: str
    cure: str = ""
    section: str = ""
    symbol: str = ""
    offset: int | None = None
    evidence: tuple[str, ...] = ()
    count: int = 1
    part: Part = "none"

    @property
    def place(self) -> str:
        """Section, symbol and offset, as far as they are known."""
        return place_of(self)


@dataclass(slots=True)
class Bounds:
    """How much may be looked into; `hit` collects in words which bound ended what."""

    findings: int = 20  # listed for each cause and file
    places: int = 4096  # differing stretches of one section
    shown: int = 25  # functions of one section that are shown with their instructions
    functions: int = 20_000  # that are disassembled in all
    code: int = 24 << 20  # bytes that are disassembled in all
    expanded: int = 8 << 30  # bytes that one archive may expand to
    ratio: int = 250  # and times its own size
    depth: int = 4  # archives in archives
    members: int = 2_000_000  # of one archive or folder
    hit: list[str] = field(default_factory=list)

    def reached(self, what: str) -> None:
        """Remember that a bound ended something."""
        if what not in self.hit:
            self.hit.append(what)


def place_of(row: Difference | Finding) -> str:
    """Section, symbol and offset of a difference, as far as they are known."""
    words = [row.section] if row.section else []
    if row.symbol:
        words.append(f"in {row.symbol}")
    if row.offset is not None:
        words.append(f"at {row.offset:#x}")
    return " ".join(words)
