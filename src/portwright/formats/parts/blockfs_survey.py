"""Everything that is wrong with a BlockFS image: its superblock, its files, inodes without a name, bitmap, counters."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import replace

from portwright.base.errors import BadInput
from portwright.base.sources import Source
from portwright.formats import Problem
from portwright.formats.parts.blockfs_change import free_blocks, used_inodes
from portwright.formats.parts.blockfs_check import Finding, Mend, Survey
from portwright.formats.parts.blockfs_claims import Claim, clear_runs
from portwright.formats.parts.blockfs_directory import Folder, oddities
from portwright.formats.parts.blockfs_disk import BLOCK, INODE_SIZE, INODES_PER_BLOCK, SUPER_SIZE, Inode
from portwright.formats.parts.blockfs_volume import BlockVolume, all_set

HEAP_MOST = 900_000_000
"""The kernel keeps every block that is taken in a heap of 1 GiB, which other things are in too."""
_DOUBTFUL = (
    "its counts of blocks and inodes and its first data block do not go together: one of them is wrong"
)
_UNSEEN = "it may have one in a folder that shares its blocks with another file: look at that first"
_OF_NO_NAME = ("blockfs/idle-inode", "blockfs/lone-folder", "blockfs/lone-file")
_SLACK = INODES_PER_BLOCK * INODE_SIZE


def problems(source: Source) -> Iterator[Problem]:
    """See `check`; of an image that cannot be read, why."""
    try:
        volume = BlockVolume(source)
    except BadInput as error:
        for fault in error.faults:
            address = fault.where.address if fault.where else None
            yield Problem(fault.code or "blockfs/broken", fault.what, address, b"", fault.hint or "")
        return
    for problem, _ in findings(Survey(volume)):
        yield problem


def findings(survey: Survey) -> Iterator[Finding]:
    """Every fault of an image with what mends it.

    Where the superblock contradicts itself and files point to nowhere, it may be the counts that are wrong: then the
    tables are not where they seem to be, and nothing is to be written.
    """
    volume = survey.volume
    files = [*survey.findings(), *_unnamed(survey)]
    doubtful = survey.lost and volume.superblock.first_data_block != volume.geometry.first_data
    parts = _superblock(survey), _reserved(survey), files, _bitmap(survey), _counters(volume)
    for problem, mend in itertools.chain(*parts):
        if doubtful and mend is not None:
            yield replace(problem, mends=False, hint=problem.hint or _DOUBTFUL), None
        elif survey.unseen and problem.code in _OF_NO_NAME and mend is not None:
            yield replace(problem, mends=False, hint=_UNSEEN), None
        else:
            yield problem, mend


def _finding(
    code: str, what: str, address: int, mend: Mend | None = None, *, hint: str = "", warning: bool = False
) -> Finding:
    severity = "warning" if warning else "error"
    return Problem(f"blockfs/{code}", what, address, b"", hint, severity, mend is not None), mend  # type: ignore[arg-type]


def _superblock(survey: Survey) -> Iterator[Finding]:
    volume = survey.volume
    block, geometry = volume.superblock, volume.geometry
    if volume.device_blocks < block.block_count:
        missing = block.block_count - volume.device_blocks
        what = f"the image is cut off: {missing:,} of {block.block_count:,} blocks are missing"
        hint = "what lies there reads as zeros: copy the image anew"
        yield _finding("cut-off", what, volume.device_blocks * BLOCK, hint=hint)
    if block.block_count <= geometry.first_data:
        what = f"its tables alone take {geometry.first_data} blocks, and it has {block.block_count}"
        yield _finding("size", what, 4, hint="pack it anew with a size that is larger")
    fields = (
        ("first-data", 20, "<I", block.first_data_block, geometry.first_data, "first data block"),
        ("block-size", 24, "<I", block.block_size, BLOCK, "size of a block"),
        ("inode-size", 28, "<H", block.inode_size, INODE_SIZE, "size of an inode"),
        ("state", 58, "<H", block.state, 1, "state (1: clean)"),
        ("state", 60, "<H", block.errors, 0, "count of errors"),
    )
    for code, at, form, said, meant, words in fields:
        if said != meant:
            mend = Mend(1, f"superblock: {words} is {meant}, not {said}", ((at, struct.pack(form, meant)),))
            what = f"the {words} is {said} in the superblock, and should be {meant}"
            if code == "first-data" and said > meant:
                what += ": the kernel does not load the blocks between"
            yield _finding(code, what, at, mend, warning=code != "first-data")


def _reserved(survey: Survey) -> Iterator[Finding]:
    """Bytes that mean nothing, and are to be zero."""
    volume = survey.volume
    places = [(SUPER_SIZE, volume.source.read(SUPER_SIZE, BLOCK - SUPER_SIZE))]
    for index in range(volume.geometry.table_blocks):
        at = (volume.geometry.table + index) * BLOCK + _SLACK
        places.append((at, volume.table_block(index)[_SLACK:]))
    for at, data in places:
        if any(data):
            zeroed = Mend(1, f"zeroed {len(data)} bytes at {at:#x}", ((at, bytes(len(data))),))
            yield _finding("reserved", "bytes that mean nothing are not zero", at, zeroed, warning=True)
    size, start = len(volume.bitmap), volume.superblock.block_count
    rest = volume.source.read(BLOCK + size, volume.geometry.bitmap_blocks * BLOCK - size)
    behind = 8 * size - start
    if any(rest) or (behind and any(volume.bitmap[-1] >> (start & 7) & (1 << bit) for bit in range(behind))):
        writes = ((BLOCK + size, bytes(len(rest))),) if rest else ()
        cleared = Mend(1, "cleared the bits of blocks that there are not", writes, clear_bits=(start, behind))
        what = "the bitmap marks blocks behind the last one as taken"
        mend = None if survey.lost else cleared  # or else it may be the count of blocks that is wrong
        yield _finding("bits-behind", what, BLOCK + start // 8, mend, warning=True)


# inodes without a name


def _unnamed(survey: Survey) -> Iterator[Finding]:
    volume, idle = survey.volume, []
    lone: dict[int, tuple[Inode, Claim]] = {}
    inside: set[int] = set()
    for number in survey.unnamed():
        inode = volume.inode(number) or Inode()
        claim = survey.claims.walk(number, inode)
        if not claim.blocks and inode.kind != "directory":  # zeros at most: a symlink that the kernel gave up
            idle.append(number)
            continue
        yield from survey.blocks(number, inode, claim)
        lone[number] = inode, claim
        if inode.kind == "directory":
            inside.update(record.number for record in volume.records(inode) if not record.dot)
    if idle:
        writes = tuple((volume.geometry.inode_at(number) + 26, bytes(2)) for number in idle)
        mend = Mend(1, f"freed {len(idle):,} inodes that held nothing", writes)
        what = (
            f"{len(idle):,} inodes are marked as taken, and hold nothing and have no name (first: {idle[0]})"
        )
        yield _finding("idle-inode", what, writes[0][0] - 26, mend, warning=True)
    for number, (inode, claim) in lone.items():
        if number not in inside:
            yield _lone(survey, number, inode, claim)


def _lone(survey: Survey, number: int, inode: Inode, claim: Claim) -> Finding:
    at = survey.volume.geometry.inode_at(number)
    if inode.kind == "directory":
        data = survey.content(number, inode)
        names = len(Folder(data, min(inode.size, len(data))).names)
        if not names and not claim.troubles and not any(oddities(data, inode.size)):
            freed = Mend(1, f"freed the empty folder {number}, which had no name", ((at, bytes(INODE_SIZE)),))
            what = (
                f"inode {number} is an empty folder without a name: the kernel leaves one for each it removes"
            )
            return _finding("lone-folder", what, at, freed, warning=True)
        what = f"inode {number} is a folder of {names:,} names, and has none itself"
    else:
        what = f"inode {number} is a {inode.kind} of {inode.size:,} bytes, and has no name"
    sound = all(trouble.code == "bit-clear" for trouble in claim.troubles)
    mend = Mend(3, f"gave inode {number} a name in /lost+found", adopt=number) if sound else None
    return _finding("lone-file", what, at, mend, hint="" if sound else "some of its blocks are not its own")


# the bitmap and the counters


def _bitmap(survey: Survey) -> Iterator[Finding]:
    volume, first = survey.volume, survey.volume.geometry.first_data
    tables = min(first, volume.superblock.block_count)
    if tables and not all_set(volume.bitmap, 0, tables):
        at, _ = clear_runs(volume.bitmap, 0, tables)[0]
        marked = Mend(1, "marked the tables as taken", set_bits=(0, tables))
        what = (
            f"block {at}, which is of the tables, is not marked as taken: the kernel will give it to a file"
        )
        yield _finding("table-bit", what, BLOCK + at // 8, marked)
    for low, count in survey.claims.leaked():
        run = f"block {low} is" if count == 1 else f"the blocks {low} to {low + count - 1} are"
        freed = Mend(1, f"freed {count:,} blocks from {low}", clear_bits=(low, count))
        mend = None if survey.lost else freed
        hint = "they may be what a damaged file has lost" if survey.lost else ""
        what = f"{run} marked as taken, and no file's"
        yield _finding("leaked", what, low * BLOCK, mend, hint=hint, warning=True)


def _counters(volume: BlockVolume) -> Iterator[Finding]:
    block = volume.superblock
    free = free_blocks(volume.bitmap, volume)
    inodes = block.inode_count - sum(used_inodes(volume))
    for code, at, said, found, words in (
        ("free-blocks", 12, block.free_blocks, free, "free blocks"),
        ("free-inodes", 16, block.free_inodes, inodes, "free inodes"),
    ):
        if said != found:
            mend = Mend(2, f"superblock: {found:,} {words}, not {said:,}", ((at, struct.pack("<I", found)),))
            what = f"the superblock counts {said:,} {words}, and there are {found:,}"
            hint = "" if said > found else "the kernel's own counter will run below zero"
            yield _finding(code, what, at, mend, hint=hint)
    taken = (min(block.block_count, volume.device_blocks) - free) * BLOCK
    if taken > HEAP_MOST:
        what = f"{taken:,} bytes are taken, and the kernel keeps all of them in a heap of 1 GiB: it cannot mount this"
        yield _finding("heap", what, BLOCK, hint=f"stay below {HEAP_MOST:,} bytes", warning=True)
