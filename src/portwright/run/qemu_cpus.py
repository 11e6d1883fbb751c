"""QEMU's CPUs looked at from outside: registers over its monitor, what they stand in, and the way they came there."""

from __future__ import annotations

import contextlib
import re
import struct
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from portwright.base.errors import PortwrightError
from portwright.formats import elf as elf_format
from portwright.formats.elf import Elf
from portwright.run.events import Cpu, Frame
from portwright.run.qmp import Qmp
from portwright.run.symbols import Symbols

SAMPLES, GLANCES, BETWEEN = 8, 3, 0.02
MORE = 16
"""Further looks, twice as far apart, where a CPU seems to go round in one place: on a busy machine QEMU may just not
have been given a turn."""
MOST_LINES = 128 << 10
"""Bytes of line tables: reading them takes eight seconds per megabyte."""
STACK_BYTES = 4096
MOST_FRAMES = 16
MOSTLY = 0.75
BLOCK = 256
FIELDS = {
    "pc": r"\b(?:RIP|EIP|PC|pc|NIP)\s*=?\s*([0-9a-f]{8,16})\b",
    "sp": r"\b(?:RSP|ESP|SP)=([0-9a-f]{8,16})",
    "fp": r"\b(?:RBP|EBP|X29)=([0-9a-f]{8,16})",
    "flags": r"\b(?:RFL|EFL)=([0-9a-f]{8})",
    "state": r"\bPSTATE=([0-9a-f]{8})",
}
WAIT_INSTRUCTIONS = {b"\x7f\x20\x03\xd5", b"\x5f\x20\x03\xd5"}  # wfi, wfe
INTERRUPT_FLAG, MASKED = 0x200, 0x80


@dataclass(frozen=True, slots=True)
class Registers:
    """One CPU's registers, as far as QEMU's text has them under a name that is known here."""

    number: int
    pc: int
    sp: int | None
    fp: int | None
    halted: bool | None
    interrupts: bool
    level: str


def parse(text: str) -> list[Registers]:
    """The CPUs of `info registers -a`, or of QEMU's log."""
    found = []
    parts = re.split(r"^CPU#(\d+)\s*$", text.replace("\r", ""), flags=re.MULTILINE)
    pairs = list(zip(parts[1::2], parts[2::2], strict=True)) or [("0", text)]
    for number, body in pairs:
        values = {name: re.search(pattern, body) for name, pattern in FIELDS.items()}
        numbers = {name: int(match[1], 16) for name, match in values.items() if match}
        if "pc" not in numbers:
            continue
        halted = re.search(r"\bHLT=(\d)", body)
        interrupts = True
        if "flags" in numbers:
            interrupts = bool(numbers["flags"] & INTERRUPT_FLAG)
        elif "state" in numbers:
            interrupts = not numbers["state"] & MASKED
        level = re.search(r"\bCPL=(\d)", body) or re.search(r"\b(EL\d)", body)
        found.append(
            Registers(
                int(number),
                numbers["pc"],
                numbers.get("sp"),
                numbers.get("fp"),
                halted[1] == "1" if halted else None,
                interrupts,
                level[1] if level else "",
            )
        )
    return found


class Names:
    """Addresses -> functions of any of several files; of two at one address, the one whose bytes are in memory."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._files: list[tuple[Elf, Symbols]] | None = None

    def frame(self, address: int, memory: bytes = b"", *, guess: bool = False) -> Frame:
        """What an address is."""
        for elf, symbols in self._read():
            if symbols.is_code(address) and _holds(elf, address, memory):
                frame = symbols.frame(address, guess=guess)
                if frame.symbol is not None:
                    return frame
        return Frame(address, guess=guess)

    def function(self, address: int) -> str | None:
        """The function of an address."""
        return next((f for _, symbols in self._read() if (f := symbols.function(address))), None)

    def is_code(self, address: int) -> bool:
        """Whether an address is code of one of the files."""
        return any(symbols.is_code(address) for _, symbols in self._read())

    def _read(self) -> list[tuple[Elf, Symbols]]:
        if self._files is None:
            self._files = []
            for path in self._paths:
                with contextlib.suppress(OSError, PortwrightError):
                    elf = elf_format.read(path.read_bytes(), path.name)
                    table = elf.section(".debug_line")
                    self._files.append(
                        (elf, Symbols(elf, 0, lines=table is None or table.size <= MOST_LINES))
                    )
        return self._files


def _holds(elf: Elf, address: int, memory: bytes) -> bool:
    try:
        return not memory or elf.at_address(address, len(memory), "code") == memory
    except PortwrightError:
        return True


State = Literal["dead", "spinning", "idle", "running", "unknown"]


def sample(
    qmp: Qmp, names: Names, scratch: Path, looks: int = SAMPLES
) -> tuple[State, tuple[Cpu, ...], tuple[str, ...]] | None:
    """Look several times; None where QEMU does not answer."""
    before = _interrupts(qmp)
    rounds = list(_rounds(qmp, looks, BETWEEN))
    if not rounds:
        return None
    memory = _Memory(qmp, scratch)
    cpus = tuple(_cpu(series, memory) for series in zip(*rounds, strict=False))
    states = [_state(cpu, names) for cpu in cpus]
    if looks == SAMPLES and "spinning" in states:
        rounds += _rounds(qmp, MORE, 2 * BETWEEN)
        cpus = tuple(_cpu(series, memory) for series in zip(*rounds, strict=False))
        states = [_state(cpu, names) for cpu in cpus]
    notes = _told(before, _interrupts(qmp))
    state: State = "idle"
    if all(each == "dead" for each in states):
        state = "dead"
    elif "spinning" in states:
        state = "spinning"
    elif "running" in states:
        state = "running"
    if looks == GLANCES and state != "dead":
        return state, cpus, notes
    ways = [tuple(_way(last, names, memory)) for last in rounds[-1]]
    return state, tuple(replace(cpu, backtrace=way) for cpu, way in zip(cpus, ways, strict=False)), notes


def _rounds(qmp: Qmp, looks: int, between: float) -> Iterator[list[Registers]]:
    """All CPUs' registers, several times."""
    for number in range(looks):
        if number:
            time.sleep(between)
        found = parse(qmp.person("info registers -a"))
        if found:
            yield found


