"""What the tests of FAT share: a tree of all kinds of names, and sources of zeros."""

from __future__ import annotations

from formats.disk_images import file, folder
from portwright.base.sources import inside
from portwright.formats import Node

VARIANTS = ("12", "16", "32")
MIB = 1 << 20
TREE = [
    Node(b"", "directory", 0o755),
    folder("EFI"),
    folder("EFI/BOOT"),
    file("EFI/BOOT/BOOTAA64.EFI", bytes(range(256)) * 700),
    file("readme.txt", b"hi"),
    file("Makefile", b"all:"),
    file("lower.TXT", b"1"),
    file("UPPER.txt", b"2"),
    file("a long name with späces.txt", b"hello"),
    file("a long name with more.txt", b"hello again"),
    file(".bashrc", b"1"),
    file("日本語 ☃.txt", b"jp"),  # mtools know no more than the first 65536 letters
    file("two.dots.tar.gz", b"3"),
    file("exactly13char", b"4"),
    file("empty"),
    file("x" * 255, b"5"),
    file("closed.txt", b"6", 0o444),
    folder("sub dir"),
    *(file(f"sub dir/file number {number}", b"%d" % number) for number in range(150)),
]
CONTENTS = {
    node.path: node.content.read(0, node.content.size) if node.content else None for node in TREE if node.path
}


class Zeros:
    """A source of zeros of any size."""

    def __init__(self, size: int) -> None:
        self.size, self.name = size, "zeros"

    def read(self, offset: int, length: int) -> bytes:
        inside(self, offset, length)
        return bytes(length)


def large(path: str, size: int) -> Node:
    return Node(path.encode(), "file", 0o644, size, content=Zeros(size))
