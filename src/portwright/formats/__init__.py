"""The contract of formats that hold other files: file systems, archives and partition tables.

A module of this room takes bytes apart and puts them together; it opens no file and writes none. Where it is one of
an image, it has

    HOLDS      "files" or "partitions"
    SUMMARY    one line: what this is
    FIELDS     the names of the fields of `Packing` that `layout` heeds
    identify(source) -> str | None      what this is, in a few words (`Redox initfs, layout R3`), by its magic only
    read(source) -> Volume              of files; raises BadInput (what, address, hint, code) where it cannot be read
    layout(nodes, packing) -> Layout    the image of a tree; every fault at once
    check(source) -> Iterator[Problem]  everything that is wrong with an image
    packing(volume) -> Packing          the fields with which `layout` makes an image like this one again

where it is written only by a tool of its authors, WRITTEN_BY is that program's name and how it is had, and `layout` says
so; and, where files can be changed in place, `edit(target) -> Editor`, and where something can be mended safely,
`repair(target) -> list[str]` (what was done). One that holds partitions has `read(source) -> Partitions` and
`layout(partitions, packing)`.

Damaged images are ordinary input: nothing here may raise anything but `BadInput`, take longer than the image is
large, follow a cycle, or allocate what a damaged field says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from portwright.base.sources import Source

Kind = Literal["file", "directory", "symlink", "character", "block", "fifo", "socket"]


@dataclass(slots=True)
class Node:
    """One file of a tree, to be packed or found in an image.

    `path` is its names joined by `/`, without one in front; the root is empty. `mode` are the permission bits
    (0o7777), `modified` seconds since 1970. `size` is that of a file's content (or of a symlink's target), `target`
    where a symlink points. `same_as` is the path of an earlier node of which this is another name (a hard link).
    `content` is what a file to be packed holds; a file found in an image is read through its volume. `number` is
    the format's own (an inode), -1 where there is none. `device` is (major, minor).
    """

    path: bytes
    kind: Kind
    mode: int = 0
    size: int = 0
    target: bytes = b""
    uid: int = 0
    gid: int = 0
    modified: int = 0
    same_as: bytes = b""
    content: Source | None = None
    number: int = -1
    links: int = 1
    device: tuple[int, int] = (0, 0)

    @property
    def name(self) -> bytes:
        """The last part of the path."""
        return self.path.rpartition(b"/")[2]

    @property
    def parent(self) -> bytes:
        """The path of the folder that it is in."""
        return self.path.rpartition(b"/")[0]


@dataclass(frozen=True, slots=True)
class Packing:
    """What can be said of an image to be made. A format heeds the fields that its `FIELDS` name.

    `size` in bytes; `inodes` how many files there is room for; `layout` which revision of a format that has several;
    `bootstrap` a program that the format carries; `order` how the entries of a folder follow each other: `sorted`
    by their bytes, or `given` as the nodes come; `label` and `uuid` name the image (uuid: 16 bytes as an integer);
    `modified` is the time written into it, seconds since 1970; `most` the size in bytes that it may not exceed;
    `compression` a name; `variant` a choice of the format's own (FAT: 12, 16, 32).
    """

    size: int | None = None
    inodes: int | None = None
    layout: str | None = None
    bootstrap: Source | None = None
    order: Literal["sorted", "given"] = "sorted"
    label: str = ""
    uuid: int | None = None
    modified: int = 0
    most: int | None = None
    compression: str = ""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Literally:
    """Bytes that lie at an offset of an image."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Copied:
    """`length` bytes of a source from `start`, which lie at an offset of an image."""

    offset: int
    source: Source
    start: int
    length: int


Piece = Literally | Copied


@dataclass(frozen=True, slots=True)
class Layout:
    """An image as it is to be written: its pieces in the order of their offsets, zeros between them.

    The pieces may be made one by one while they are written; all faults have been found before.
    """

    size: int
    pieces: Iterable[Piece]


class Volume(Protocol):
    """A tree of files found in an image."""

    source: Source
    facts: Mapping[str, str | int]

    def walk(self) -> Iterator[Node]:
        """Every node, the root first and each folder before what is in it, in the order of the image."""

    def lookup(self, path: bytes) -> Node | None:
        """The node of a path (no symlink is followed), or None."""

    def stretches(self, node: Node) -> Iterator[tuple[int | None, int]]:
        """Where a file's content lies: (offset in the source or None for zeros, length), `node.size` in all."""


@runtime_checkable
class Folders(Protocol):
    """A volume that can say what is in one folder without walking the whole tree."""

    def children(self, path: bytes) -> Iterator[Node]:
        """What is in the folder of that path, in the order of the image; `same_as` is not looked for."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition: `number` from 1, `start` and `size` in bytes; `kind` a format's word or number for its type."""

    number: int
    start: int
    size: int
    kind: str
    label: str = ""
    uuid: int = 0
    attributes: int = 0
    content: Source | None = None


@dataclass(frozen=True, slots=True)
class Partitions:
    """A partition table found in an image."""

    source: Source
    facts: Mapping[str, str | int]
    partitions: tuple[Partition, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an image.

    `code` is stable (`blockfs/link-count`); `address` the byte of the image, `path` the file concerned, where there is
    one; `mends` says whether `repair` can put it right without losing anything.
    """

    code: str
    what: str
    address: int | None = None
    path: bytes = b""
    hint: str = ""
    severity: Literal["error", "warning"] = "error"
    mends: bool = False


class Target(Source, Protocol):
    """A source that can be written; whoever made it decides when that reaches a file, all of it or nothing."""

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes at an offset inside the source."""

    def copy(self, offset: int, source: Source, start: int, length: int) -> None:
        """Put bytes of another source at an offset, without reading them now."""


class Editor(Protocol):
    """Changes an image's files in place. Every method raises `BadInput`, and has then changed nothing."""

    def add(self, node: Node) -> None:
        """Put a file, symlink or empty folder at `node.path`, in the place of a file that is there; its parent is."""

    def remove(self, path: bytes) -> None:
        """Take away a file, a symlink, or an empty folder."""

    def rename(self, old: bytes, new: bytes) -> None:
        """Give a file or a folder another path; nothing may be there but a file in a file's place."""

    def change_mode(self, path: bytes, mode: int) -> None:
        """Set the permission bits."""

    def link(self, existing: bytes, path: bytes) -> None:
        """Give a file another name."""
