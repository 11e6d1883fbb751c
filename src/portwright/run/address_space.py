"""The guest's address space: which ranges hold memory, for what, and where a new one goes.

Keeps the books and tells the engine; the engine holds the bytes. All ranges are whole pages.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

from portwright.describe.ledger import Memory
from portwright.run.engine import Access, BadAddress, CannotMap, Engine
from portwright.run.failure import Failed
from portwright.run.hostility import Hostility
from portwright.run.limits import Budget

FILL_CHUNK = 1 << 20
GUARD_REACH = 1 << 20


@dataclass(slots=True)
class Region:
    """One range of pages with the same use; `kind`: `image`, `stack`, `break` or `map`."""

    start: int
    end: int
    access: Access
    kind: str


class AddressSpace:
    """The books over an engine's memory.

    `limit` in bytes for all regions together, or that of the `budget` which several of them share;
    `on_limit(asked)` is told when it stands in the way.
    """

    def __init__(
        self,
        engine: Engine,
        memory: Memory,
        pointer_bits: int,
        hostility: Hostility,
        limit: int,
        on_limit: Callable[[int], None] = lambda asked: None,
        budget: Budget | None = None,
    ) -> None:
        self.engine = engine
        self.memory = memory
        self.page = memory.page_size
        self.budget = Budget(limit) if budget is None else budget
        self.highest = 1 << (47 if pointer_bits == 64 else 32)
        self.used = 0
        self._hostility = hostility
        self._on_limit = on_limit
        self._starts: list[int] = []
        self._regions: list[Region] = []
        self._hint = memory.map_base
        self._break_start: int | None = None
        self._break = 0
        self.stack_start = memory.stack_top
        self.stack_lowest = memory.stack_top - max(memory.stack_limit or 0, memory.stack_size)

    # --- questions

    def regions(self) -> list[Region]:
        """All regions, lowest first."""
        return list(self._regions)

    def find(self, address: int) -> Region | None:
        """The region that holds an address."""
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        region = self._regions[index]
        return region if address < region.end else None

    def first_bad(self, address: int, length: int, access: Access) -> int | None:
        """The first address of a range that may not be used so; None where all of it may be."""
        end = address + length
        while address < end:
            region = self.find(address)
            if region is None or region.access & access != access:
                return address
            address = region.end
        return None

    def whole_pages(self, length: int) -> int:
        """A length rounded up to whole pages."""
        return -(-length // self.page) * self.page

    def in_guard(self, address: int) -> bool:
        """Whether an address lies just below the lowest that the stack may reach."""
        return self.stack_lowest - GUARD_REACH <= address < self.stack_lowest

    # --- changes

    def map(self, start: int, length: int, access: Access, kind: str) -> None:
        """Make fresh memory at a range that holds none; raises `Failed` (ENOMEM, EEXIST)."""
        end = start + length
        index = bisect_right(self._starts, start)
        if index > 0 and self._regions[index - 1].end > start:
            raise Failed("EEXIST")
        if index < len(self._starts) and self._starts[index] < end:
            raise Failed("EEXIST")
        self.check_room(length)
        self.engine.map(start, length, access)
        self._starts.insert(index, start)
        self._regions.insert(index, Region(start, end, access, kind))
        self._count(length)

    def map_fresh(self, start: int, length: int, access: Access, kind: str) -> None:
        """As `map`, with the content that the OS promises for fresh memory: zeros, or nothing at all."""
        self.map(start, length, access, kind)
        if self.memory.fresh == "undefined":
            self.fill_with_garbage(start, length)

    def fill_with_garbage(self, start: int, length: int) -> None:
        """Put bytes that nobody promised into a mapped range (nothing in a kind run)."""
        if self._hostility.kind:
            return
        for offset in range(0, length, FILL_CHUNK):
            size = min(FILL_CHUNK, length - offset)
            self.engine.write(start + offset, self._hostility.garbage(size))

    def unmap(self, start: int, length: int) -> None:
        """Take away what memory there is in a range."""
        for piece in self._cut(start, start + length):
            self.engine.unmap(piece.start, piece.end - piece.start)
            self._count(piece.start - piece.end)

    def protect(self, start: int, length: int, access: Access) -> None:
        """Change what may be done with a range; raises `Failed` (ENOMEM) where some of it holds no memory."""
        end = start + length
        if self.first_bad(start, length, Access.NONE) is not None:
            raise Failed("ENOMEM")
        pieces = self._cut(start, end)
        for piece in pieces:
            self.engine.protect(piece.start, piece.end - piece.start, access)
            piece.access = access
            index = bisect_right(self._starts, piece.start)
            self._starts.insert(index, piece.start)
            self._regions.insert(index, piece)

    def place(self, length: int) -> int:
        """A free range for a new map, as the ledger's `map-base` and `map-order` say; raises `Failed` (ENOMEM)."""
        if self.memory.map_order == "down":
            return self._free_below(self.memory.map_base, length)
        above = self.memory.map_base >= self.memory.stack_top
        top = self.highest if above else self.stack_lowest - GUARD_REACH
        for start in (self._hint, self.memory.map_base):
            found = self._free_from(start + self._hostility.gap(self.page), length, top)
            if found is not None:
                self._hint = found + length
                return found
        raise Failed("ENOMEM")

    def is_free(self, start: int, length: int) -> bool:
        """Whether a range holds no memory at all."""
        index = self._first_touching(start)
        return index >= len(self._regions) or self._regions[index].start >= start + length

    # --- stack and break

    def map_stack(self) -> None:
        """Make the stack that a program starts with; what lies in it is garbage until it is written."""
        size = self.whole_pages(self.memory.stack_size)
        self.stack_start = self.memory.stack_top - size
        self.map(self.stack_start, size, Access.READ | Access.WRITE, "stack")
        self.fill_with_garbage(self.stack_start, size)

    def grow_stack(self, address: int) -> bool:
        """Let the stack reach down to an address, if the OS lets it; whether it did.

        It grows to twice its size where it can: many small steps cost an emulator dear.
        """
        if self.memory.stack_limit is None or not self.stack_lowest <= address < self.stack_start:
            return False
        needed = address - address % self.page
        generous = max(self.stack_lowest, 2 * self.stack_start - self.memory.stack_top)
        return self._stack_from(min(needed, generous)) or self._stack_from(needed)

    def _stack_from(self, start: int) -> bool:
        length = self.stack_start - start
        if not self.is_free(start, length) or not self.budget.allows(length):
            return False
        try:
            self.map_fresh(start, length, Access.READ | Access.WRITE, "stack")
        except (Failed, CannotMap):
            return False
        self.stack_start = start
        return True

    def set_break(self, address: int) -> int:
        """Move the break to an address where that can be done; the break that holds now."""
        if self._break_start is None:
            self._break_start = self._break = self._first_break()
        if address < self._break_start or address >= self.highest:
            return self._break
        old, new = self.whole_pages(self._break), self.whole_pages(address)
        if new > old:
            if not self.is_free(old, new - old):
                return self._break
            try:
                self.map_fresh(old, new - old, Access.READ | Access.WRITE, "break")
            except Failed:
                return self._break
        elif new < old:
            self.unmap(new, old - new)
        self._break = address
        return address

    def _first_break(self) -> int:
        if self.memory.break_base is not None:
            return self.memory.break_base
        return max((region.end for region in self._regions if region.kind == "image"), default=self.page)

    # --- bytes

    def read(self, address: int, length: int) -> bytes:
        """Bytes that the guest itself could read; raises `BadAddress`."""
        self.check(address, length, Access.READ)
        return self.engine.read(address, length) if length else b""

    def write(self, address: int, data: bytes) -> None:
        """Put bytes where the guest itself could; raises `BadAddress`."""
        if data:
            self.check(address, len(data), Access.WRITE)
            self.engine.write(address, data)

    def read_string(self, address: int, longest: int) -> bytes:
        """The bytes up to a NUL; raises `BadAddress`, and `Failed` (ENAMETOOLONG) where none comes."""
        found = bytearray()
        while len(found) <= longest:
            size = min(256, self.page - address % self.page)
            chunk = self.read(address, size)
            end = chunk.find(0)
            if end >= 0:
                found += chunk[:end]
                return bytes(found)
            found += chunk
            address += size
        raise Failed("ENAMETOOLONG")

    def check(self, address: int, length: int, access: Access) -> None:
        """Raise `BadAddress` where the guest could not use all of a range so (the stack grows as it would)."""
        bad = self.first_bad(address, length, access)
        while bad is not None:
            if not self.grow_stack(bad):
                raise BadAddress(bad)
            bad = self.first_bad(address, length, access)

    # --- all of it

    def check_room(self, length: int) -> None:
        """Raise `Failed` (ENOMEM) where so many bytes more would be beyond the limit."""
        if not self.budget.allows(length):
            self._on_limit(length)
            raise Failed("ENOMEM")

    def copy_books(self, other: AddressSpace) -> None:
        """Keep the books of a copy: the engine holds the other's memory already."""
        self._starts = list(other._starts)
        self._regions = [replace(region) for region in other._regions]
        self._hint = other._hint
        self._break_start, self._break = other._break_start, other._break
        self.stack_start = other.stack_start
        self._count(other.used)

    def clear(self) -> None:
        """Hold nothing: the engine's memory is gone."""
        self._count(-self.used)
        self._starts, self._regions = [], []
        self._hint = self.memory.map_base
        self._break_start, self._break = None, 0
        self.stack_start = self.memory.stack_top

    def _count(self, length: int) -> None:
        self.used += length
        self.budget.take(length)

    # --- the list of regions

    def _first_touching(self, start: int) -> int:
        index = bisect_right(self._starts, start)
        return index - 1 if index > 0 and self._regions[index - 1].end > start else index

    def _cut(self, start: int, end: int) -> list[Region]:
        """Take a range out of the list; answers the parts that lay in it."""
        first = last = self._first_touching(start)
        taken, kept = [], []
        while last < len(self._regions) and self._regions[last].start < end:
            region = self._regions[last]
            if region.start < start:
                kept.append(Region(region.start, start, region.access, region.kind))
            if region.end > end:
                kept.append(Region(end, region.end, region.access, region.kind))
            taken.append(Region(max(start, region.start), min(end, region.end), region.access, region.kind))
            last += 1
        self._regions[first:last] = kept
        self._starts[first:last] = [region.start for region in kept]
        return taken

    def _free_below(self, top: int, length: int) -> int:
        """The end of the highest gap below `top` that is long enough; in a hostile machine a little below it."""
        index = self._first_touching(top)
        if index < len(self._regions):
            top = min(top, self._regions[index].start)
        index -= 1
        while top - length >= self.memory.lowest:
            below = self._regions[index].end if index >= 0 else self.memory.lowest
            if top - length >= below:
                return max(below, top - length - self._hostility.gap(self.page))
            top = self._regions[index].start
            index -= 1
        raise Failed("ENOMEM")

    def _free_from(self, start: int, length: int, top: int) -> int | None:
        index = self._first_touching(start)
        while start + length <= top:
            if index >= len(self._regions) or self._regions[index].start >= start + length:
                return start
            start = self._regions[index].end
            index += 1
        return None
