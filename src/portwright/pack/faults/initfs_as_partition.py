"""An initfs that lies in a partition by itself.

## What it is
What a partition of a disk holds is an initfs, where a file system with the kernel and the initfs in it belongs.

## Why is this bad?
A boot loader searches the disk for a RedoxFS and reads `boot/kernel` and `boot/initfs` out of it: it finds neither, and
says that there is no file system.

## Example
`dd if=initfs.img of=/dev/loop0p3`: the archive in the place of the file system that was to hold it.

## What to do
Make a RedoxFS with the tools of the crate `redoxfs` (`redoxfs-ar`), with the initfs as a file in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.pack.fault import Found
from portwright.pack.subject import Case

FORMAT = "redox-initfs"


def check(case: Case) -> Iterator[Found]:
    """At most one finding."""
    outer = case.within.known if case.within is not None else None
    if case.format == FORMAT and outer is not None and getattr(outer.module, "HOLDS", "") == "partitions":
        what = "the partition holds an initfs and no file system: a boot loader finds neither it nor a kernel"
        yield Found(what, severity="warning")
