"""Archives of `ar`: static libraries and rlibs, in the GNU and BSD manners of long names. Reading only."""

from __future__ import annotations

from dataclasses import dataclass

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import Source, Window

MAGIC, THIN = b"!<arch>\n", b"!<thin>\n"
SUMMARY = "archive of object files (static library, rlib)"
HEADER = 60
INDEXES = ("/", "/SYM64/", "__.SYMDEF", "__.SYMDEF SORTED", "__.SYMDEF_64")
LONGEST_NAMES = 64 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: where its content lies, and where its header stands."""

    name: str
    offset: int
    size: int
    header: int = 0


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive holds, its index of symbols left out. A thin one only names files that lie elsewhere."""

    source: Source
    thin: bool
    members: tuple[Member, ...]

    def content(self, member: Member) -> Source:
        """A member's bytes."""
        return Window(self.source, member.offset, member.size, f"{self.source.name}({member.name})")


def identify(source: Source) -> str | None:
    """What this is, by its magic only."""
    head = source.read(0, 8) if source.size >= 8 else b""
    if head not in (MAGIC, THIN):
        return None
    return "archive" if head == MAGIC else "thin archive"


def read(source: Source) -> Archive:
    """The members in their order; raises `BadInput` with the address of what is wrong."""
    kind = identify(source)
    if kind is None:
        raise fail("not an archive: it does not begin with `!<arch>`", Where(source.name), code="ar/magic")
    thin, at = kind == "thin archive", 8
    names, members = b"", []
    while at + 1 < source.size:
        header = source.read(at, min(HEADER, source.size - at))
        if len(header) < HEADER or header[58:] != b"`\n":
            raise _bad(source, at, "here a member's header should be")
        raw, size = header[:16].rstrip().decode("latin-1"), _number(source, at, header[48:58])
        start = at + HEADER
        stored = 0 if thin and raw not in ("//", *INDEXES) else size
        if start + stored > source.size:
            raise _bad(source, at, f"a member of {size} bytes reaches beyond the end of the archive")
        if raw == "//":
            names = source.read(start, min(size, LONGEST_NAMES))
        elif raw not in INDEXES:
            name, skipped = _name(source, at, raw, names, start, stored)
            if name not in INDEXES:
                members.append(Member(name, start + skipped, stored - skipped, at))
        at = start + stored + (stored & 1)
    return Archive(source, thin, tuple(members))


def _name(source: Source, at: int, raw: str, names: bytes, start: int, stored: int) -> tuple[str, int]:
    """(name, how many bytes of it stand before the content)."""
    if raw.startswith("#1/"):
        length = _number(source, at, raw[3:].encode("latin-1"))
        if length > stored:
            raise _bad(source, at, f"a name of {length} bytes is longer than its member")
        return source.read(start, length).rstrip(b"\0").decode("utf-8", "replace"), length
    if raw.startswith("/") and raw[1:].isdigit():
        place = int(raw[1:])
        if place >= len(names):
            raise _bad(
                source, at, f"its name should be at {place} of the long names, which end at {len(names)}"
            )
        end = names.find(b"\n", place)
        name = names[place : end if end >= 0 else len(names)].rstrip(b"/")
        return name.decode("utf-8", "replace"), 0
    return raw.removesuffix("/"), 0


def _number(source: Source, at: int, text: bytes) -> int:
    found = text.strip()
    if not found.isdigit():
        raise _bad(source, at, f"{found.decode('latin-1')!r} should be a number")
    return int(found)


def _bad(source: Source, at: int, what: str) -> BadInput:
    return fail(what, Where(source.name, address=at), "make the archive again", "ar/broken")
