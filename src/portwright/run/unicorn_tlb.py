"""What Unicorn's virtual TLB is told of a guest's pages, so that it seldom asks.

Left to itself, Unicorn puts a page into its TLB with only the right that is asked for: code that reads and writes
one page by turns pays for a miss at every access (25 times what a hit costs). A page that may be executed is slow to
write, since Unicorn then looks for code (9 times what it else takes): so every page gets exactly the rights that it
has, and one that may be both written and executed, as all data of a NeXT program, is executable from when it is first
executed on.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from portwright.run.engine import Access

FIRST_ROOM, MOST_ROOM = 1 << 10, 1 << 20  # misses until the TLB is let grow, at first and at most
SMALLEST_PAGE = 4096
_BOTH = int(Access.WRITE | Access.EXECUTE)
Region = tuple[int, int, int]


class Translations:
    """The books over one emulator's pages; `full` asks its owner to call `widen` once it has stopped."""

    def __init__(self, uc: Any, unicorn: Any, exact: bool) -> None:
        self._uc, self._unicorn, self._exact = uc, unicorn, exact
        self._asked = {unicorn.UC_MEM_READ: 1, unicorn.UC_MEM_WRITE: 2, unicorn.UC_MEM_FETCH: 4}
        self._regions: list[Region] | None = None
        self._executed: set[int] = set()  # pages: what they held may still be translated
        self._room = self._most = FIRST_ROOM
        self.full = False

    def regions(self) -> list[Region]:
        """(first address, last address, rights) of all that is mapped, lowest first."""
        if self._regions is None:
            self._regions = sorted(self._uc.mem_regions())
        return self._regions

    def forget(self) -> None:
        """Something is about to be mapped, unmapped or protected."""
        self._regions = None

    def holds_code(self, start: int, end: int) -> bool:
        """Whether some of a range may be executed and, if it may be written too, has been."""
        regions = self.regions()
        index = max(0, bisect_right(regions, (start, 1 << 64, 0)) - 1)
        while index < len(regions) and regions[index][0] < end:
            first, last, rights = regions[index]
            if last >= start and rights & Access.EXECUTE:
                pages = range(max(first, start) & -SMALLEST_PAGE, min(last + 1, end), SMALLEST_PAGE)
                if not rights & Access.WRITE or any(page in self._executed for page in pages):
                    return True
            index += 1
        return False

    def on_miss(self, uc: Any, address: int, access: int, entry: Any, _: Any) -> bool:
        """The hook: tell the rights of a page. What is asked for is always granted here: Unicorn itself then finds
        that the page is not mapped, or that it may not be done."""
        regions = self.regions()
        index = bisect_right(regions, (address, 1 << 64, 0)) - 1
        rights, page = self._asked[access], address & -SMALLEST_PAGE
        if rights == Access.EXECUTE:
            self._executed.add(page)
        if index >= 0 and address <= regions[index][1]:
            rights |= regions[index][2]
            if rights & _BOTH == _BOTH and page not in self._executed:
                rights &= ~int(Access.EXECUTE)  # a miss replaces all that was known of the page
        entry.paddr, entry.perms = address, rights
        self._room -= 1
        if self._room == 0:
            self.full = True
            if self._exact:  # else the load at hand would be done twice: the TLB grows at the next trap
                uc.emu_stop()
        return True

    def widen(self) -> None:
        """Let the TLB grow: it doubles when it is flushed, if it was well filled."""
        self.full = False
        self._room = self._most = min(2 * self._most, MOST_ROOM)
        self._uc.ctl(self._unicorn.UC_CTL_TLB_FLUSH, self._unicorn.UC_CTL_IO_WRITE)

    def close(self) -> None:
        """Let go of the emulator."""
        self._uc = None
