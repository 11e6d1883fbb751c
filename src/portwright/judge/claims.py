"""What a program says that it has done to files, held against the files: lines that begin with `claim`.

    claim file PATH LENGTH HASH     PATH has at least LENGTH bytes; the FNV-1a hash of these is HASH
    claim folder PATH               PATH is a folder
    claim gone PATH                 there is no PATH
    claim stdout LENGTH             so many bytes have gone to standard output
    withdraw PATH                   nothing is claimed of PATH any more (said before it is changed)

The last claim about a path holds. A line without its end may be half a line, and claims nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

FNV_START, FNV_PRIME, WORD = 0xCBF2_9CE4_8422_2325, 0x100_0000_01B3, (1 << 64) - 1

Look = Callable[[str], bytes | Literal["folder"] | None]
"""A path's content, `folder`, or None where nothing is there."""


def fnv(data: bytes) -> int:
    """The 64-bit FNV-1a hash."""
    value = FNV_START
    for byte in data:
        value = (value ^ byte) * FNV_PRIME & WORD
    return value


_CLAIM = re.compile(
    r"(?P<kind>withdraw|claim gone|claim folder) (?P<path>\S+)"
    r"|claim (?P<file>file) (?P<content>\S+) (?P<length>\d+) (?P<hash>[0-9a-f]{16})"
    r"|claim (?P<stream>stdout) (?P<count>\d+)"
)


def broken(stdout: bytes, stderr: bytes, look: Look) -> list[str]:
    """The claims that do not hold, in words."""
    claims: dict[str, re.Match[str]] = {}
    for claim in (*_claims(stdout), *_claims(stderr)):
        path = claim["path"] or claim["content"] or claim["stream"]
        if claim["kind"] == "withdraw":
            claims.pop(path, None)
        else:
            claims[path] = claim
    return [what for path, claim in claims.items() for what in _broken(path, claim, look, stdout)]


def _claims(data: bytes) -> Iterator[re.Match[str]]:
    for line in data.decode(errors="replace").splitlines(keepends=True):
        found = _CLAIM.fullmatch(line.removesuffix("\n")) if line.endswith("\n") else None
        if found is not None:
            yield found


def _broken(path: str, claim: re.Match[str], look: Look, stdout: bytes) -> Iterator[str]:
    if claim["stream"]:
        if len(stdout) < int(claim["count"]):
            yield f"{claim['count']} bytes of standard output were claimed, and {len(stdout)} came"
        return
    found = look(path)
    if claim["kind"] == "claim gone" and found is not None:
        yield f"{path} was claimed to be gone, and is there"
    elif claim["kind"] == "claim folder" and found != "folder":
        yield f"{path} was claimed to be a folder, and is {'missing' if found is None else 'a file'}"
    elif claim["file"]:
        length = int(claim["length"])
        if not isinstance(found, bytes):
            yield f"{length} bytes of {path} were claimed, and it is {'a folder' if found else 'missing'}"
        elif len(found) < length:
            yield f"{length} bytes of {path} were claimed, and it has {len(found)}"
        elif fnv(found[:length]) != int(claim["hash"], 16):
            yield f"the first {length} bytes of {path} are not those that were claimed"
