"""Mending a BlockFS image: what can be put right without losing anything, tier by tier, and files without a name."""

from __future__ import annotations

import contextlib

from portwright.base.errors import BadInput
from portwright.formats import Node, Target
from portwright.formats.parts.blockfs_change import (
    Change,
    clear_bits,
    set_bits,
    used_inodes,
    write_bitmap,
)
from portwright.formats.parts.blockfs_check import Mend, Survey
from portwright.formats.parts.blockfs_disk import BLOCK, DIRECT, RECORD_KINDS, Inode, lay_records
from portwright.formats.parts.blockfs_editor import BlockEditor
from portwright.formats.parts.blockfs_survey import findings
from portwright.formats.parts.blockfs_volume import BlockVolume

ADOPT = 3
"""The tier of the mends that give files a name."""
_MOST_PASSES = 12
LOST = b"lost+found"


def repair(target: Target) -> list[str]:
    """Mend what can be mended; what was done, in words."""
    done: list[str] = []
    tried: set[Mend] = set()
    for _ in range(_MOST_PASSES):
        survey = Survey(BlockVolume(target))
        mends = dict.fromkeys(mend for _, mend in findings(survey) if mend is not None and mend not in tried)
        tier = min((mend.tier for mend in mends), default=-1)
        now = [mend for mend in mends if mend.tier == tier]
        if not now:
            break
        tried.update(now)
        done += _adopt(target, now) if tier == ADOPT else _apply(target, survey, now)
    return done


def _apply(target: Target, survey: Survey, mends: list[Mend]) -> list[str]:
    volume = survey.volume
    bitmap = bytearray(volume.bitmap)
    done = []
    for mend in mends:
        for write in mend.writes:
            target.write(*write)
        if mend.lay is None or _lay(target, survey, bitmap, *mend.lay):
            done.append(mend.words)
        set_bits(bitmap, *mend.set_bits)
        clear_bits(bitmap, *mend.clear_bits)
    write_bitmap(volume, target, bitmap)
    return done


def _lay(
    target: Target,
    survey: Survey,
    bitmap: bytearray,
    number: int,
    entries: tuple[tuple[int, int, bytes], ...],
) -> bool:
    """Lay a folder's records anew, in its own blocks and in free ones; whether there were enough."""
    inode = survey.volume.inode(number) or Inode()
    blocks = [block for block in inode.direct if block and survey.claims.owner(block) == number]
    data, size = lay_records(entries)
    wanted = len(data) // BLOCK
    if wanted > len(blocks):
        blocks += survey.claims.grant(number, wanted - len(blocks))
    if wanted > min(len(blocks), DIRECT):
        return False
    for index, block in enumerate(blocks[:wanted]):
        target.write(block * BLOCK, data[index * BLOCK : (index + 1) * BLOCK])
        set_bits(bitmap, block, 1)
    inode = inode.but(size=size)
    inode.direct = (*blocks[:wanted], *(0,) * (DIRECT - wanted))
    target.write(survey.volume.geometry.inode_at(number), inode.pack())
    return True


def _adopt(target: Target, mends: list[Mend]) -> list[str]:
    """Give files without a name one in a folder of their own, as far as there is room."""
    editor = BlockEditor(target)
    done = []
    with contextlib.suppress(BadInput):
        if editor.volume.lookup(LOST) is None:
            editor.add(Node(LOST, "directory", 0o700))
        for mend in mends:
            with contextlib.suppress(BadInput):
                _adopt_one(editor, mend.adopt)
                done.append(mend.words)
    return done


def _adopt_one(editor: BlockEditor, number: int) -> None:
    place = editor.volume.lookup(LOST)
    assert place is not None
    change = Change(editor.volume, editor.target, used_inodes(editor.volume))
    inode = change.inode(number)
    name = b"inode-%d" % number
    change.insert(place.number, LOST, name, (number, RECORD_KINDS[inode.kind]))
    if inode.kind == "directory":
        change.folder(number, name).adopt(place.number)
        change.count_link(place.number, 1)
    else:
        change.put(number, inode.but(links=1))
    change.commit()
