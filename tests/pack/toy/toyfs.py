"""A format of the tests: a header, a table in JSON, and contents in slots, with an editor that changes it in place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from portwright.base.errors import Where, fail
from portwright.base.sources import Source
from portwright.formats import Copied, Layout, Literally, Node, Packing, Problem, Target

HOLDS = "files"
SUMMARY = "a file system of the tests"
FIELDS = ("size",)
MAGIC = b"TOYFS1\n\0"
TABLE, SLOT = 65536, 4096
EDITS = True


def identify(source: Source) -> str | None:
    return "toy file system" if source.size >= 8 and source.read(0, 8) == MAGIC else None


def _text(data: bytes) -> str:
    return data.decode("latin-1")


class Toy:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.facts: dict[str, str | int] = {"slots": (source.size - TABLE) // SLOT}
        try:
            rows = json.loads(source.read(8, TABLE - 8).rstrip(b"\0"))
        except ValueError:
            raise fail("the table is broken", Where(source.name, address=8), None, "toyfs/broken") from None
        self.rows = {row["path"].encode("latin-1"): row for row in rows}

    def walk(self) -> Iterator[Node]:
        for path, row in sorted(
            self.rows.items(), key=lambda each: (each[0].count(b"/") if each[0] else -1, each[0])
        ):
            yield self.node(path, row)

    def node(self, path: bytes, row: dict) -> Node:  # type: ignore[type-arg]
        target = row.get("target", "").encode("latin-1")
        return Node(path, row["kind"], row["mode"], row["size"], target, number=row["at"])

    def lookup(self, path: bytes) -> Node | None:
        return self.node(path, self.rows[path]) if path in self.rows else None

    def stretches(self, node: Node) -> Iterator[tuple[int | None, int]]:
        yield TABLE + self.rows[node.path]["at"] * SLOT, node.size


def read(source: Source) -> Toy:
    return Toy(source)


def packing(volume: Toy) -> Packing:
    return Packing(size=volume.source.size)


def check(source: Source) -> Iterator[Problem]:
    for path, row in Toy(source).rows.items():
        if path and path.rpartition(b"/")[0] not in Toy(source).rows:
            yield Problem("toyfs/orphan", f"{row['path']} has no folder", path=path, mends=True)


def repair(target: Target) -> list[str]:
    editor = Editor(target)
    lost = [path for path in editor.rows if path and path.rpartition(b"/")[0] not in editor.rows]
    for path in lost:
        del editor.rows[path]
    if lost:
        editor.store()
    return [f"removed {_text(path)}" for path in lost]


def _row(node: Node, at: int) -> dict:  # type: ignore[type-arg]
    return {
        "path": _text(node.path), "kind": node.kind, "mode": node.mode, "at": at,
        "size": node.size if node.kind == "file" else 0, "target": _text(node.target),
    }  # fmt: skip


def _table(rows: Iterable[dict], name: str) -> bytes:  # type: ignore[type-arg]
    data = json.dumps(sorted(rows, key=lambda row: row["path"])).encode()
    if len(data) > TABLE - 8:
        raise fail("the table is full", Where(name), None, "toyfs/full")
    return MAGIC + data.ljust(TABLE - 8, b"\0")


def layout(nodes: Iterable[Node], packing: Packing) -> Layout:
    rows, pieces, at = [], [], 0
    for node in nodes:
        if node.kind not in ("file", "directory", "symlink"):
            raise fail(f"no room for a {node.kind}", None, None, "toyfs/kind")
        rows.append(_row(node, at))
        if node.kind == "file" and node.content is not None:
            pieces.append(Copied(TABLE + at * SLOT, node.content, 0, node.size))
            at += -(-node.size // SLOT)
    size = packing.size or TABLE + at * SLOT
    if TABLE + at * SLOT > size:
        raise fail(f"{TABLE + at * SLOT} bytes do not fit into {size}", None, None, "toyfs/full")
    return Layout(size, [Literally(0, _table(rows, "table")), *pieces])


class Editor:
    def __init__(self, target: Target) -> None:
        self.target, self.rows = target, Toy(target).rows

    def store(self) -> None:
        self.target.write(0, _table(self.rows.values(), self.target.name))

    def add(self, node: Node) -> None:
        if node.path.rpartition(b"/")[0] not in self.rows:
            raise fail("no folder", None, None, "toyfs/no-folder")
        need, at = -(-node.size // SLOT) if node.kind == "file" else 0, 0
        taken = sorted(
            (row["at"], -(-row["size"] // SLOT)) for path, row in self.rows.items() if path != node.path
        )
        for start, count in taken:
            if count and start < at + need:
                at = max(at, start + count)
        if TABLE + (at + need) * SLOT > self.target.size:
            raise fail("full", None, None, "toyfs/full")
        self.rows[node.path] = _row(node, at)
        self.store()
        if node.kind == "file" and node.content is not None:
            self.target.copy(TABLE + at * SLOT, node.content, 0, node.size)
            if node.size % SLOT:
                self.target.write(TABLE + at * SLOT + node.size, bytes(SLOT - node.size % SLOT))

    def remove(self, path: bytes) -> None:
        if path not in self.rows or any(each.startswith(path + b"/") for each in self.rows):
            raise fail("cannot be removed", None, None, "toyfs/remove")
        del self.rows[path]
        self.store()

    def rename(self, old: bytes, new: bytes) -> None:
        if old not in self.rows:
            raise fail("not there", None, None, "toyfs/rename")
        for path in [each for each in self.rows if each == old or each.startswith(old + b"/")]:
            row = self.rows.pop(path)
            self.rows[new + path[len(old) :]] = {**row, "path": _text(new + path[len(old) :])}
        self.store()

    def change_mode(self, path: bytes, mode: int) -> None:
        self.rows[path]["mode"] = mode
        self.store()

    def link(self, existing: bytes, path: bytes) -> None:
        raise fail("this file system has no hard links", None, None, "toyfs/link")


def edit(target: Target) -> Editor:
    return Editor(target)
