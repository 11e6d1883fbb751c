"""Names that differ by a hash only: what of a symbol, a section, a member or a file stays the same over builds."""

from __future__ import annotations

import re
from functools import lru_cache

from portwright.base.demangle import demangle

LEGACY = re.compile(r"17h[0-9a-f]{16}E")
CRATE = re.compile(r"(?<=C)s[0-9A-Za-z]{0,11}_(?=[0-9])")
RANDOM = re.compile(r"\.llvm\.\d+")
PRIVATE = re.compile(r"anon\.[0-9a-f]{32}\.")
UNIT = re.compile(r"\.[0-9a-z]{8,25}-cgu\.")
LONE_UNIT = re.compile(r"^[0-9a-z]{23,25}$")
LONG_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{16}(?:[0-9a-f]{16})*(?![0-9a-f])")
TEMPORARY = re.compile(r"(?<=rustc|rmeta|cargo)[A-Za-z0-9]{6}(?![A-Za-z0-9])")
UNITS = re.compile(r"-cgu\.\d+")


@lru_cache(maxsize=1 << 15)
def key(name: str) -> str:
    """The name without hashes: two names of one thing have the same."""
    if name.startswith("_R"):
        head, dot, suffix = name.partition(".")
        return demangle(head) + RANDOM.sub(".llvm", dot + suffix)
    return plain(name)


def plain(text: str) -> str:
    """Any text with its hashes replaced by a mark."""
    text = LEGACY.sub("17h#E", text)
    text = RANDOM.sub(".llvm", text)
    text = PRIVATE.sub("anon.#.", text)
    text = UNIT.sub(".#-cgu.", text)
    text = LONE_UNIT.sub("#", text)
    if "_R" in text:
        text = CRATE.sub("s#_", text)
    return LONG_HASH.sub("#", text)


def unstable(left: str, right: str) -> str:
    """Which hash two names of one thing differ in: "random" (LLVM's numbers, temporary names), "crate", or "" for
    none of them."""
    if left == right:
        return ""
    if RANDOM.sub("", left) == RANDOM.sub("", right):
        return "random"
    if TEMPORARY.sub("", left) == TEMPORARY.sub("", right):
        return "random"
    if plain(left) == plain(right) or key(left) == key(right):
        return "crate"
    return ""


def readable(name: str) -> str:
    """As a person writes it, short enough for a line."""
    found = demangle(name)
    return found if len(found) <= 160 else f"{found[:100]}...{found[-50:]}"