class _Memory:
    """The guest's memory, by the addresses of one CPU."""

    def __init__(self, qmp: Qmp, scratch: Path) -> None:
        self._qmp, self._file = qmp, scratch / "memory"

    def read(self, cpu: int, address: int, size: int) -> bytes:
        if self._qmp.ask("memsave", val=address, size=size, filename=str(self._file), cpu_index=cpu) is None:
            return b""
        try:
            data = self._file.read_bytes()
            self._file.unlink()
        except OSError:
            return b""
        return data


def _cpu(series: tuple[Registers, ...], memory: _Memory) -> Cpu:
    last = series[-1]
    halted = [each.halted for each in series]
    if last.halted is None:
        still = len({each.pc for each in series}) == 1
        before = memory.read(last.number, last.pc - 4, 4)
        halted = [still and before in WAIT_INSTRUCTIONS]
    asleep = bool(all(halted))
    woken = last.interrupts or last.halted is None  # a wfi ends with a masked interrupt too
    return Cpu(last.number, tuple(each.pc for each in series), asleep, woken, mode=last.level)


def _way(last: Registers, names: Names, memory: _Memory) -> Iterator[Frame]:
    """Where a CPU stands and who called: by frame pointers, else by what on the stack looks like a return."""
    yield names.frame(last.pc, memory.read(last.number, last.pc, 8))
    if last.sp is None:
        return
    found = 0
    frame = last.fp or 0
    while frame >= last.sp and frame - last.sp < 1 << 20 and found < MOST_FRAMES:
        pair = memory.read(last.number, frame, 16)
        if len(pair) < 16:
            break
        above, back = struct.unpack("<QQ", pair)
        if not names.is_code(back):
            break
        yield names.frame(back)
        found += 1
        if above <= frame:
            break
        frame = above
    if found:
        return
    words = memory.read(last.number, last.sp & ~7, STACK_BYTES)
    for (word,) in struct.iter_unpack("<Q", words[: len(words) & ~7]):
        if names.is_code(word):
            guess = names.frame(word, guess=True)
            if guess.symbol and guess.offset:
                yield guess
                found += 1
                if found == MOST_FRAMES:
                    return


def _state(cpu: Cpu, names: Names) -> State:
    if cpu.halted:
        return "idle" if cpu.interrupts else "dead"
    places = Counter(_place(address, names) for address in cpu.samples)
    return "spinning" if places.most_common(1)[0][1] >= MOSTLY * len(cpu.samples) else "running"


def _place(address: int, names: Names) -> str:
    return names.function(address) or hex(address // BLOCK)


def _interrupts(qmp: Qmp) -> dict[str, int]:
    """Interrupts so far, by line, where QEMU counts them."""
    text = qmp.person("info irq")
    return {name: int(count) for name, count in re.findall(r"^\s*(\d+): (\d+)\s*$", text, re.MULTILINE)}


def _told(before: dict[str, int], after: dict[str, int]) -> tuple[str, ...]:
    if not before and not after:
        return ()
    came = {line: count - before.get(line, 0) for line, count in after.items() if count > before.get(line, 0)}
    if not came:
        return ("no interrupt came while it was watched",)
    return tuple(f"interrupt {line} came {count} times" for line, count in sorted(came.items()))
