"""A format of the tests that can only be written whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import toyfs

from portwright.base.sources import Source, Window
from portwright.formats import Copied, Layout, Literally, Node, Packing, Problem

HOLDS = "files"
SUMMARY = "an archive of the tests"
FIELDS = ("most",)
MAGIC = b"TOYBOX1\0"
TOOLS = "toybox-ar"


def identify(source: Source) -> str | None:
    return "toy box" if source.size >= 8 and source.read(0, 8) == MAGIC else None


class _Behind:
    def __init__(self, source: Source) -> None:
        self.source, self.name, self.size = source, source.name, source.size

    def read(self, offset: int, length: int) -> bytes:
        data = self.source.read(offset, length)
        return toyfs.MAGIC[offset:8][:length] + data[max(8 - offset, 0) :] if offset < 8 else data


def read(source: Source) -> toyfs.Toy:
    return toyfs.Toy(_Behind(Window(source, 0, source.size)))


def packing(volume: toyfs.Toy) -> Packing:
    return Packing()


def check(source: Source) -> Iterator[Problem]:
    return iter(())


def layout(nodes: Iterable[Node], packing: Packing) -> Layout:
    made = toyfs.layout(nodes, Packing(size=packing.most))
    pieces: list[Literally | Copied] = list(made.pieces)
    first = pieces[0]
    assert isinstance(first, Literally)
    return Layout(made.size, [Literally(0, MAGIC + first.data[8:]), *pieces[1:]])
