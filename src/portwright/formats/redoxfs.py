"""RedoxFS, the file system of Redox's disks: which of its headers counts, what that says, and whether it is true.

Files are not read here, and nothing is written: `redoxfs-ar`, `redoxfs-clone` and `redoxfs` do that, the tools of the
crate redoxfs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portwright.base.errors import BadInput, Where, fail
from portwright.base.sources import Source
from portwright.formats import Layout, Node, Packing, Problem
from portwright.formats._redoxfs.hashes import seahash
from portwright.formats._redoxfs.ring import (
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

HOLDS = "files"
SUMMARY = "RedoxFS, the file system of Redox's disks: looked at, not read or written"
FIELDS = ()
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
        self.source = source
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

    def _unread(self) -> BadInput:
        where = Where(self.source.name, address=self.start * BLOCK)
        return fail("the files of a RedoxFS are not read by portwright", where, _TOOLS, "redoxfs/files")

    def walk(self) -> Iterator[Node]:
        """Raises `BadInput`, which says what reads the files."""
        raise self._unread()

    def lookup(self, path: bytes) -> Node | None:
        """Raises `BadInput`, which says what reads the files."""
        raise self._unread()

    def stretches(self, node: Node) -> Iterator[tuple[int | None, int]]:
        """Raises `BadInput`, which says what reads the files."""
        raise self._unread()


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
    """See the contract; its files are not read."""
    return Redoxfs(source)


def layout(nodes: object, packing: Packing) -> Layout:
    """Raises `BadInput`, which says what makes a RedoxFS."""
    raise fail("portwright does not write a RedoxFS itself", None, _TOOLS, "redoxfs/write")


def packing(volume: Redoxfs) -> Packing:
    """See the contract."""
    return Packing(size=volume.header.size, uuid=volume.header.uuid.int)


def check(source: Source) -> Iterator[Problem]:
    """See the contract: the headers, and the two blocks that the newest names."""
    try:
        volume = Redoxfs(source)
    except BadInput as error:
        for fault in error.faults:
            address = fault.where.address if fault.where else None
            yield Problem(fault.code or "", fault.what, address, hint=fault.hint or "")
        return
    yield from _ring_problems(volume)
    taken = volume.header
    end = (source.size // BLOCK - volume.start) * BLOCK
    if taken.size > end or taken.size < (RING + 4) * BLOCK:
        what = f"the file system has {taken.size} bytes, and {end} are there for it"
        yield Problem("redoxfs/size", what, taken.block * BLOCK + 32, hint="the image was cut off")
    for name, pointer in (("tree of files", taken.tree), ("list of allocations", taken.alloc)):
        yield from _pointer_problems(volume, name, pointer)


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


def _pointer_problems(volume: Redoxfs, name: str, pointer: tuple[int, int]) -> Iterator[Problem]:
    """Is there, at the address that a pointer holds, what its hash says?"""
    index, place = pointer[0] >> 8, (volume.start + (pointer[0] >> 8)) * BLOCK
    field = volume.header.block * BLOCK + (48 if pointer == volume.header.tree else 64)
    if index == 0 and volume.header.generation == 0:
        return
    if index <= RING or place + BLOCK > volume.source.size:
        what = f"the {name} should lie at {place:#x}, which is no place for it"
        yield Problem("redoxfs/pointer", what, field)
    elif not volume.header.encrypted and seahash(volume.source.read(place, BLOCK)) != pointer[1]:
        what = f"the {name} at {place:#x} is not what the header says: its hash is another"
        yield Problem("redoxfs/block-hash", what, place)
