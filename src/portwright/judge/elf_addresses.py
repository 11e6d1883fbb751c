"""Takes the addresses of what moved out of data that differs, so that only what really differs is left."""

from __future__ import annotations

from portwright.judge.bytewise import Region
from portwright.judge.data_pair import Leftover
from portwright.judge.elf_code import CodePair
from portwright.judge.elf_side import Side

LARGEST = 1 << 20
LONGEST_TEXT = 1 << 12
FARTHEST = 4096


class Sifter:
    """Two sections of data of files of other layouts."""

    def __init__(self, code: CodePair, one: int, two: int) -> None:
        self._code, self._left, self._right = code, code.left, code.right
        self._index = one
        self._sections = code.left.sections[one], code.right.sections[two]
        self._a, self._b = code.left.stretch(self._sections[0]), code.right.stretch(self._sections[1])
        self._size = code.left.elf.bits // 8
        self._order = code.left.elf.endian
        self._tables = sorted(
            (start, other, length) for (index, start), (other, length) in code.tables.items() if index == one
        )

    def left_over(self, region: Region) -> list[Leftover]:
        """What addresses do not explain of a region; nothing where they explain all."""
        start, end, other, last = region
        if max(end - start, last - other) > LARGEST:
            return [(region, b"", b"")]
        texts = self._beside_tables(region)
        if texts is not None:
            return [(region, *texts)] if texts[0] != texts[1] else []
        if end - start != last - other:
            return [(region, b"", b"")]
        low = start % self._size
        if (other - low) % self._size:
            return [(region, b"", b"")]
        found: list[Leftover] = []
        for step in range(0, low + end - start, self._size):
            at, to = start - low + step, other - low + step
            if not self._word(at, to):
                texts = self._slice(at, to)
                found.append(((at, at + self._size, to, to + self._size), *texts))
        if len(found) == (low + end - start + self._size - 1) // self._size and not any(
            row[1] for row in found
        ):
            return [(region, b"", b"")]
        return found

    def _beside_tables(self, region: Region) -> tuple[bytes, bytes] | None:
        """What differs beside tables of jumps, and zeros between them; None where there are none."""
        start, end, other, last = region
        near = [row for row in self._tables if row[0] < end and row[0] + row[2] > start]
        if not near:
            return None
        ours, theirs = (
            bytearray(self._a.read(start, end - start)),
            bytearray(self._b.read(other, last - other)),
        )
        for first, second, length in near:
            for data, at in ((ours, first - start), (theirs, second - other)):
                low, high = max(0, at), min(len(data), at + length)
                if low < high:
                    data[low:high] = bytes(high - low)
        return bytes(ours.replace(b"\0", b"")), bytes(theirs.replace(b"\0", b""))

    def _word(self, at: int, to: int) -> bool:
        """Whether a word of each is the same, the address of the same thing, or two distances to the same code."""
        size = self._size
        x, y = (
            int.from_bytes(part.read(place, size), self._order)
            for part, place in ((self._a, at), (self._b, to))
        )
        if x == y:
            return True
        if self._left.section_at(x) is not None and self._right.section_at(y) is not None:
            return bool(self._code.same_target(x, y))
        return all(self._half(at + half, to + half) for half in range(0, size, 4))

    def _half(self, at: int, to: int) -> bool:
        x, y = (
            int.from_bytes(part.read(place, 4), self._order, signed=True)
            for part, place in ((self._a, at), (self._b, to))
        )
        if x == y:
            return True
        one, two = self._sections[0].address + at, self._sections[1].address + to
        for back in range(0, min(FARTHEST, at + 1), 4):
            left, right = self._left.target(one - back + x), self._right.target(two - back + y)
            if left and right and left.symbol and (left.symbol, left.into) == (right.symbol, right.into):
                return True
        return False

    def _slice(self, at: int, to: int) -> tuple[bytes, bytes]:
        """The two texts, where the word is the length of one whose address stands before it."""
        ours = self._text(
            self._left, self._sections[0].address, self._a.read(at - self._size, 2 * self._size), at
        )
        theirs = self._text(
            self._right, self._sections[1].address, self._b.read(to - self._size, 2 * self._size), to
        )
        return (ours, theirs) if ours and theirs else (b"", b"")

    def _text(self, side: Side, base: int, words: bytes, at: int) -> bytes:
        size = self._size
        address = side.pointers.get(base + at - size, int.from_bytes(words[:size], self._order))
        length = int.from_bytes(words[size:], self._order)
        index = side.section_at(address)
        if index is None or not 0 < length <= LONGEST_TEXT:
            return b""
        section = side.sections[index]
        found = side.stretch(section).read(address - section.address, length)
        return found if len(found) == length and found.isascii() else b""
