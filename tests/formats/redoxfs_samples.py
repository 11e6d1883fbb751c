"""RedoxFS images made by the fact sheet and the crate's structures, without portwright's own code."""

from __future__ import annotations

import struct

BLOCK, RING = 4096, 256
SIZE = (RING + 64) * BLOCK
KINDS = {"file": 0x8000, "directory": 0x4000, "symlink": 0xA000}
Pointer = tuple[int, int]


def plain_seahash(data: bytes) -> int:
    """SeaHash as its definition says it: one word after the other, the lanes turning."""

    def diffuse(value: int) -> int:
        value = value * 0x6EED0E9DA4D94A4F % 2**64
        value ^= (value >> 32) >> (value >> 60)
        return value * 0x6EED0E9DA4D94A4F % 2**64

    lanes = [0x16F11FE89B0D677C, 0xB480A793D8E6C86C, 0x6FE2E5AAF078EBC9, 0x14F994A4C5259381]
    for place in range(0, len(data), 8):
        word = int.from_bytes(data[place : place + 8], "little")
        lanes = [*lanes[1:], diffuse(lanes[0] ^ word)]
    return diffuse(lanes[0] ^ lanes[1] ^ lanes[2] ^ lanes[3] ^ len(data))


def plain_lz4(data: bytes) -> bytes:
    """A packed block that unpacks to `data`: copies of what lies one to 64 bytes before, else literals."""
    packed, literals, at = bytearray(), bytearray(), 0

    def extended(length: int) -> bytes:
        return b"" if length < 15 else b"\xff" * ((length - 15) // 255) + bytes([(length - 15) % 255])

    def sequence(length: int, back: int) -> None:
        packed.append(min(len(literals), 15) << 4 | (min(length - 4, 15) if back else 0))
        packed.extend(extended(len(literals)) + literals)
        if back:
            packed.extend(struct.pack("<H", back) + extended(length - 4))
        literals.clear()

    while at < len(data):
        best = (0, 0)
        for back in range(1, min(at, 64) + 1):
            length = 0
            while at + length < len(data) - 5 and data[at + length] == data[at + length - back]:
                length += 1
            best = max(best, (length, back))
        if best[0] < 4:
            literals.append(data[at])
            at += 1
        else:
            sequence(*best)
            at += best[0]
    sequence(0, 0)
    return bytes(packed)


class Maker:
    """An image into which blocks are put one after the other; pointers are (address, hash)."""

    def __init__(self, before: int = 0) -> None:
        self.before = before
        self.data = bytearray(SIZE)
        self.next = RING + 1
        self.nodes: list[Pointer] = [(0, 0)]

    def put(self, content: bytes, level: int = 0, unpacked: int = 0) -> Pointer:
        """Put a block of 2**level blocks."""
        number, block = self.next, content.ljust(BLOCK << level, b"\0")
        self.data[number * BLOCK : number * BLOCK + len(block)] = block
        self.next += 1 << level
        return (number << 8 | unpacked << 4 | level, plain_seahash(block))

    def pointers(self, pointers: list[Pointer]) -> bytes:
        return b"".join(struct.pack("<QQ", *pointer) for pointer in pointers)

    def node(
        self, kind: str, mode: int, size: int, body: bytes, *, inline: bool, record: int = 0, links: int = 1
    ) -> int:
        """Put a node; answers its number."""
        times = (1000, 0, 2000, 0, 3000, 0)
        head = struct.pack(
            "<HIIIQQQIQIQIII", KINDS[kind] | mode, 7, 8, links, size, 1, *times, record, inline
        )
        self.nodes.append(self.put(head.ljust(128, b"\0") + body))
        return len(self.nodes) - 1

    def file(self, data: bytes, *, kind: str = "file", mode: int = 0o644, links: int = 1) -> int:
        """A file short enough to lie in its node."""
        return self.node(kind, mode, len(data), data, inline=True, links=links)

    def records(self, pointers: list[Pointer], size: int, record: int) -> int:
        """A file of records; those beyond 128 lie behind lists of 256."""
        lists = [
            self.put(self.pointers(pointers[start : start + 256])) for start in range(128, len(pointers), 256)
        ]
        first = pointers[:128] + [(0, 0)] * (128 - len(pointers[:128]))
        return self.node("file", 0o755, size, self.pointers(first + lists), inline=False, record=record)

    def names(self, entries: dict[bytes, int], *, counts_first: bool = False) -> Pointer:
        """A block of a folder."""
        rows = b"".join(struct.pack("<IB", number, len(name)) + name for name, number in entries.items())
        counts = struct.pack("<HH", len(entries), len(rows))
        rows = rows.ljust(BLOCK - 4, b"\0")
        return self.put(counts + rows if counts_first else rows + counts)

    def index(self, inner: list[Pointer]) -> Pointer:
        """A block of a large folder, which leads to others."""
        return self.put(b"".join(struct.pack("<IQQ", 5 + n, *pointer) for n, pointer in enumerate(inner)))

    def folder(self, root: Pointer | None = None, depth: int = 0) -> int:
        """A folder whose names are in a block, or behind a block that leads to others."""
        marker = (2**64 - 16 | depth, 2**64 - 1)
        body = b"" if root is None else self.pointers([marker, root])
        return self.node("directory", 0o755, 0, body, inline=False)

    def image(self, root: int, generations: int = 2) -> bytearray:
        """All of it, with headers; `root` gets the number 1."""
        self.nodes[1], self.nodes[root] = self.nodes[root], self.nodes[1]
        tree = self.put(self.pointers(self.nodes))
        for _ in range(3):
            tree = self.put(self.pointers([tree]))
        alloc = self.put(b"allocations")
        data = self.data
        for generation in range(generations):
            place = generation % RING * BLOCK
            data[place : place + BLOCK] = header(generation, tree=tree, alloc=alloc)
        return bytearray(self.before * BLOCK) + data


def header(generation: int, *, tree: Pointer, alloc: Pointer, **changes: int | bytes | bool) -> bytes:
    """A header whose hash is right, unless it is told otherwise."""
    fields = {"version": 8, "uuid": b"U" * 16, "size": SIZE, "sound": True} | changes
    data = struct.pack(
        "<8sQ16sQQ", b"RedoxFS\0", fields["version"], fields["uuid"], fields["size"], generation
    )
    data = (data + struct.pack("<QQQQ", *tree, *alloc)).ljust(4072, b"\0")
    right = struct.pack("<Q", plain_seahash(data) ^ (not fields["sound"]))
    return data + (b"\7" * 16 if fields.get("encrypted") else right + bytes(8)) + right
