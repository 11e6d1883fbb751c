"""BlockFS, the file system of VeridianOS (v0.25): images read as its kernel reads them, made, edited, checked, mended.

The parts are in `parts/blockfs_*.py`; this is what the contract of formats asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from portwright.base.sources import Source
from portwright.formats import Editor, Layout, Node, Packing, Problem, Target, Volume
from portwright.formats.parts.blockfs_disk import BLOCK, MARK
from portwright.formats.parts.blockfs_volume import BlockVolume

HOLDS = "files"
SUMMARY = "BlockFS, the file system of VeridianOS"
FIELDS = ("size", "inodes", "order", "most")


def identify(source: Source) -> str | None:
    """What this is, if it begins as a BlockFS image does."""
    if source.size < len(MARK) or source.read(0, len(MARK)) != MARK:
        return None
    return "BlockFS image (VeridianOS)"


def read(source: Source) -> Volume:
    """The files of an image; raises `BadInput` where the kernel could not mount it."""
    return BlockVolume(source)


def layout(nodes: Iterable[Node], packing: Packing) -> Layout:
    """The image of a tree; raises `BadInput` with everything that keeps it from being made."""
    from portwright.formats.parts.blockfs_layout import layout as make

    return make(nodes, packing)


def packing(volume: Volume) -> Packing:
    """The packing with which an image of this size is made again."""
    facts = volume.facts
    return Packing(size=int(facts["blocks"]) * BLOCK, inodes=int(facts["inodes"]), order="given")


def check(source: Source) -> Iterator[Problem]:
    """Everything that is wrong with an image."""
    from portwright.formats.parts.blockfs_survey import problems

    return problems(source)


def repair(target: Target) -> list[str]:
    """Mend what can be mended without losing anything; what was done, in words."""
    from portwright.formats.parts.blockfs_repair import repair as mend

    return mend(target)


def edit(target: Target) -> Editor:
    """What changes the files of an image in place; raises `BadInput` where the kernel could not mount it."""
    from portwright.formats.parts.blockfs_editor import BlockEditor

    return BlockEditor(target)
