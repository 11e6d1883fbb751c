"""The contract of an engine: runs one guest's instructions and holds its memory; knows nothing of any OS.

The machine (kernel side) owns the address-space bookkeeping and the meaning of traps; an engine maps, reads,
writes, resumes, and reports why the guest stopped. The engines are in `engines/`, one file each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Literal, Protocol


class Access(IntFlag):
    """What may be done with memory."""

    NONE = 0
    READ = 1
    WRITE = 2
    EXECUTE = 4


class BadAddress(Exception):
    """An address that the engine could not read or write: the first one that failed is `address`."""

    def __init__(self, address: int) -> None:
        super().__init__(f"bad address {address:#x}")
        self.address = address


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a guest stopped running.

    `trap-ended`: the trap handler asked to end. `fault`: an instruction could not be done (`fault` says how,
    `address` what it touched where there is one, `pc` the instruction). `interrupted`: `interrupt` was
    called (a limit). `engine-died`: the engine itself failed; `detail` says how.
    """

    reason: Literal["trap-ended", "fault", "interrupted", "engine-died"]
    fault: Literal[
        "", "read", "write", "execute", "illegal", "divide", "breakpoint", "alignment", "other"
    ] = ""
    address: int | None = None
    pc: int | None = None
    detail: str = ""


TrapHandler = Callable[[], bool]


class Engine(Protocol):
    """One guest's instructions, registers and memory. Addresses and lengths in bytes; maps by whole pages.

    Register names are the CPU's (`describe/cpus/`), and besides them `pc`, `sp`, `flags` and `thread-pointer`.
    """

    def map(self, address: int, length: int, access: Access) -> None:
        """Make fresh zeroed memory at a page-aligned range that holds none yet."""

    def unmap(self, address: int, length: int) -> None:
        """Take a page-aligned mapped range away."""

    def protect(self, address: int, length: int, access: Access) -> None:
        """Change what may be done with a page-aligned mapped range."""

    def read(self, address: int, length: int) -> bytes:
        """Bytes of the guest's memory, whatever its protection; raises `BadAddress`."""

    def write(self, address: int, data: bytes) -> None:
        """Put bytes into the guest's memory, whatever its protection; raises `BadAddress`."""

    def get(self, names: Sequence[str]) -> list[int]:
        """Unsigned values of registers (vector registers: 128 bits)."""

    def set(self, values: Mapping[str, int]) -> None:
        """Set registers (unsigned values; vector registers: 128 bits)."""

    def run(self, on_trap: TrapHandler) -> Stop:
        """Run from `pc` until `on_trap` (called at each trap instruction, with `pc` already behind it) answers
        False, a fault, or `interrupt`."""

    def interrupt(self) -> None:
        """From a signal handler or another thread: make `run` return `interrupted` soon."""

    def close(self) -> None:
        """Give everything back; ends the guest's process, if it has one, by its id."""
