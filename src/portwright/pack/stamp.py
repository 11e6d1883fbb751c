"""The version record of an image: which sources it was made from, and the hash of what was in it when it was stamped.

A stamp is one word, so that it can stand in any line of any text: a message of init.rc, a key of os-release. The hash
covers every file, but for the lines that hold stamps; so it can be worked out again, and says whether files changed.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from portwright.base.errors import Where, fail
from portwright.base.revision import Revision
from portwright.base.sources import File, Memory, Source
from portwright.formats import Node, Volume
from portwright.pack import volume as volumes
from portwright.pack.edit import Operation
from portwright.pack.manifest import digest
from portwright.pack.place import inner, printable, shown
from portwright.pack.volume import Found

MARK = b"portwright-stamp:"
WORD = re.compile(
    rb"portwright-stamp:(?P<commit>[0-9a-f]{7,64}|none)(?P<dirty>\+dirty)?:(?P<time>\d{8}T\d{6}Z)"
    rb":(?P<lock>[0-9a-f]{16}|-):(?P<manifest>[0-9a-f]{32})"
)
LARGEST = 1 << 20
"""Bytes of a text that may hold a stamp."""
PLACE = "{stamp}"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamp found in an image: the file that holds it, what it says, and whether any file was changed since."""

    path: str
    commit: str
    dirty: bool
    time: str
    lock: str
    manifest: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Version:
    """What a stamp says of the sources: `lock` is the hash of what the port was built with, empty if unknown."""

    commit: str
    dirty: bool
    time: int
    lock: str = ""

    @classmethod
    def of(cls, revision: Revision, lock: str = "") -> Version:
        """That of a folder's revision."""
        return cls(revision.commit, revision.dirty, revision.time, lock)

    def word(self, manifest: str) -> str:
        """The stamp."""
        when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.time))
        dirty = "+dirty" if self.dirty else ""
        return f"{MARK.decode()}{self.commit}{dirty}:{when}:{self.lock[:16] or '-'}:{manifest[:32]}"


Contents = Mapping[bytes, Source]


def total(contents: Contents) -> str:
    """The hash over all files of a tree, stamps left out; by path, content and nothing else."""
    paths = sorted(contents)
    with ThreadPoolExecutor(2) as pool:
        hashes = list(pool.map(lambda path: _digest(contents[path]), paths))
    rows = "".join(f"{held} {printable(path)}\n" for path, held in zip(paths, hashes, strict=True))
    return hashlib.sha256(rows.encode()).hexdigest()


def _digest(source: Source) -> str:
    text = _text(source)
    if text is None or MARK not in text:
        return digest(source)
    lines = [line for line in text.split(b"\n") if MARK not in line]
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def _text(source: Source) -> bytes | None:
    """The whole content, where it is small enough to be a text with a stamp."""
    if source.size > LARGEST:
        return None
    data = source.read(0, source.size)
    if isinstance(source, File):
        source.close()
    return data


def stamped(contents: Contents, places: Sequence[tuple[bytes, str]], version: Version) -> dict[bytes, bytes]:
    """The texts of the files that hold a stamp, by path; `places` are (path, line with `{stamp}`)."""
    empty = version.word("0" * 32)
    texts = {path: _text(contents[path]) if path in contents else b"" for path, _ in places}
    for path, text in texts.items():
        if text is None:
            raise fail(f"`/{printable(path)}` is too large to be a text", None, None, "stamp/large")
    known = {path: text for path, text in texts.items() if text is not None}

    def with_word(word: str) -> dict[bytes, bytes]:
        found = dict(known)
        for path, line in places:
            found[path] = _with_line(found[path], line, word)
        return found

    trial = with_word(empty)
    manifest = total({**contents, **{path: Memory(text) for path, text in trial.items()}})
    return with_word(version.word(manifest))


def _with_line(text: bytes, line: str, word: str) -> bytes:
    """The text with the line: in the place of that line itself, of the same with an older stamp, or as its last."""
    new = line.replace(PLACE, word).encode("utf-8", "surrogateescape")
    front, _, back = line.encode("utf-8", "surrogateescape").partition(PLACE.encode())
    rows = text.split(b"\n")
    for at, row in enumerate(rows):
        older = MARK in row and row.startswith(front) and row.endswith(back)
        if older or row == front + PLACE.encode() + back:
            rows[at] = new
            return b"\n".join(rows)
    if rows[-1] == b"":
        return b"\n".join([*rows[:-1], new, b""])
    return b"\n".join([*rows, new, b""])


def contents_of(volume: Volume) -> dict[bytes, Source]:
    """What an image's files hold, by path."""
    return {node.path: volumes.content(volume, node) for node in volume.walk() if node.kind == "file"}


def stamps(volume: Volume) -> list[Stamp]:
    """The stamps of an image; raises `BadInput` where its files cannot be read."""
    contents = contents_of(volume)
    found: list[tuple[bytes, re.Match[bytes]]] = []
    for path, source in contents.items():
        text = _text(source)
        if text is not None and MARK in text:
            found += [(path, match) for match in WORD.finditer(text)]
    if not found:
        return []
    now = total(contents)[:32]
    return [_stamp(path, match, now) for path, match in found]


def _stamp(path: bytes, match: re.Match[bytes], now: str) -> Stamp:
    said = {name: (value or b"").decode() for name, value in match.groupdict().items()}
    changed = said["manifest"] != now
    lock = "" if said["lock"] == "-" else said["lock"]
    return Stamp(
        shown(path), said["commit"], bool(said["dirty"]), said["time"], lock, said["manifest"], changed
    )


def operations(found: Found, places: Iterable[tuple[str, str]], version: Version) -> list[Operation]:
    """The edits that put stamps into an image."""
    rows = [(volumes.follow(found.level, inner(path)), line) for path, line in places]
    place = found.level.address.parts
    done = []
    for path, text in stamped(contents_of(found.volume), rows, version).items():
        done.append(Operation("add", place, path, node=_node(found, path, text)))
    return done


def _node(found: Found, path: bytes, text: bytes) -> Node:
    there = found.volume.lookup(path)
    if there is not None and there.kind != "file":
        raise fail(
            f"`/{printable(path)}` is a {there.kind}", Where(str(found.level.address)), None, "stamp/place"
        )
    node = there or Node(path, "file", 0o644)
    return replace(node, size=len(text), content=Memory(text), same_as=b"", number=-1, links=1)


def stamp_nodes(nodes: list[Node], places: Sequence[tuple[bytes, str]], version: Version) -> list[Node]:
    """The nodes of a tree to be packed, with stamps."""
    contents = {node.path: node.content for node in nodes if node.kind == "file" and node.content is not None}
    texts = stamped(contents, places, version)
    rows: dict[bytes, Node] = {node.path: node for node in nodes}
    for path, text in texts.items():
        old = rows.get(path) or Node(path, "file", 0o644)
        rows[path] = replace(old, size=len(text), content=Memory(text), same_as=b"", links=1)
    return list(rows.values())
