"""Looking into images: from an address to the volume it leads to, through partitions and images inside images.

Each level says by itself what it is. An error names the level at which the way ended, and what is there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from portwright.base.errors import BadInput, Where, closest, fail
from portwright.base.sources import AT_ONCE, File, Scattered, Source, Window
from portwright.formats import Folders, Node, Partition, Partitions, Volume
from portwright.pack import format as formats
from portwright.pack.format import Format
from portwright.pack.place import Address, encoded, inner, printable, shown

MOST_LINKS = 40


@dataclass(frozen=True, slots=True)
class Level:
    """An image at one level of an address: of files (`volume`) or of partitions (`table`)."""

    address: Address
    source: Source
    format: Format
    volume: Volume | None = None
    table: Partitions | None = None

    @property
    def files(self) -> Volume:
        """Its files; raises `BadInput` where it holds partitions."""
        if self.volume is not None:
            return self.volume
        assert self.table is not None
        hint = f"say which: {partition_list(self.table.partitions)}; for instance `{self.address.then('1')}`"
        raise fail(
            "this is a disk of partitions, not of files", Where(str(self.address)), hint, "image/partitions"
        )


@dataclass(frozen=True, slots=True)
class Found:
    """Where an address leads: its levels, the host's file first, and a path in the innermost one, symlinks and all.

    `named`: the address itself ends in a path.
    """

    levels: tuple[Level, ...]
    path: bytes = b""
    named: bool = False

    @property
    def level(self) -> Level:
        """The innermost level."""
        return self.levels[-1]

    @property
    def volume(self) -> Volume:
        """The innermost level's files."""
        return self.level.files

    @property
    def node(self) -> Node:
        """The file that the path leads to (symlinks followed); raises `BadInput` where there is none."""
        return require(self.level, follow(self.level, self.path))

    @property
    def own_path(self) -> bytes:
        """The path of the file itself, where it is a symlink too: only those on the way to it are followed."""
        parent, _, name = self.path.rpartition(b"/")
        parent = follow(self.level, parent)
        return parent + b"/" + name if parent else name

    def at(self, path: str | None) -> Found:
        """Another path, inside the image or the folder that this leads to."""
        if path is None:
            return self
        _ = self.volume  # raises where this is a disk of partitions
        inside = folder_of(self)
        return replace(inside, path=inner(b"/".join([inside.path, encoded(path)])), named=True)


def host_file(path: Path) -> File:
    """A file of the host as a source; raises `BadInput` where it is none to be read as an image."""
    try:
        status = path.stat()
    except OSError as error:
        raise fail(f"cannot be read: {error.strerror}", Where(path), None, "file/missing") from None
    if not stat.S_ISREG(status.st_mode):
        what = "this is a folder" if stat.S_ISDIR(status.st_mode) else "this is no ordinary file"
        raise fail(
            f"{what}, not an image", Where(path), "copy a device into a file first", "image/not-a-file"
        )
    if not os.access(path, os.R_OK):
        raise fail("this file may not be read by you", Where(path), None, "file/unreadable")
    return File(path, status.st_size)


def enter(source: Source, address: Address, forced: str | None = None) -> Level:
    """The image that a source is; raises `BadInput` where it is none or cannot be read."""
    try:
        found = formats.format_of(source, forced)
        if found.holds_files:
            return Level(address, source, found, volume=found.read(source))
        return Level(address, source, found, table=found.partitions(source))
    except BadInput as error:
        raise _placed(error, source, address) from None


def _placed(error: BadInput, source: Source, address: Address) -> BadInput:
    """The error with the address in the place of the source's name."""
    rows = []
    for fault in error.faults:
        where = fault.where
        if where is not None and str(where.file) == source.name:
            where = Where(str(address), address=where.address)
        rows.append(type(fault)(fault.what, where, fault.hint, fault.code))
    return BadInput(rows)


def find(address: Address, forced: str | None = None, source: Source | None = None) -> Found:
    """Follow an address; `forced` is the format of the innermost image."""
    at, parts = Address(address.file), address.parts

    def wanted(index: int) -> str | None:
        """The forced format, where nothing but a path follows the parts up to `index`."""
        rest = parts[index:]
        return forced if not rest or (len(rest) == 1 and rest[0].startswith("/")) else None

    levels = [enter(source or host_file(address.file), at, wanted(0))]
    for index, part in enumerate(parts, 1):
        level, at = levels[-1], at.then(part)
        if level.table is None:
            if index == len(parts):
                return Found(tuple(levels), inner(part), True)
            content = file_content(level, follow(level, inner(part)))
            levels.append(enter(content, at, wanted(index)))
            continue
        if part.startswith("/"):
            _ = level.files  # raises: a partition is to be said first
        chosen = partition(level, part)
        window = Window(level.source, chosen.start, chosen.size, str(at))
        levels.append(enter(window, at, wanted(index)))
    return Found(tuple(levels))


