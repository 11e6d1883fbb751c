"""A partition table of the tests: 4096 bytes of JSON, then the partitions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from portwright.base.sources import Source
from portwright.formats import Copied, Layout, Literally, Packing, Partition, Partitions, Problem

HOLDS = "partitions"
SUMMARY = "a disk of the tests"
FIELDS = ("size",)
MAGIC = b"TOYDISK\n"


def identify(source: Source) -> str | None:
    return "toy disk" if source.size >= 4096 and source.read(0, 8) == MAGIC else None


def read(source: Source) -> Partitions:
    rows = json.loads(source.read(8, 4088).rstrip(b"\0"))
    return Partitions(source, {}, tuple(Partition(*row) for row in rows))


def check(source: Source) -> Iterator[Problem]:
    return iter(())


def layout(partitions: Iterable[Partition], packing: Packing) -> Layout:
    rows = list(partitions)
    table = [[each.number, each.start, each.size, each.kind, each.label] for each in rows]
    pieces: list[Literally | Copied] = [Literally(0, MAGIC + json.dumps(table).encode().ljust(4088, b"\0"))]
    for each in rows:
        if each.content is not None:
            pieces.append(Copied(each.start, each.content, 0, each.content.size))
    return Layout(packing.size or max(each.start + each.size for each in rows), pieces)
