"""What the tests of GPT disks share: the disk that Redox boots from, and what sgdisk says to one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from formats.disk_images import Buffer, render, save, tool
from portwright.base.sources import Memory
from portwright.formats import Packing, Partition, gpt

MIB = 1 << 20
REDOX = [
    Partition(1, 34 * 512, (2048 - 34) * 512, "bios", "BIOS"),
    Partition(2, 2048 * 512, MIB, "efi", "EFI", content=Memory(b"e" * 1000)),
    Partition(3, 4096 * 512, 2 * MIB, "redox", "REDOX", content=Memory(b"r" * 2 * MIB)),
]


def disk(partitions: list[Partition] | None = None, **fields: Any) -> Buffer:
    return Buffer(render(gpt.layout(REDOX if partitions is None else partitions, Packing(**fields))), "disk")


def verified(target: Buffer, path: Path) -> str:
    """What sgdisk says to a disk."""
    save(target.data, path)
    return tool("sgdisk", "-v", path, ok=None)
