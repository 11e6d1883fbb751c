"""cpio archives, as an initramfs is: read with all that the kernel takes, laid out in the format newc, and checked.

Read are newc, newc with checksums and odc; several archives after each other; each of them compressed with gzip or
zstd, or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from portwright.base.errors import BadInput
from portwright.base.sources import Source
from portwright.formats import Layout, Node, Packing, Problem
from portwright.formats.parts import cpio_unpacked
from portwright.formats.parts.cpio_archive import FORMATS

if TYPE_CHECKING:  # what only some verbs need is imported by them: every verb on images asks every format
    from portwright.formats.parts.cpio_volume import CpioVolume

HOLDS = "files"
SUMMARY = "cpio archive (newc), as an initramfs is"
FIELDS = ("order", "most", "compression")


def identify(source: Source) -> str | None:
    """What kind of archive this is, or None; of a compressed file the beginning is unpacked."""
    head = source.read(0, min(6, source.size))
    if head in FORMATS:
        return f"cpio archive, {FORMATS[head]}"
    kind = cpio_unpacked.kind_at(source, 0)
    if kind is None:
        return None
    head = cpio_unpacked.beginning(source, 6)
    return f"cpio archive, {FORMATS[head]}, compressed with {kind}" if head in FORMATS else None


def read(source: Source) -> CpioVolume:
    """The files of all archives in a file."""
    from portwright.formats.parts.cpio_volume import CpioVolume

    return CpioVolume(source)


def layout(nodes: Iterable[Node], packing: Packing) -> Layout:
    """The archive of a tree."""
    from portwright.formats.parts import cpio_layout

    return cpio_layout.layout(nodes, packing)


def packing(volume: CpioVolume) -> Packing:
    """How an archive like this one is made again."""
    return Packing(order="given", compression=volume.compression)


def check(source: Source) -> Iterator[Problem]:
    """Everything that is wrong with the archives."""
    from portwright.formats.parts import cpio_check

    try:
        yield from cpio_check.check(source)
    except BadInput as error:
        for fault in error.faults:
            yield Problem(
                fault.code or "cpio/header", fault.what, fault.where.address if fault.where else None
            )
