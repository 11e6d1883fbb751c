"""Names and times of a FAT volume: 8.3 names, the long names in front of them, and what neither can hold."""

from __future__ import annotations

import calendar
import re
import struct
import time
from collections.abc import Container
from functools import lru_cache

SLOT = 32
LONG = 0x0F
READ_ONLY, LABEL, FOLDER, ARCHIVE = 0x01, 0x08, 0x10, 0x20
LOWER_BASE, LOWER_EXTENSION = 0x08, 0x10
"""Bits that say that a part of an 8.3 name is meant in lower case: kept by NT, read by Linux, mtools and EDK2."""
MOST_UNITS = 255
ROW = struct.Struct("<11sBBBHHHHHHHI")
"""A slot: name, attributes, case, tenths, creation (time, date), access, high cluster, change (time, date), low, size."""

_LONG_ROW = struct.Struct("<B10sBBB12sH4s")
_LETTERS = r"A-Za-z0-9!#$%&'()\-@^_`{}~"
_PLAIN = re.compile(rf"([{_LETTERS}]{{1,8}})(?:\.([{_LETTERS}]{{1,3}}))?")
_STRANGE = re.compile(r"[^A-Z0-9!#$%&'()\-@^_`{}~]")
_FORBIDDEN = re.compile(r'[\x00-\x1f"*/:<>?\\|\uffff]')
_SHORT_FORBIDDEN = b'"*+,./:;<=>?[\\]|' + bytes(range(32))
_FLOOR, _CEILING = 315532800, 4354819198  # 1980-01-01 and 2107-12-31 23:59:58


def fold(name: str) -> str:
    """A name as it is compared: letter by letter in upper case, as the systems' tables do it."""
    if name.isascii():
        return name.upper()
    return "".join(upper if len(upper := each.upper()) == 1 else each for each in name)


