"""What tests of faults share: a port to hold files against, and one fault asked about a few bytes."""

from __future__ import annotations

from typing import Any

from portwright.base.sources import Memory
from portwright.describe.cpu import cpu
from portwright.describe.port import OsTable
from portwright.formats import Node
from portwright.pack import fault
from portwright.pack.fault import Finding
from portwright.pack.subject import Case, Held


def held(*loads: str, cpu_name: str = "x86-64", backend: str = "llvm", **os: Any) -> Held:
    """A port whose loader takes `loads` (`elf-exec` where none is named)."""
    table = OsTable.model_validate({"loads": list(loads) or ["elf-exec"], "page-size": 4096, **os})
    return Held("some-port", table, cpu(cpu_name), backend)


def case(data: bytes, name: str = "program", *, mode: int | None = None, **fields: Any) -> Case:
    """A file; with a mode it lies in an image, at the path `name`."""
    node = Node(name.encode(), "file", mode=mode, size=len(data)) if mode is not None else None
    return Case(name, Memory(data, name), node=node, **fields)


def found(name: str, data: bytes | Case, *arguments: str, **fields: Any) -> list[Finding]:
    """What one fault finds."""
    one = data if isinstance(data, Case) else case(data, *arguments, **fields)
    return fault.examine(one, [name])


def one(name: str, data: bytes | Case, *arguments: str, **fields: Any) -> Finding:
    """The one thing that a fault finds."""
    rows = found(name, data, *arguments, **fields)
    assert len(rows) == 1, rows
    assert rows[0].fault == name and rows[0].hint
    return rows[0]
