"""The journal beside an image: `IMAGE.journal/` with what was done (`log.jsonl`) and what it takes to undo and redo it.

`objects/` holds, for each edit, the bytes that it replaced (`000001.old`; zeros are holes), and
the contents that it added (`000001.add`). `pending.json` is an edit that is decided and may not be finished yet.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from portwright.base.errors import Where, fail
from portwright.base.sources import File, Source, Window
from portwright.formats import Node
from portwright.pack.edit import Operation
from portwright.pack.volume import chunks
from portwright.pack.write import put, put_sparse, replaced


@dataclass(frozen=True, slots=True)
class Extent:
    """Changed bytes: where, how many, and the SHA-256 of what lay there before and after (what lies behind the end
    of the image is not counted)."""

    offset: int
    length: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One edit. `sizes` are the image's before and after; `undoes` the numbers of the edits that it took back.

    `method` says how it reaches the image: `beside` (a whole new file takes its place) or `in-place`. `contents` are
    those of the operations, by their index: where each lies in the edit's file of added contents, and its SHA-256.
    """

    number: int
    time: str
    verb: str
    arguments: dict[str, Any]
    portwright: str
    method: str
    sizes: tuple[int, int]
    extents: tuple[Extent, ...]
    operations: tuple[Operation, ...] = ()
    undoes: tuple[int, ...] = ()
    contents: dict[int, tuple[int, str]] = field(default_factory=dict)

    @property
    def changed_bytes(self) -> int:
        """How many bytes of the image it touched."""
        return sum(each.length for each in self.extents)


class Journal:
    """The journal of one image."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.objects = folder, folder / "objects"
        self.log, self.pending = folder / "log.jsonl", folder / "pending.json"

    @classmethod
    def of(cls, image: Path) -> Journal:
        """That of an image, which need not be there."""
        return cls(image.with_name(f"{image.name}.journal"))

    def entries(self) -> list[Entry]:
        """What was done, oldest first; a last line that was cut off does not count."""
        try:
            data = self.log.read_bytes()
        except FileNotFoundError:
            return []
        return [self._entry(line, index) for index, line in enumerate(data.split(b"\n")[:-1], 1)]

    def _entry(self, line: bytes, index: int) -> Entry:
        try:
            return _from_json(json.loads(line), self)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            hint = "it was written by something else; without it, nothing can be undone"
            raise fail("this line is no edit", Where(self.log, index), hint, "journal/broken") from None

    def standing(self) -> list[Entry]:
        """The edits that were not taken back."""
        rows = self.entries()
        undone = {number for row in rows for number in row.undoes}
        return [row for row in rows if not row.undoes and row.number not in undone]

    def waiting(self) -> Entry | None:
        """The edit that was decided and may not be finished."""
        try:
            return self._entry(self.pending.read_bytes(), 1)
        except FileNotFoundError:
            return None

    def old(self, entry: Entry) -> Path:
        """The file with the bytes that an edit replaced."""
        return self.objects / f"{entry.number:06}.old"

    def new(self, entry: Entry) -> Path:
        """The file with the bytes that an edit puts, while it is not finished."""
        return self.objects / f"{entry.number:06}.new"

    def added(self, number: int) -> Path:
        """The file with the contents that an edit added."""
        return self.objects / f"{number:06}.add"

    def decide(self, entry: Entry) -> None:
        """From now on the edit is to be finished, whatever happens."""
        with replaced(self.pending) as out:
            put(out, json.dumps(_to_json(entry)).encode() + b"\n", 0)

    def finish(self, entry: Entry) -> None:
        """The edit is done: it goes into the log, once."""
        self.mend_log()
        rows = self.entries()
        if not rows or rows[-1].number < entry.number:
            with self.log.open("ab") as file:
                file.write(json.dumps(_to_json(entry)).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        self.pending.unlink(missing_ok=True)
        self.new(entry).unlink(missing_ok=True)

    def mend_log(self) -> None:
        """Cut off a last line that was not written to its end."""
        with contextlib.suppress(FileNotFoundError):
            data = self.log.read_bytes()
            end = data.rfind(b"\n") + 1
            if end != len(data):
                os.truncate(self.log, end)

    def sweep(self) -> None:
        """Remove what a killed run left that was never decided. Hold the image's lock, with nothing waiting."""
        entries = self.entries()
        known = {self.old(entry).name for entry in entries}
        known |= {self.added(entry.number).name for entry in entries if entry.contents}
        with contextlib.suppress(FileNotFoundError):
            for file in self.objects.iterdir():
                if file.name not in known:
                    file.unlink(missing_ok=True)
            for file in self.folder.glob(".*"):
                file.unlink(missing_ok=True)
            (self.folder / "image.new").unlink(missing_ok=True)

    def keep(self, number: int, sources: Iterable[Source]) -> list[tuple[int, str]]:
        """Keep the contents that an edit adds, one after the other: where each lies, and its SHA-256."""
        found: list[tuple[int, str]] = []
        with replaced(self.added(number)) as out:
            at = 0
            for source in sources:
                digest, start = hashlib.sha256(), at
                for chunk in chunks(source):
                    digest.update(chunk)
                    put_sparse(out, chunk, at)
                    at += len(chunk)
                found.append((start, digest.hexdigest()))
            os.ftruncate(out, at)
        return found

    def keep_parts(self, path: Path, parts: Iterable[tuple[int, bytes]]) -> None:
        """Keep bytes at the offsets of a file of their own; zeros take no room."""
        with replaced(path) as out:
            end = 0
            for at, data in parts:
                put_sparse(out, data, at)
                end = at + len(data)
            os.ftruncate(out, end)

    def content(self, number: int, start: int, size: int) -> Source:
        """A content that was kept."""
        path = self.added(number)
        if not path.is_file() or path.stat().st_size < start + size:
            raise fail("the contents that were added are gone", Where(path), None, "journal/broken")
        return Window(File(path), start, size)