def folder_of(found: Found) -> Found:
    """The same, but inside the image that the path leads to, where that is a file and not a folder."""
    if not found.named or found.node.kind != "file":
        return found
    content = file_content(found.level, found.node.path)
    if formats.identified(content) is None:
        return found
    at = found.level.address.then(shown(found.path))
    return Found((*found.levels, enter(content, at)))


def partition(level: Level, part: str) -> Partition:
    """The partition that a part of an address names, by number or label."""
    assert level.table is not None
    rows = level.table.partitions
    for each in rows:
        if part == str(each.number) or (each.label and part == each.label):
            return each
    hint = f"there are: {partition_list(rows)}" if rows else "the table is empty"
    raise fail(f"no partition `{part}`", Where(str(level.address)), hint, "image/no-partition")


def partition_list(rows: Iterable[Partition]) -> str:
    """`1 (BIOS), 2 (EFI)`."""
    return ", ".join(f"{each.number} ({each.label})" if each.label else str(each.number) for each in rows)


def follow(level: Level, path: bytes) -> bytes:
    """The path with every symlink on its way worked out (absolute ones from the volume's root); raises `BadInput`
    where they go in a circle. What is not there is left as it stands."""
    volume, left, done, links = level.files, path.split(b"/") if path else [], b"", 0
    while left:
        name = left.pop(0)
        if name in (b"", b"."):
            continue
        if name == b"..":
            done = done.rpartition(b"/")[0]
            continue
        here = done + b"/" + name if done else name
        node = volume.lookup(here)
        if node is None or node.kind != "symlink":
            done = here
            continue
        links += 1
        if links > MOST_LINKS:
            what = f"`{printable(path)}` leads through more than {MOST_LINKS} symlinks: they go in a circle"
            raise fail(what, Where(str(level.address)), None, "image/symlink-loop")
        done = b"" if node.target.startswith(b"/") else done
        left = [*node.target.split(b"/"), *left]
    return done


def require(level: Level, path: bytes) -> Node:
    """The node of a path; raises `BadInput` that says what is there instead."""
    node = level.files.lookup(path)
    if node is not None:
        return node
    parent = path.rpartition(b"/")[0]
    above = level.files.lookup(parent)
    if above is not None and above.kind == "directory":
        names = [printable(each.name) for each in children(level.files, parent)]
        near = closest(printable(path.rpartition(b"/")[2]), names)
        hint = f"did you mean `{near}`? " if near else ""
        shown_names = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
        hint += (
            f"`/{printable(parent)}` holds: {shown_names}" if names else f"`/{printable(parent)}` is empty"
        )
    else:
        hint = f"there is no folder `/{printable(parent)}` either"
    raise fail(f"no file `/{printable(path)}`", Where(str(level.address)), hint, "image/no-file")


def children(volume: Volume, folder: bytes) -> Iterator[Node]:
    """What is in a folder."""
    if isinstance(volume, Folders):
        return volume.children(folder)
    return (node for node in volume.walk() if node.path and node.parent == folder)


def below(volume: Volume, folder: bytes) -> Iterator[Node]:
    """A folder and all below it."""
    prefix = folder + b"/" if folder else b""
    return (node for node in volume.walk() if node.path == folder or node.path.startswith(prefix))


def content(volume: Volume, node: Node) -> Source:
    """What a file holds, as a source."""
    if node.content is not None:
        return node.content
    return Scattered(volume.source, volume.stretches(node), f"{volume.source.name}:{shown(node.path)}")


def file_content(level: Level, path: bytes) -> Source:
    """What the file of a path holds; raises `BadInput` where it is none."""
    node = require(level, path)
    if node.kind != "file":
        what = f"`/{printable(path)}` is a {node.kind}, not a file"
        hint = (
            "a path goes on with `/` in a folder, and with `:` inside an image"
            if node.kind == "directory"
            else None
        )
        raise fail(what, Where(str(level.address)), hint, "image/not-a-file")
    return content(level.files, node)


def chunks(source: Source) -> Iterator[bytes]:
    """All bytes of a source, some at a time."""
    for at in range(0, source.size, AT_ONCE):
        yield source.read(at, min(AT_ONCE, source.size - at))
