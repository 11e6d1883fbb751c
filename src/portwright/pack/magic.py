"""What a file is by its first bytes: asked of every format that knows its own magic, then of a short list of others.

The list names what no module of `formats/` reads, so that "it is a tar archive" can be said of an image that is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from portwright.base import rooms
from portwright.base.errors import BadInput
from portwright.base.sources import Source, inside

ROOM = "portwright.formats"
HEAD = 4096

# (where, bytes, words)
OTHERS = (
    (257, b"ustar", "tar archive"),
    (0, b"\x1f\x8b", "gzip, compressed"),
    (0, b"\x28\xb5\x2f\xfd", "zstd, compressed"),
    (0, b"\xfd7zXZ\0", "xz, compressed"),
    (0, b"hsqs", "squashfs image"),
    (0, b"QFI\xfb", "qcow2 disk image"),
    (0x438, b"\x53\xef", "ext2, ext3 or ext4 file system"),
    (0x8001, b"CD001", "ISO 9660 image"),
    (0, b"BC\xc0\xde", "LLVM bitcode"),
    (0, b"\0asm", "WebAssembly module"),
    (0, b"MZ", "DOS program"),
    (0, b"#!", "script"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What bytes are: the format's name (empty where none of ours reads it), its module, and a few words."""

    name: str
    module: ModuleType | None
    words: str


class Headed:
    """A source whose first bytes are read once, for the many that ask for them."""

    def __init__(self, source: Source) -> None:
        self.source, self.name, self.size = source, source.name, source.size
        self._head = source.read(0, min(HEAD, source.size))

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        if offset >= 0 and offset + length <= len(self._head) and length >= 0:
            return self._head[offset : offset + length]
        inside(self, offset, length)
        return self.source.read(offset, length)


@cache
def _formats() -> tuple[tuple[str, ModuleType], ...]:
    """The formats that know themselves, those that hold partitions first: a disk may look like what is in it."""
    found = [(name, module) for name, module in rooms.load_all(ROOM).items() if hasattr(module, "identify")]
    return tuple(sorted(found, key=lambda row: getattr(row[1], "HOLDS", "") != "partitions"))


def known(source: Source) -> Known | None:
    """What these bytes are, or None."""
    headed = Headed(source)
    for name, module in _formats():
        try:
            words = module.identify(headed)
        except BadInput:
            continue
        if words is not None:
            return Known(name, module, words)
    for at, magic, words in OTHERS:
        if at + len(magic) <= source.size and headed.read(at, len(magic)) == magic:
            return Known("", None, words)
    return None


def described(source: Source) -> str:
    """In a few words, for an error: what these bytes are, or how they begin."""
    found = known(source)
    if found is not None:
        return found.words
    head = source.read(0, min(8, source.size))
    if not any(source.read(0, min(HEAD, source.size))):
        return "zeros" if source.size else "empty"
    return f"unknown: it begins with {head.hex(' ')}"


@dataclass(frozen=True, slots=True)
class Role:
    """What a name promises: the formats that keep the promise (none: any but `never`), in words, and what to do.

    `sure`: bytes that nobody knows break the promise too.
    """

    pattern: re.Pattern[str]
    words: str
    formats: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    hint: str = ""
    sure: bool = True


_LOOSE = ("tar archive", "gzip, compressed", "zstd, compressed", "xz, compressed", "script")
ROLES = (
    Role(
        re.compile(r"(^|/)[^/]*initfs[^/]*\.img$|(^|/)initfs$"),
        "a Redox initfs",
        ("redox-initfs",),
        hint="make it with redox-initfs-ar, or `portwright image pack --format redox-initfs`; redoxfs-ar makes a "
        "RedoxFS, which is another thing",
    ),
    Role(
        re.compile(r"\.efi$", re.IGNORECASE), "an EFI file", ("pe",), hint="link it for EFI (`-unknown-uefi`)"
    ),
    Role(
        re.compile(r"(^|/)boot/kernel$"),
        "a kernel",
        ("elf", "pe", "macho"),
        hint="put the kernel's ELF file there",
    ),
    Role(re.compile(r"\.(a|rlib)$"), "an archive of objects", ("ar",), hint="make it with `ar`"),
    Role(
        re.compile(r"\.(img|raw)$"),
        "an image",
        never=_LOOSE,
        hint="a script may have fallen back to tar",
        sure=False,
    ),
)


def role(path: str) -> Role | None:
    """What the name of a file promises, if it promises something."""
    return next((role for role in ROLES if role.pattern.search(path)), None)
