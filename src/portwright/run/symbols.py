"""Addresses of a loaded program -> function names and source lines. Read only when a report is made."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from portwright.base.demangle import demangle
from portwright.base.errors import BadInput
from portwright.formats.elf import Elf
from portwright.run.events import Frame

STT_FUNC = 2
MOST_ENTRIES = 2_000_000


class Symbols:
    """The functions of one program, loaded at `base`. `lines`: also say which lines of source addresses are.

    Of a file that is no ELF its `functions` are given.
    """

    def __init__(
        self,
        elf: Elf | None,
        base: int,
        *,
        lines: bool = True,
        functions: Sequence[tuple[int, int, str]] = (),
    ) -> None:
        self._elf = elf
        self._base = base
        self._functions = list(functions) if elf is None else _functions(elf)
        self._starts = [start for start, _, _ in self._functions]
        self._lines: list[tuple[int, int, str]] | None = None if lines and elf is not None else []

    def frame(self, address: int, *, guess: bool = False) -> Frame:
        """What an address is; only the address itself where nothing is known of it."""
        place = address - self._base
        index = bisect_right(self._starts, place) - 1
        line = self.line(address)
        if index >= 0:
            start, size, name = self._functions[index]
            if place < start + max(size, 1) or (not size and self.is_code(address)):
                return Frame(address, demangle(name), place - start, line, guess)
        return Frame(address, None, 0, line, guess)

    def function(self, address: int) -> str | None:
        """The function's name as the file has it."""
        place = address - self._base
        index = bisect_right(self._starts, place) - 1
        if index >= 0 and place < self._functions[index][0] + max(self._functions[index][1], 1):
            return self._functions[index][2]
        return None

    def is_code(self, address: int) -> bool:
        """Whether an address lies in an executable segment of the program."""
        place = address - self._base
        loads = self._elf.loads if self._elf is not None else ()
        return any(s.flags & 1 and s.address <= place < s.address + s.memory_size for s in loads)

    def line(self, address: int) -> str | None:
        """`file:line` of an address, where the program has debug information."""
        if self._lines is None and self._elf is not None:
            self._lines = _line_table(self._elf)
        place = address - self._base
        assert self._lines is not None
        index = bisect_right(self._lines, (place, 1 << 64, "")) - 1
        if index < 0:
            return None
        start, end, text = self._lines[index]
        return text if start <= place < end else None


def _functions(elf: Elf) -> list[tuple[int, int, str]]:
    try:
        found = [(s.value, s.size, s.name) for s in elf.symbols() if s.kind == STT_FUNC and s.name]
        if not found:
            found = [(s.value, s.size, s.name) for s in elf.symbols() if s.kind == 0 and s.name and s.value]
    except BadInput:
        return []
    return sorted(found)


def _line_table(elf: Elf) -> list[tuple[int, int, str]]:
    """(start, end, `file:line`) of all code with debug information; nothing where that cannot be read."""
    if elf.section(".debug_line") is None:
        return []
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    rows: list[tuple[int, int, str]] = []
    try:
        debug = ELFFile(io.BytesIO(elf.data)).get_dwarf_info()
        for unit in debug.iter_CUs():
            program = debug.line_program_for_CU(unit)
            if program is not None:
                rows += _unit_lines(program)
            if len(rows) > MOST_ENTRIES:
                break
    except (ELFError, KeyError, ValueError, IndexError, AttributeError):
        pass
    return sorted(rows)


def _unit_lines(program: Any) -> list[tuple[int, int, str]]:
    rows: list[tuple[int, int, str]] = []
    files = program["file_entry"]
    first = 0 if program["version"] >= 5 else 1
    previous: Any = None
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if previous is not None and previous.address < state.address and not previous.end_sequence:
            index = previous.file - first
            name = files[index].name.decode(errors="replace") if 0 <= index < len(files) else "?"
            rows.append((previous.address, state.address, f"{name}:{previous.line}"))
        previous = None if state.end_sequence else state
    return rows