def refusal(name: bytes) -> str | None:
    """Why FAT cannot hold a name, or None."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return "it is not UTF-8, and FAT's names are Unicode"
    found = _FORBIDDEN.search(text)
    if found:
        character = found.group()
        shown = f"`{character}`" if " " < character < "\x7f" else f"the character U+{ord(character):04X}"
        return f"it has {shown}, which no name has there"
    if text in ("", ".", ".."):
        return "it means a folder itself" if text else "it is empty"
    if text[-1] in ". " or text[0] == " ":
        return "it begins or ends in what systems drop there: a dot at the end, or a space"
    if len(text.encode("utf-16-le")) > 2 * MOST_UNITS:
        return f"it is longer than {MOST_UNITS} UTF-16 units"
    return None


def plain(name: str) -> tuple[bytes, int] | None:
    """The 8.3 name and its case bits, where those say all of a name."""
    found = _PLAIN.fullmatch(name)
    if found is None:
        return None
    base, extension = found.group(1), found.group(2) or ""
    case = 0
    for part, bit in ((base, LOWER_BASE), (extension, LOWER_EXTENSION)):
        if part != part.upper():
            if part != part.lower():
                return None
            case |= bit
    return _packed(base.upper(), extension.upper()), case


def _packed(base: str, extension: str) -> bytes:
    return (base.ljust(8) + extension.ljust(3)).encode()


def shown(short: bytes, case: int = 0) -> str:
    """An 8.3 name as text; bytes beyond ASCII are read as code page 437, as Linux does by default."""
    if short[0] == 0x05:  # 0xE5 means "deleted", so a name that begins with it is written like this
        short = b"\xe5" + short[1:]
    base, extension = short[:8].decode("cp437").rstrip(" "), short[8:].decode("cp437").rstrip(" ")
    if case & LOWER_BASE:
        base = base.lower()
    if case & LOWER_EXTENSION:
        extension = extension.lower()
    return f"{base}.{extension}" if extension else base


def strange_short(short: bytes) -> bool:
    """Whether an 8.3 name has bytes that none may have."""
    if short[0] == 0x05:
        short = b"\xe5" + short[1:]
    return short[0] == 0x20 or len(short.translate(None, _SHORT_FORBIDDEN)) < len(short)


class Shortener:
    """Gives the names of one folder 8.3 names, none of them twice: as Windows does, `LONGNA~1.TXT`.

    `taken` are the 8.3 names that are there; `names` the folded names, which no other file's 8.3 name may be.
    """

    def __init__(self, taken: Container[bytes], names: Container[str]) -> None:
        self.taken, self.names = taken, names
        self._next: dict[tuple[str, str, int], int] = {}

    def short(self, name: str) -> bytes:
        """An 8.3 name for a long one; whoever keeps it adds it to `taken`."""
        base, extension, lossy = _basis(name)
        if not lossy and len(base) <= 8:
            whole = _packed(base, extension)
            if self._is_free(whole, fold(name)):
                return whole
        for digits in range(1, 7):
            start = base[: 7 - digits]
            key = (start, extension, digits)
            for number in range(self._next.get(key, 10 ** (digits - 1)), 10**digits):
                self._next[key] = number + 1
                found = _packed(f"{start}~{number}", extension)
                if self._is_free(found, ""):
                    return found
        raise AssertionError("a folder has fewer names than there are numbers")

    def _is_free(self, short: bytes, own: str) -> bool:
        if short in self.taken:
            return False
        text = shown(short)
        return text == own or text not in self.names


def _basis(name: str) -> tuple[str, str, bool]:
    """(base, extension, whether something of the name is lost) of which an 8.3 name is made."""
    text = name.replace(" ", "").lstrip(".")
    lossy = text != name
    base, dot, extension = text.rpartition(".")
    if not dot:
        base, extension = text, ""
    upper = "".join(each.upper() if each.isascii() else each for each in base)
    upper_extension = "".join(each.upper() if each.isascii() else each for each in extension)
    clean, clean_extension = _STRANGE.sub("_", upper.replace(".", "")), _STRANGE.sub("_", upper_extension)
    lossy |= clean != upper or clean_extension != upper_extension or len(clean) > 8 or len(extension) > 3
    return clean or "_", clean_extension[:3], lossy


def checksum(short: bytes) -> int:
    """What ties long slots to their 8.3 name."""
    total = 0
    for byte in short:
        total = ((total & 1) << 7) + (total >> 1) + byte & 255
    return total


def long_slots(name: str, short: bytes) -> bytes:
    """The slots in front of an 8.3 name that say the long one, the last part first."""
    units = name.encode("utf-16-le")
    count = -(-len(units) // 26)
    if len(units) % 26:
        units = (units + b"\0\0").ljust(count * 26, b"\xff")
    tie = checksum(short)
    slots = []
    for number in range(count, 0, -1):
        part = units[(number - 1) * 26 : number * 26]
        order = number | (0x40 if number == count else 0)
        slots.append(_LONG_ROW.pack(order, part[:10], LONG, 0, tie, part[10:22], 0, part[22:]))
    return b"".join(slots)


def long_part(data: bytes, slot: int) -> tuple[int, int, bytes]:
    """(order, checksum, 26 bytes of the name) of a long slot."""
    order, first, _, _, tie, second, _, third = _LONG_ROW.unpack_from(data, slot * SLOT)
    return order, tie, first + second + third


def long_text(parts: list[bytes]) -> str | None:
    """The name that the parts of long slots say, in order; None where no file can be called so."""
    text = b"".join(parts).decode("utf-16-le", "surrogatepass").split("\0", 1)[0]
    if text in ("", ".", "..") or "/" in text:
        return None
    # Five slots hold less than what is allowed, whatever letters they are.
    return (
        None if len(parts) > 5 and len(text.encode("utf-16-le", "surrogatepass")) > 2 * MOST_UNITS else text
    )


def slot(short: bytes, case: int, row: tuple[int, int, int, int]) -> bytes:
    """The slot of an 8.3 name: `row` is (attributes, first cluster, size, seconds since 1970)."""
    attributes, cluster, size, modified = row
    moment, day, odd = stamp(modified)
    high, low = cluster >> 16, cluster & 0xFFFF
    return ROW.pack(short, attributes, case, odd, moment, day, day, high, moment, day, low, size)


def slots_of(name: str, short: bytes, case: int, row: tuple[int, int, int, int]) -> bytes:
    """All slots of a file (`row` as for `slot`)."""
    last = slot(short, case, row)
    if shown(short, case) == name:
        return last
    return long_slots(name, short) + last


def as_bytes(name: str) -> bytes:
    """A name of the volume as a part of a path: UTF-8 (lone halves of surrogate pairs as they are)."""
    return name.encode("utf-8", "surrogatepass")


def as_text(part: bytes) -> str:
    """A part of a path as a name of the volume; what can be none becomes one that is nowhere."""
    try:
        return part.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return "\0"


@lru_cache(maxsize=4096)
def stamp(modified: int) -> tuple[int, int, int]:
    """(time, date, hundredths over an even second) of seconds since 1970; FAT's times begin in 1980, taken as UTC."""
    modified = min(max(modified, _FLOOR), _CEILING)
    found = time.gmtime(modified)
    moment = found.tm_hour << 11 | found.tm_min << 5 | found.tm_sec // 2
    return moment, (found.tm_year - 1980) << 9 | found.tm_mon << 5 | found.tm_mday, found.tm_sec % 2 * 100


@lru_cache(maxsize=4096)
def seconds(moment: int, day: int) -> int:
    """Seconds since 1970 of a time and a date; 0 where there is none, or no such day."""
    year, month, number = 1980 + (day >> 9), day >> 5 & 15, day & 31
    hour, minute, second = moment >> 11, moment >> 5 & 63, (moment & 31) * 2
    if not 1 <= month <= 12 or not 1 <= number <= calendar.monthrange(year, month)[1]:
        return 0
    if hour > 23 or minute > 59 or second > 59:
        hour = minute = second = 0
    return calendar.timegm((year, month, number, hour, minute, second))
