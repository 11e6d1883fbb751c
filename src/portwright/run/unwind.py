"""The way back up a guest's stack: by call-frame information, by frame pointers, or by what looks like a return.

Every step is checked against memory that is really there; the stack of a crashed program may hold anything.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from portwright.describe.cpu import Cpu
from portwright.formats.elf import Elf
from portwright.run.cpu import CallCode, Unwinding
from portwright.run.engine import BadAddress, Engine

MOST_FRAMES = 32
SCAN_WORDS = 2048
MOST_GUESSES = 12
LONGEST_CALL = 7  # bytes of the longest call instruction looked for before a return address


class Unwinder:
    """Finds return addresses, with the facts that `run/cpus/` has of the CPU."""

    def __init__(
        self,
        engine: Engine,
        cpu: Cpu,
        facts: Unwinding,
        elf: Elf | None,
        base: int,
        is_code: Callable[[int], bool],
    ) -> None:
        self._engine = engine
        self._cpu = cpu
        self._facts = facts
        self._base = base
        self._is_code = is_code
        self._rules = _Rules(elf, base)

    def frames(self, *, pc: int) -> list[tuple[int, bool]]:
        """(address, is a guess) of `pc` and of what called it, the latest first."""
        registers = dict(zip(self._cpu.registers, self._engine.get(self._cpu.registers), strict=True))
        registers[self._cpu.stack_pointer] = self._engine.get(("sp",))[0]
        found = [(pc, False)]
        here = pc
        for _ in range(MOST_FRAMES):
            first = len(found) == 1
            step = self._step(here if first else here - 1, registers, first)
            if step is None:
                break
            here, registers = step
            if not self._is_code(here):
                break
            found.append((here, False))
        if len(found) == 1:
            found += [(address, True) for address in self._scan(registers[self._cpu.stack_pointer], pc)]
        return found

    def _step(self, pc: int, registers: Mapping[str, int], first: bool) -> tuple[int, dict[str, int]] | None:
        rules = self._rules.at(pc)
        try:
            if rules is not None:
                return self._by_rules(rules, registers, first)
            return self._by_frame_pointer(registers)
        except (BadAddress, OverflowError, KeyError):
            return None

    def _by_rules(
        self, rules: Mapping[Any, Any], registers: Mapping[str, int], first: bool
    ) -> tuple[int, dict[str, int]] | None:
        names = self._facts.dwarf_registers
        cfa_rule = rules["cfa"]
        if cfa_rule.reg is None or cfa_rule.reg >= len(names):
            return None
        cfa = registers[names[cfa_rule.reg]] + cfa_rule.offset
        new = dict(registers)
        return_address = 0
        for number, rule in rules.items():
            if not isinstance(number, int) or rule.type != "OFFSET":
                continue
            value = self._word(cfa + rule.arg)
            if number == rules["return"]:
                return_address = value
            elif number < len(names):
                new[names[number]] = value
        new[self._cpu.stack_pointer] = cfa
        if not return_address and first and rules["return"] < len(names):
            # A function that calls none may leave it in the register in which a call puts it.
            return_address = registers[names[rules["return"]]]
        if not return_address or cfa < registers[self._cpu.stack_pointer]:
            return None
        return return_address, new

    def _by_frame_pointer(self, registers: Mapping[str, int]) -> tuple[int, dict[str, int]] | None:
        name = self._facts.frame_pointer
        if name is None:
            return None
        size = self._cpu.pointer_size
        frame, stack = registers[name], registers[self._cpu.stack_pointer]
        if frame < stack or frame % (self._facts.stack_step or size):
            return None
        saved, back = self._word(frame), self._word(frame + size)
        if not self._follows_call(back):
            return None
        return back, {**registers, name: saved, self._cpu.stack_pointer: frame + 2 * size}

    def _scan(self, stack: int, pc: int) -> list[int]:
        """Words above the stack pointer that point behind a call instruction."""
        step = self._facts.stack_step or self._cpu.pointer_size
        found: list[int] = []
        for index in range(SCAN_WORDS):
            try:
                word = self._word(stack + index * step)
            except BadAddress:
                break
            if word != pc and self._follows_call(word):
                found.append(word)
                if len(found) == MOST_GUESSES:
                    break
        return found

    def _follows_call(self, address: int) -> bool:
        if not self._is_code(address) or not self._is_code(address - LONGEST_CALL):
            return False
        try:
            before = self._engine.read(address - LONGEST_CALL, LONGEST_CALL)
        except BadAddress:
            return False
        return any(_is_call(before, call) for call in self._facts.calls)

    def _word(self, address: int) -> int:
        data = self._engine.read(address, self._cpu.pointer_size)
        return int.from_bytes(data, self._cpu.endian)


def _is_call(before: bytes, call: CallCode) -> bool:
    start = len(before) - call.rest - len(call.code)
    found = before[start : start + len(call.code)]
    return all(byte & mask == code for byte, mask, code in zip(found, call.mask, call.code, strict=True))


class _Rules:
    """The program's call-frame information (.eh_frame, .debug_frame), read at the first question."""

    def __init__(self, elf: Elf | None, base: int) -> None:
        self._elf = elf
        self._base = base
        self._entries: list[Any] | None = None

    def at(self, pc: int) -> Mapping[Any, Any] | None:
        """The rules that hold at an address: `cfa`, registers by DWARF's numbers, and the number under which the
        return address is (`return`)."""
        place = pc - self._base
        for entry in self._all():
            start = entry["initial_location"]
            if start <= place < start + entry["address_range"]:
                try:
                    table = entry.get_decoded().table
                except Exception:  # an instruction that the reader does not know: it is told in no one way
                    return None
                rows = [row for row in table if row["pc"] <= place]
                return {**rows[-1], "return": entry.cie["return_address_register"]} if rows else None
        return None

    def _all(self) -> list[Any]:
        if self._entries is None:
            self._entries = self._read()
        return self._entries

    def _read(self) -> list[Any]:
        if self._elf is None:
            return []
        if self._elf.section(".eh_frame") is None and self._elf.section(".debug_frame") is None:
            return []
        from elftools.common.exceptions import ELFError
        from elftools.dwarf.callframe import FDE
        from elftools.elf.elffile import ELFFile

        entries: list[Any] = []
        try:
            debug = ELFFile(io.BytesIO(self._elf.data)).get_dwarf_info(relocate_dwarf_sections=False)
            if debug.has_EH_CFI():
                entries += debug.EH_CFI_entries()
            if debug.has_CFI():
                entries += debug.CFI_entries()
        except (ELFError, KeyError, ValueError, IndexError, AttributeError):
            pass
        return [entry for entry in entries if isinstance(entry, FDE)]
