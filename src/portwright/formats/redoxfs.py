"""RedoxFS, the file system of Redox's disks: which of its headers counts, the files it leads to, and whether all is true.

Nothing is written, and what is encrypted is not read: the tools of the crate redoxfs do that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import Source
from portwright.formats import Layout, Node, Packing, Problem
from portwright.formats.parts.redoxfs_ring import (
    BLOCK,
    RING,
    SIGNATURE,
    VERSION,
    Header,
    first,
    header,
    newest,
    ring,
)
from portwright.formats.parts.redoxfs_tree import Tree, problem

HOLDS = "files"
SUMMARY = "RedoxFS, the file system of Redox's disks: read here, written by its own tool"
FIELDS = ("size",)
WRITTEN_BY = ("redoxfs-ar", "`cargo install redoxfs` gives it")
_TOOLS = (
    "the crate's own tools can: `cargo install redoxfs` gives `redoxfs` (mounts by FUSE), `redoxfs-ar DISK FOLDER` "
    "(a new file system with a folder's files), `redoxfs-mkfs`, `redoxfs-clone`, `redoxfs-resize`"
)


def identify(source: Source) -> str | None:
    """See the contract. One that does not begin at the first byte is found by `read` only."""
    if source.size < BLOCK or source.read(0, 8) != SIGNATURE:
        return None
    found = header(source, 0)
    return None if found is None else f"RedoxFS, version {found.version}"


class Redoxfs:
    """The headers of a file system; see `Volume`. `header` is the one that the driver takes."""

    def __init__(self, source: Source) -> None:
        self.image = source
        found, self.passed = first(source)
        if found is None:
            raise _no_header(source, self.passed)
        self.start = found.start
        self.headers = ring(source, self.start)
        self.header = newest(self.headers, found)

    @property
    def generations(self) -> list[Header]:
        """The headers that the driver could take, the newest first."""
        usable = (item for item in self.headers if item.usable)
        return sorted(usable, key=lambda item: item.generation, reverse=True)

    @property
    def facts(self) -> Mapping[str, str | int]:
        """See `Volume`."""
        return {
            "version": self.header.version,
            "uuid": str(self.header.uuid),
            "size": self.header.size,
            "generation": self.header.generation,
            "generations kept": len(self.generations),
            "encrypted": "yes" if self.header.encrypted else "no",
            "begins at": self.start * BLOCK,
        }

    @cached_property
    def tree(self) -> Tree:
        """What the header leads to."""
        if self.header.encrypted:
            where = Where(self.image.name, address=self.start * BLOCK)
            raise fail("its files are encrypted, and are not read here", where, _TOOLS, "redoxfs/encrypted")
        return Tree(self.image, self.header, self.start)

    @property
    def source(self) -> Source:
        """The image, and behind its end the records that are packed in it, unpacked."""
        return self.image if self.header.encrypted else self.tree.source

    def walk(self) -> Iterator[Node]:
        """See `Volume`."""
        for found in self.tree.explore():
            if isinstance(found, Problem):
                shown = found.path.decode("utf-8", "backslashreplace") or "/"
                raise fail(
                    f"{shown}: {found.what}", Where(self.image.name, address=found.address), None, found.code
                )
            yield found

    def lookup(self, path: bytes) -> Node | None:
        """See `Volume`. What else is damaged does not hinder."""
        parts = [part for part in path.split(b"/") if part]
        try:
            inode = self.tree.find(parts)
            return None if inode is None else self.tree.node(b"/".join(parts), inode)
        except BadInput:
            if self.header.encrypted:
                raise
            return None

    def stretches(self, node: Node) -> Iterator[tuple[int | None, int]]:
        """See `Volume`. What is packed lies behind the end of the image, in `source`."""
        if node.kind != "directory":
            yield from self.tree.stretches(self.tree.inode(node.number), set())


def _no_header(source: Source, passed: list[Header]) -> BadInput:
    if not passed:
        what = "there is no header of a RedoxFS in its first 65536 blocks"
        hint = "an initfs begins with `RedoxFtw`, which is another format: redox-initfs"
        initfs = source.size >= 8 and source.read(0, 8) == b"RedoxFtw"
        return fail(what, Where(source.name, address=0), hint if initfs else None, "redoxfs/no-header")
    where = Where(source.name, address=passed[0].block * BLOCK)
    if passed[0].sound and passed[0].version != VERSION:
        what = f"it is a RedoxFS of version {passed[0].version}; version {VERSION} is known"
        return fail(what, where, "use the redoxfs of the Redox that made it", "redoxfs/version")
    what = f"it has {len(passed)} headers of a RedoxFS, and none whose hash is right"
    return fail(what, where, "the image is damaged, or was never written whole", "redoxfs/header-hash")


def read(source: Source) -> Redoxfs:
    """See the contract."""
    return Redoxfs(source)


def layout(nodes: object, packing: Packing) -> Layout:
    """Raises `BadInput`, which says what makes a RedoxFS."""
    raise fail("portwright does not write a RedoxFS itself", None, _TOOLS, "redoxfs/write")


def packing(volume: Redoxfs) -> Packing:
    """See the contract."""
    return Packing(size=volume.header.size, uuid=volume.header.uuid.int)


def check(source: Source) -> Iterator[Problem]:
    """See the contract. Every block that files have is held against its hash: some ten million bytes a second."""
    try:
        volume = Redoxfs(source)
    except BadInput as error:
        yield from (problem(fault) for fault in error.faults)
        return
    yield from _ring_problems(volume)
    taken = volume.header
    end = (source.size // BLOCK - volume.start) * BLOCK
    if taken.size > end or taken.size < (RING + 4) * BLOCK:
        what = f"the file system has {taken.size} bytes, and {end} are there for it"
        yield Problem("redoxfs/size", what, taken.block * BLOCK + 32, hint="the image was cut off")
    if not taken.encrypted:
        tree = Tree(source, taken, volume.start, verify=True)
        try:
            tree.place(taken.alloc)
        except BadInput as error:
            yield from (problem(fault) for fault in error.faults)
        yield from _file_problems(tree)


def _file_problems(tree: Tree) -> Iterator[Problem]:
    names: dict[int, int] = {}
    claims: dict[int, tuple[int, bytes]] = {}
    seen: set[int] = set()
    for found in tree.explore():
        if isinstance(found, Problem):
            yield found
            continue
        names[found.number] = names.get(found.number, 0) + 1
        if found.kind == "directory" or names[found.number] > 1:
            continue
        claims[found.number] = (found.links, found.path)
        try:
            for place, length in tree.stretches(tree.inode(found.number), seen):
                if place is not None and place >= tree.image.size:
                    tree.source.read(place, min(length, 1))  # unpacks all of the record
        except BadInput as error:
            yield from (problem(fault, found.path) for fault in error.faults)
    for number, (links, path) in claims.items():
        if links != names[number]:
            what = f"it has {names[number]} names, and says it has {links}"
            yield Problem("redoxfs/links", what, path=path, severity="warning")


def _ring_problems(volume: Redoxfs) -> Iterator[Problem]:
    taken = volume.header
    for item in [*volume.passed, *volume.headers]:
        place = item.block * BLOCK
        if not item.sound and not (item.generation == 0 and taken.encrypted):  # mkfs leaves that one so
            what = f"the hash of the header of generation {item.generation} is wrong"
            hint = f"the driver takes generation {taken.generation}"
            yield Problem("redoxfs/header-hash", what, place, hint=hint, severity="warning")
        elif item.sound and item.version != VERSION:
            what = f"a header is of version {item.version}, the others of {VERSION}"
            yield Problem("redoxfs/version", what, place, severity="warning")
        elif item.usable and (item.block - volume.start) % RING != item.generation % RING:
            what = f"the header of generation {item.generation} lies in place {item.block - volume.start}"
            yield Problem("redoxfs/ring", what, place)
    others = {item.uuid for item in volume.generations if item.uuid != taken.uuid}
    if others:
        oldest = min(item.generation for item in volume.generations if item.uuid == taken.uuid)
        what = f"headers of {len(others) + 1} file systems are in one ring, and {taken.uuid} is taken"
        hint = ""
        if oldest > 0:
            hint = (
                "the taken one is what is left of an older file system: a new one was made over it, and has fewer "
                "generations yet. Make it anew on an empty file, or zero the first MiB before"
            )
        yield Problem("redoxfs/stale", what, taken.block * BLOCK + 16, hint=hint)
