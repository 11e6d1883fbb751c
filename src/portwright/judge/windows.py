"""Two texts that stand at one place: which part of them differs, and which word that part lies in."""

from __future__ import annotations

import re
from collections.abc import Iterable

PATH = re.compile(rb"(?<![\w./~-])/[^\s\0\"'<>|:;,(){}\[\]]+")
TOPS = (
    b"build builds data home mnt nix opt private root runner src srv tmp usr Users var work workspace".split()
)
SOURCE = re.compile(rb"([\w.+-]*)(?:/[\w.+-]+)*/[\w+-]+\.(?:rs|c|h|cc|cpp|hpp|cxx|s|S|inc|toml)\b")
PART = re.compile(rb"^[\w.+/-]+$")


def common(left: bytes, right: bytes) -> tuple[int, int]:
    """How many bytes are the same at the beginning, and at the end of what is left."""
    limit = min(len(left), len(right))
    start = next((at for at in range(limit) if left[at] != right[at]), limit)
    end = next((at for at in range(limit - start) if left[-1 - at] != right[-1 - at]), limit - start)
    return start, end


def words(pattern: re.Pattern[bytes], left: bytes, right: bytes) -> tuple[bytes, bytes] | None:
    """The matches of a pattern, one in each text, outside which the texts are the same."""
    if not left or not right or left == right:
        return None
    start, end = common(left, right)
    found = []
    for text in (left, right):
        for match in pattern.finditer(text):
            if match.start() <= start and match.end() >= len(text) - end:
                found.append((match.start(), match[0]))
                break
        else:
            return None
    return (found[0][1], found[1][1]) if found[0][0] == found[1][0] else None


def folders(left: bytes, right: bytes, tops: Iterable[bytes] = ()) -> tuple[bytes, bytes] | None:
    """The two folders of which one text speaks where the other speaks of the other: put in each other's place, they
    make the texts equal.

    Texts of Rust stand one behind the other without an end, so that a path can begin in the middle of a word: it does
    where the first folder is one that machines have at the top (`tops`: more of these).
    """
    start, _ = common(left, right)
    known = b"|".join(re.escape(top) for top in [*TOPS, *tops] if top)
    glued = re.compile(PATH.pattern + rb"|(?<=\w)/(?:" + known + rb")/[^\s\0\"'<>|:;,(){}\[\]]+")
    ours, theirs = (
        next((match for match in glued.finditer(text) if match.start() < start <= match.end()), None)
        for text in (left, right)
    )
    if ours is None or theirs is None:
        return relative(left, right)
    one, two = ours[0].split(b"/"), theirs[0].split(b"/")
    stripped = 0
    while len(one) > 2 and len(two) > 2 and one[-1] == two[-1]:
        one.pop()
        two.pop()
        stripped += 1
    if not stripped and one[:-1] == two[:-1] and b"." in one[-1] and b"." in two[-1]:
        return None  # two files of one folder are not one file in two folders
    prefixes = b"/".join(one), b"/".join(two)
    if left.replace(prefixes[0], prefixes[1]) != right:
        return None
    return prefixes


def relative(left: bytes, right: bytes) -> tuple[bytes, bytes] | None:
    """The same for paths that begin with no slash: what differs stands before `/` and the name of a source file."""
    start, end = common(left, right)
    rest = SOURCE.match(left[len(left) - end :]) if end else None
    if rest is None:
        return None
    parts = [text[start : len(text) - end] + rest[1] for text in (left, right)]
    if not all(PART.match(part) for part in parts):
        return None
    return parts[0], parts[1]
