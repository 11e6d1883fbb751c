"""What is wrong with the files of a BlockFS image, and for each fault that can be mended what would mend it.

The tree is walked as it was meant: through blocks that the kernel does not load, and through directories whose
records it loses the thread of. What it does not find is thus named file by file.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from portwright.formats import Problem
from portwright.formats.parts.blockfs_change import used_inodes
from portwright.formats.parts.blockfs_claims import Claim, Claims
from portwright.formats.parts.blockfs_directory import Oddity, as_stream, oddities
from portwright.formats.parts.blockfs_disk import (
    BLOCK,
    DIRECT,
    INODE_SIZE,
    MOST_LINKS,
    PATH_MOST,
    RECORD_DIRECTORY,
    RECORD_KINDS,
    Inode,
    Record,
    ceil,
    lay_records,
    records,
)
from portwright.formats.parts.blockfs_rules import is_text, shown
from portwright.formats.parts.blockfs_volume import BlockVolume

_STREAM_MOST = DIRECT + 1024
"""Blocks of a directory that are looked at when its records do not heed them."""
_MOUNTS = (b"dev", b"proc")


@dataclass(frozen=True, slots=True)
class Mend:
    """What puts a fault right. Those of a lower tier come first, and the image is looked at again in between."""

    tier: int
    words: str
    writes: tuple[tuple[int, bytes], ...] = ()
    set_bits: tuple[int, int] = (0, 0)
    clear_bits: tuple[int, int] = (0, 0)
    lay: tuple[int, tuple[tuple[int, int, bytes], ...]] | None = None
    adopt: int = 0


Finding = tuple[Problem, Mend | None]


class Survey:
    """One look at the files of an image. What is known of them is there when `findings` has come to its end."""

    def __init__(self, volume: BlockVolume) -> None:
        self.volume, self.claims = volume, Claims(volume)
        self.parents: dict[int, tuple[int, bytes]] = {0: (0, b"")}
        self.names: Counter[int] = Counter()
        self.folders: Counter[int] = Counter()
        self.lost = False
        """Whether there is something that cannot be found any more: then no block is called nobody's for good."""
        self.unseen = False
        """Whether the kernel sees names that were not counted here: then no file is called nameless for good."""
        self._lengths = {0: -1}

    def findings(self) -> Iterator[Finding]:
        """Every fault with its mend."""
        root = self.volume.inode(0)
        assert root is not None
        yield from self._inode(0, root)
        waiting = [0]
        while waiting:
            yield from self._folder(waiting.pop(), waiting)
        yield from self._links()

    # a folder and what is in it

    def _folder(self, number: int, waiting: list[int]) -> Iterator[Finding]:
        inode = self.volume.inode(number) or Inode()
        data = self.content(number, inode)
        used = inode.direct[: ceil(inode.size, BLOCK)]
        self.unseen = self.unseen or any(self.claims.owner(block) not in (number, -1) for block in used)
        found = [record for record in self._all_records(data, inode.size) if record.number and not record.dot]
        odd = list(oddities(data, inode.size))
        if odd:
            stream = self._as_stream(number, inode)
            if stream is not None:
                yield from self._stream(number, found, stream)
                found = [record for record in stream if record.number and not record.dot]
            else:
                yield from self._oddities(number, inode, data, odd, found)
        if not any(one.code == "dots" for one in odd):
            yield from self._dots(number, inode, data)
        for record in found:
            yield from self._entry(number, inode, record, waiting)

    def content(self, number: int, inode: Inode) -> bytes:
        """The blocks in which the kernel looks for records, as far as they are this folder's own."""
        parts = []
        for block in inode.direct:
            if not block or self.claims.owner(block) != number:
                break
            parts.append(self.claims.raw(block))
        return b"".join(parts)

    def _all_records(self, data: bytes, size: int) -> Iterator[Record]:
        for start in range(0, min(len(data), size), BLOCK):
            yield from records(data[start : start + BLOCK], min(BLOCK, size - start), start)

    def _as_stream(self, number: int, inode: Inode) -> list[Record] | None:
        count = ceil(inode.size, BLOCK)
        if count > _STREAM_MOST:
            return None
        blocks = [
            b
            for first, length in self.volume.runs(inode, count)
            for b in range(first, first + length)
            if first
        ]
        if len(blocks) != count or any(self.claims.owner(block) != number for block in blocks):
            return None
        return as_stream(b"".join(self.claims.raw(block) for block in blocks), inode.size)

    def _stream(self, number: int, seen: list[Record], meant: list[Record]) -> Iterator[Finding]:
        """A folder in the manner of the system's own tool: which names its kernel does not find."""
        path = self.path(number)
        entries = tuple((r.number, r.kind, r.name) for r in meant if r.number or r.dot)
        blocks = len(lay_records(entries)[0]) // BLOCK
        lay = blocks <= DIRECT and blocks - self._leading(number) <= len(self.claims.free(DIRECT))
        mend = Mend(0, f"{shown(path)}: laid its records anew", lay=(number, entries)) if lay else None
        there = {(record.name, record.number) for record in seen}
        missing = [r for r in meant if r.number and not r.dot and (r.name, r.number) not in there]
        what = (
            f"its records were written without heed of blocks, as mkfs-blockfs does it: the kernel loses the "
            f"thread at the end of a block, and {len(missing):,} of {len(entries) - 2:,} names with it"
        )
        hint = (
            ""
            if lay
            else f"it takes {blocks} blocks, and a folder has {DIRECT}: spread its files over several"
        )
        yield self.problem("record-crosses", what, number, hint=hint, mend=mend)
        for record in missing:
            hint = "" if lay else "pack the tree anew with this folder divided"
            what = "the kernel does not find this file"
            yield self.problem("lost-file", what, number, record.name, hint=hint, mend=mend)
        seen_only = {record.name for record in seen} - {record.name for record in meant}
        for name in sorted(seen_only):
            what = f"the kernel sees a file {name!r} here, which is half a record"
            yield self.problem("name", what, number, mend=mend)

    def _leading(self, number: int) -> int:
        inode = self.volume.inode(number) or Inode()
        return [*inode.direct, 0].index(0)

    def _oddities(
        self, number: int, inode: Inode, data: bytes, odd: list[Oddity], found: list[Record]
    ) -> Iterator[Finding]:
        for one in odd:
            mend: Mend | None = None
            if len(odd) == 1:
                mend = self._mend_of(number, inode, data, one, found)
            if one.code in ("record-crosses", "record-broken", "folder-full", "folder-hole") and mend is None:
                self.lost = True
            address = inode.direct[one.at // BLOCK] * BLOCK + one.at % BLOCK if one.at < len(data) else None
            hint = "" if mend else "take out what can be read (`image extract`) and pack it anew"
            yield self.problem(one.code, one.what, number, address=address, hint=hint, mend=mend)

    def _mend_of(
        self, number: int, inode: Inode, data: bytes, one: Oddity, found: list[Record]
    ) -> Mend | None:
        """What mends a folder of which one thing only is wrong."""
        path = shown(self.path(number))
        last = max((r.at + r.length for r in self._all_records(data, inode.size)), default=0)
        start = inode.size - (inode.size - 1) % BLOCK - 1
        at_end = one.code in ("record-crosses", "record-broken") and one.at >= start and last != inode.size
        if at_end and 24 <= last <= min(start + BLOCK, len(data)) and not any(data[last : inode.size]):
            write = (self.volume.geometry.inode_at(number) + 4, struct.pack("<I", last))
            return Mend(0, f"{path}: its size ends with its last record", (write,))
        if one.code == "dots" and len(found) == len({record.name for record in found}):
            dots = (number, RECORD_DIRECTORY, b"."), (self.parents[number][0], RECORD_DIRECTORY, b"..")
            entries = (*dots, *((r.number, r.kind, r.name) for r in found))
            if len(lay_records(entries)[0]) <= len(data):
                return Mend(0, f"{path}: gave it `.` and `..`", lay=(number, entries))
        return None

    def _dots(self, number: int, inode: Inode, data: bytes) -> Iterator[Finding]:
        for at, name, meant in ((0, ".", number), (12, "..", self.parents[number][0])):
            (said,) = struct.unpack_from("<I", data, at)
            if said != meant:
                address = inode.direct[0] * BLOCK + at
                words = f"{shown(self.path(number))}: `{name}` means inode {meant}"
                mend = Mend(0, words, ((address, struct.pack("<I", meant)),))
                what = f"`{name}` means inode {said}, and should mean {meant}"
                yield self.problem("dots", what, number, address=address, mend=mend)

    def _entry(self, parent: int, folder: Inode, record: Record, waiting: list[int]) -> Iterator[Finding]:
        number, name = record.number, record.name
        if number >= self.volume.geometry.usable:
            yield self._lost_inode(parent, record)
            return
        inode = self.volume.inode(number) or Inode()
        kind = inode.kind
        self.names[number] += 1
        if record.kind != RECORD_KINDS[kind]:
            block = folder.direct[record.at // BLOCK] if record.at < DIRECT * BLOCK else 0
            address = block * BLOCK + record.at % BLOCK + 7
            write = (address, bytes([RECORD_KINDS[kind]]))
            mend = (
                Mend(1, f"{shown(self.path(parent, name))}: listed as a {kind}", (write,)) if block else None
            )
            what = f"it is listed with the type {record.kind}, and is a {kind} ({RECORD_KINDS[kind]})"
            yield self.problem("record-type", what, parent, name, address=address, mend=mend)
        if number in self.parents:
            if kind == "directory":
                what = f"the folder {shown(self.path(number))} is here too; a folder has one place"
                yield self.problem("folder-twice", what, parent, name, hint="remove one of the two names")
            return
        self.parents[number] = parent, name
        self._lengths[number] = self._lengths[parent] + 1 + len(name)
        if self._lengths[number] > PATH_MOST:
            what = f"its path has {self._lengths[number]:,} bytes, and the kernel takes {PATH_MOST:,}"
            yield self.problem("path-length", what, parent, name, warning=True)
        if not parent and name.startswith(_MOUNTS) and not (kind == "directory" and name in _MOUNTS):
            what = "the kernel never comes here: it takes every path that begins so for one of its own mounts"
            hint = f"no name in the root may begin with {' or '.join(m.decode() for m in _MOUNTS)}"
            yield self.problem("behind-mount", what, parent, name, hint=hint, warning=True)
        yield from self._inode(number, inode)
        if kind == "directory":
            self.folders[parent] += 1
            waiting.append(number)

    def _lost_inode(self, parent: int, record: Record) -> Finding:
        self.lost = True
        usable, count = self.volume.geometry.usable, self.volume.superblock.inode_count
        what = f"it is inode {record.number}, and there are {usable} (0 to {usable - 1})"
        hint = "remove the name"
        if record.number < count:
            what += f": the table that should hold {count} was made too short, and this one was never written"
            hint += f", or pack the tree anew, with at most {usable} files and folders or with more inodes"
        return self.problem("lost-inode", what, parent, record.name, hint=hint)

    # a file

    def _inode(self, number: int, inode: Inode) -> Iterator[Finding]:
        claim = self.claims.walk(number, inode)
        yield from self.blocks(number, inode, claim)
        if inode.mode & 0xF000 not in (0x4000, 0x8000, 0xA000):
            what = (
                f"the mode {inode.mode:#06x} has no type of BlockFS; the kernel takes it for a {inode.kind}"
            )
            yield self.problem("mode", what, number, address=self._at(number), warning=True)
        if inode.triple:
            mend = self._field(number, 92, "<I", 0, "no third level of pointers")
            what = f"it has a third level of pointers (block {inode.triple}), which the kernel never reads"
            yield self.problem(
                "reserved", what, number, address=self._at(number) + 92, mend=mend, warning=True
            )
        if inode.kind == "symlink":
            yield from self._symlink(number, inode)

    def blocks(self, number: int, inode: Inode, claim: Claim) -> Iterator[Finding]:
        for code, first, count, other in claim.troubles:
            run = f"block {first}" if count == 1 else f"the blocks {first} to {first + count - 1}"
            mend = None
            if code == "pointer":
                self.lost = True
                what = f"it points to {run}, where no file can have any: the kernel reads zeros"
                hint = "its content is lost there: replace the file"
            elif code == "block-twice":
                of = "itself, a second time" if other == number else shown(self.path(other))
                what = f"{run} belong{'s' if count == 1 else ''} to {of} as well: who writes one destroys the other"
                hint = "look which of the two is whole, and replace both"
            else:
                what = f"{run} of it is not marked as taken: the kernel reads zeros, and gives it to the next file"
                hint = ""
                mend = Mend(1, f"{shown(self.path(number))}: marked {run} as taken", set_bits=(first, count))
            yield self.problem(code, what, number, address=first * BLOCK, hint=hint, mend=mend)
        sound = all(trouble.code == "bit-clear" for trouble in claim.troubles)
        if sound and claim.blocks != inode.blocks:
            mend = self._field(number, 28, "<I", claim.blocks, f"{claim.blocks} blocks, not {inode.blocks}")
            what = f"it says that it has {inode.blocks} blocks, and has {claim.blocks}"
            yield self.problem("block-count", what, number, address=self._at(number) + 28, mend=mend)
        if sound and claim.behind:
            what = f"{claim.behind} of its blocks lie behind its end ({inode.size:,} bytes)"
            hint = (
                "a write that found no more room leaves such; they are given back when the file is replaced"
            )
            yield self.problem(
                "behind-end", what, number, address=self._at(number) + 4, hint=hint, warning=True
            )

    def _symlink(self, number: int, inode: Inode) -> Iterator[Finding]:
        target = self.volume.content(inode, min(inode.size, BLOCK))
        if not 0 < inode.size < BLOCK or b"\0" in target or not is_text(target):
            what = f"it points to {target[:40]!r} ({inode.size:,} bytes), which is no path"
            yield self.problem("target", what, number, hint="replace it")
        elif not target.startswith(b"/") and self.parents[number][0]:
            what = (
                f"it points to {target.decode()}, and the kernel looks for that from the root, not from here"
            )
            hint = "let it point to a path that begins with `/`"
            yield self.problem("relative-target", what, number, hint=hint, warning=True)

    # counts

    def _links(self) -> Iterator[Finding]:
        for number in self.parents:
            inode = self.volume.inode(number) or Inode()
            links = self.names[number]
            if inode.kind == "directory":
                links = 2 + self.folders[number]
            if links == inode.links:
                continue
            mend = None
            if links <= MOST_LINKS and not (self.unseen and links < inode.links):
                mend = self._field(number, 26, "<H", links, f"{links} links, not {inode.links}")
            what = f"it says that it has {inode.links} links, and has {links}"
            if not inode.links:
                what += "; 0 means that it is free, so the kernel gives it to the next new file"
            yield self.problem("link-count", what, number, address=self._at(number) + 26, mend=mend)

    def unnamed(self) -> Iterator[int]:
        """Inodes that are taken and that no name leads to."""
        used = used_inodes(self.volume)
        number = used.find(1)
        while number >= 0:
            if number not in self.parents:
                yield number
            number = used.find(1, number + 1)

    # words

    def path(self, number: int, name: bytes = b"") -> bytes:
        """The first path of an inode, or of a name in it."""
        parts = [name] if name else []
        while number:
            if number not in self.parents:
                parts.append(b"(inode %d)" % number)
                break
            number, name = self.parents[number]
            parts.append(name)
        return b"/".join(reversed(parts))

    def _at(self, number: int) -> int:
        return self.volume.geometry.inode_at(number)

    def _field(self, number: int, offset: int, form: str, value: int, words: str) -> Mend:
        assert offset < INODE_SIZE
        write = (self._at(number) + offset, struct.pack(form, value))
        return Mend(1, f"{shown(self.path(number))}: {words}", (write,))

    def problem(
        self,
        code: str,
        what: str,
        number: int,
        name: bytes = b"",
        *,
        address: int | None = None,
        hint: str = "",
        warning: bool = False,
        mend: Mend | None = None,
    ) -> Finding:
        severity: Literal["error", "warning"] = "warning" if warning else "error"
        path = self.path(number, name)
        problem = Problem(f"blockfs/{code}", what, address, path, hint, severity, mend is not None)
        return problem, mend
