"""Makes an image of a tree: what a format can be told, what does not fit, and the manifest of what went in."""

from __future__ import annotations

import re
import uuid as uuids
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from portwright.base.errors import BadInput, Fault, Where, fail, raise_if
from portwright.base.events import Event
from portwright.base.files import disk_errors, write_atomic
from portwright.base.hashing import hash_bytes
from portwright.base.sources import File, Source
from portwright.formats import Layout, Node, Packing, elf
from portwright.pack import manifest, write
from portwright.pack.format import Format
from portwright.pack.place import printable
from portwright.pack.write import ELSEWHERE

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
SHOWN = 10
NOT_LOADED = re.compile(r"^\.(z?debug_|symtab$|strtab$|gnu_debug|stab)")


@dataclass(frozen=True, slots=True)
class Made:
    """An image that was made: its size, what of it takes room on the disk, the hash of its manifest if that was
    wanted, and how many nodes of each kind it holds."""

    path: Path
    format: str
    size: int
    on_disk: int
    files: int
    folders: int
    symlinks: int
    manifest: str = ""


def size_of(text: str, option: str) -> int:
    """The bytes that `64`, `64k`, `1MiB` or `2GiB` mean (all powers of 1024)."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", text.strip().lower())
    if found is None:
        raise fail(f"`{text}` is no size", None, f"{option} takes 4194304, 4096k, 64MiB, 2GiB", "image/size")
    return int(float(found[1]) * _UNITS[found[2]])


def packing(wanted: Format, said: Mapping[str, Any], name: str) -> Packing:
    """The `Packing` of what was said (None: it was not); raises `BadInput` for what the format does not heed."""
    given = {field: value for field, value in said.items() if value not in (None, "")}
    unheeded = sorted(
        field for field in given if field not in wanted.fields and field not in ("modified", "order")
    )
    heeds = ", ".join(sorted(wanted.fields)) or "nothing"
    raise_if(
        Fault(f"a {wanted.name} image has no `{field}`", Where(name), f"it heeds: {heeds}", "image/unheeded")
        for field in unheeded
    )
    known = {field.name for field in fields(Packing)}
    return Packing(**{field: value for field, value in given.items() if field in known})


def uuid_of(text: str | None) -> int | None:
    """A UUID as an integer."""
    if text is None:
        return None
    try:
        return uuids.UUID(text).int
    except ValueError:
        hint = "32 hexadecimal digits, as in 6ba7b810-9dad-11d1-80b4-00c04fd430c8"
        raise fail(f"`{text}` is no UUID", None, hint, "image/uuid") from None


def laid_out(wanted: Format, nodes: Sequence[Node], said: Packing) -> Layout:
    """The layout; where the tree does not fit, the error also says what is large and what stripping would save."""
    try:
        return wanted.layout(nodes, said)
    except BadInput as error:
        if any((fault.code or "").rpartition("/")[2] in FULL for fault in error.faults):
            error.faults += largest(nodes)
        raise


FULL = ("full", "no-room", "does-not-fit", "too-large", "too-many", "file-size", "inodes")
"""The last words of the codes with which formats say that a tree does not fit."""


def largest(nodes: Iterable[Node]) -> list[Fault]:
    """The largest files, and what would go if programs were stripped."""
    files = sorted(
        (node for node in nodes if node.kind == "file" and not node.same_as), key=lambda node: -node.size
    )
    rows, saved = [], 0
    for index, node in enumerate(files):
        spare = strippable(node.content) if node.content is not None else 0
        saved += spare
        if index < SHOWN:
            more = f", {spare:,} of them symbols and debug information" if spare else ""
            rows.append(f"  {node.size:>13,} /{printable(node.path)}{more}")
    if not rows:
        return []
    total = sum(node.size for node in files)
    hint = (
        f"stripping the programs would save {saved:,} bytes"
        if saved
        else "no program in it could be stripped"
    )
    what = f"the tree's {len(files):,} files hold {total:,} bytes; the largest:\n" + "\n".join(rows)
    return [Fault(what, None, hint, "image/largest")]


def strippable(source: Source) -> int:
    """How many bytes of an ELF file its debug information and symbol tables take."""
    if source.size < 64 or source.size > 1 << 30 or source.read(0, 4) != elf.MAGIC:
        return 0
    try:
        sections = elf.read(source.read(0, source.size), source.name).sections
    except BadInput:
        return 0
    finally:
        if isinstance(source, File):
            source.close()
    rows = [each for each in sections if NOT_LOADED.match(each.name) and not each.flags & 2]
    return sum(each.size for each in rows if each.kind != elf.SHT_NOBITS)


def make(
    wanted: Format, nodes: Sequence[Node], said: Packing, output: Path, *, listed: Path | None = None
) -> Generator[Event, None, Made]:
    """Write the image of a tree to a file; with `listed`, its manifest too."""
    layout = laid_out(wanted, nodes, said)
    written = yield from write.write(layout, output, hashes=listed is not None)
    total = ""
    if listed is not None:
        total = list_nodes(nodes, written.hashes, listed)
    return made(wanted, output, written.size, nodes, total)


def made(wanted: Format, output: Path, size: int, nodes: Sequence[Node], total: str) -> Made:
    """What is said of an image of these nodes; `total` is the hash of its manifest."""
    kinds = [node.kind for node in nodes]
    return Made(
        output,
        wanted.name,
        size,
        output.stat().st_blocks * 512,
        kinds.count("file"),
        kinds.count("directory"),
        kinds.count("symlink"),
        total,
    )


def list_nodes(nodes: Sequence[Node], hashes: Mapping[int, str], listed: Path) -> str:
    """Write the manifest of a tree; its hash. `hashes` are those of sources that are known already."""
    known = {node.path: hashes[id(node.content)] for node in nodes if id(node.content) in hashes}

    def content(node: Node) -> Source:
        assert node.content is not None
        return node.content

    text = manifest.text(manifest.lines(nodes, content, known))
    with disk_errors(listed, ELSEWHERE):
        write_atomic(listed, text)
    return hash_bytes(text.encode())
