"""Places inside nested images: `disk.img:2:/boot/initfs:/etc/init.rc`, read into a host file and the parts that follow.

A part is a partition (its number or label) or a path. A `:` that belongs to a name is written `\\:`; the name of a file
that exists needs no such care.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from portwright.base.errors import fail


@dataclass(frozen=True, slots=True)
class Address:
    """A file of the host and the parts that lead on into it."""

    file: Path
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join(part.replace(":", "\\:") for part in (str(self.file), *self.parts))

    def then(self, part: str) -> Address:
        """The address with one more part."""
        return replace(self, parts=(*self.parts, part))


def parse(text: str) -> Address:
    """Read an address; raises `BadInput` where a part of it is empty."""
    if not text:
        raise fail("no image is given", None, "name a file", "image/address")
    if ":" not in text or _exists(text):
        return Address(Path(text if _exists(text) else _plain(text)))
    first, *rest = (_plain(part) for part in re.split(r"(?<!\\):", text))
    if not first or not all(rest):
        hint = "a file, then a partition or a path behind each colon: `disk.img:2:/etc/motd`"
        raise fail(f"a part of `{text}` is empty", None, hint, "image/address")
    return Address(Path(first), tuple(rest))


def _plain(part: str) -> str:
    return part.replace("\\:", ":")


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def inner(text: str | bytes) -> bytes:
    """A path inside an image as its nodes have it: names joined by `/`, none in front, `.` and `..` worked out."""
    raw = encoded(text) if isinstance(text, str) else text
    names: list[bytes] = []
    for name in raw.split(b"/"):
        if name == b"..":
            names = names[:-1]
        elif name not in (b"", b"."):
            names.append(name)
    return b"/".join(names)


def encoded(text: str) -> bytes:
    """The bytes of a name that was given as text."""
    return text.encode("utf-8", "surrogateescape")


def shown(path: bytes) -> str:
    """A path inside an image for people and documents: from `/`; bytes that are no UTF-8 as surrogate escapes."""
    return "/" + path.decode("utf-8", "surrogateescape")


def printable(path: bytes) -> str:
    """A name as it can go to a terminal: what is no printable UTF-8 is `\\xNN`."""
    text = path.decode("utf-8", "backslashreplace")
    return "".join(
        char if char.isprintable() else "".join(f"\\x{byte:02x}" for byte in char.encode()) for char in text
    )