def again(entries: Iterable[Entry]) -> list[Operation]:
    """The operations of edits, to be done once more: each edit in a turn of its own, as it was."""
    found: list[Operation] = []
    turn = 0
    for entry in entries:
        base = turn
        for each in entry.operations:
            turn = base + each.turn
            found.append(replace(each, turn=turn))
        turn += 1
    return found


def places(extents: Iterable[Extent]) -> Iterator[tuple[Extent, int]]:
    """Each extent, with where its bytes lie in the edit's own file."""
    at = 0
    for each in extents:
        yield each, at
        at += each.length


def _to_json(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "time": entry.time,
        "verb": entry.verb,
        "arguments": entry.arguments,
        "portwright": entry.portwright,
        "method": entry.method,
        "sizes": list(entry.sizes),
        "extents": [[each.offset, each.length, each.before, each.after] for each in entry.extents],
        "operations": [_said(each, entry.contents.get(at)) for at, each in enumerate(entry.operations)],
        "undoes": list(entry.undoes),
    }


def _said(operation: Operation, content: tuple[int, str] | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "what": operation.what,
        "place": list(operation.place),
        "path": _text(operation.path),
    }
    if operation.to:
        row["to"] = _text(operation.to)
    if operation.mode:
        row["mode"] = operation.mode
    if operation.turn:
        row["turn"] = operation.turn
    node = operation.node
    if node is not None:
        row["node"] = {
            "kind": node.kind,
            "mode": node.mode,
            "size": node.size,
            "target": _text(node.target),
            "uid": node.uid,
            "gid": node.gid,
            "modified": node.modified,
            "content": list(content) if content else None,
        }
    return row


def _from_json(row: dict[str, Any], journal: Journal) -> Entry:
    operations: list[Operation] = []
    contents: dict[int, tuple[int, str]] = {}
    for at, each in enumerate(row["operations"]):
        path, node = _bytes(each["path"]), None
        if "node" in each:
            said = each["node"]
            node = Node(path, said["kind"], said["mode"], said["size"], _bytes(said["target"]))
            node.uid, node.gid, node.modified = said["uid"], said["gid"], said["modified"]
            if said["content"]:
                contents[at] = (int(said["content"][0]), str(said["content"][1]))
                node.content = _Kept(journal, int(row["number"]), contents[at][0], said["size"])
        where, to = tuple(each["place"]), _bytes(each.get("to", ""))
        mode, turn = each.get("mode", 0), each.get("turn", 0)
        operations.append(Operation(each["what"], where, path, to, mode, node, turn))
    return Entry(
        int(row["number"]),
        str(row["time"]),
        str(row["verb"]),
        dict(row["arguments"]),
        str(row["portwright"]),
        str(row["method"]),
        (int(row["sizes"][0]), int(row["sizes"][1])),
        tuple(Extent(*each) for each in row["extents"]),
        tuple(operations),
        tuple(row["undoes"]),
        contents,
    )


class _Kept:
    """A content of the journal, looked for when it is read."""

    def __init__(self, journal: Journal, number: int, start: int, size: int) -> None:
        self.journal, self.number, self.start, self.size = journal, number, start, size
        self.name = str(journal.added(number))
        self._source: Source | None = None

    def read(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        if self._source is None:
            self._source = self.journal.content(self.number, self.start, self.size)
        return self._source.read(offset, length)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
