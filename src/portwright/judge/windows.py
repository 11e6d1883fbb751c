"""Two texts that stand at one place: which part of them differs, and which word that part lies in."""

from __future__ import annotations

import re

PATH = re.compile(rb"(?<![\w./~-])/[^\s\0\"'<>|:;,(){}\[\]]+")


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


def folders(left: bytes, right: bytes) -> tuple[bytes, bytes] | None:
    """The two folders of which one text speaks where the other speaks of the other: put in each other's place, they
    make the texts equal."""
    start, _ = common(left, right)
    ours, theirs = (
        next((match for match in PATH.finditer(text) if match.start() < start <= match.end()), None)
        for text in (left, right)
    )
    if ours is None or theirs is None:
        return None
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
