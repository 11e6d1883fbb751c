"""The contract of an engine: runs one guest's instructions and holds its memory; knows nothing of any OS.

The machine (kernel side) owns the address-space bookkeeping and the meaning of traps; an engine maps, reads,
writes, resumes, and reports why the guest stopped. The engines are in `engines/`, one file each; `create`
finds the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Literal, Protocol

from portwright.base import rooms
from portwright.base.errors import BadInput, Fault


class Access(IntFlag):
    """What may be done with memory."""

    NONE = 0
    READ = 1
    WRITE = 2
    EXECUTE = 4


class BadAddress(Exception):
    """An address that the engine could not read or write: the first one that failed is `address`.

    What lies before it has been written, as when a kernel copies to a program.
    """

    def __init__(self, address: int) -> None:
        super().__init__(f"bad address {address:#x}")
        self.address = address


class CannotMap(Exception):
    """A range that the engine cannot map, unmap or protect: it is taken or not there, not by whole pages,
    outside the guest's addresses, or the host has no memory for it (`exhausted`)."""

    def __init__(self, address: int, length: int, why: str, *, exhausted: bool = False) -> None:
        super().__init__(f"cannot map {length:#x} bytes at {address:#x}: {why}")
        self.address = address
        self.length = length
        self.why = why
        self.exhausted = exhausted


FaultKind = Literal["", "read", "write", "execute", "illegal", "divide", "breakpoint", "alignment", "other"]


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a guest stopped running.

    `trap-ended`: the trap handler asked to end. `fault`: an instruction could not be done (`fault` says how,
    `address` what it touched where there is one, `pc` the instruction). `interrupted`: `interrupt` was
    called (a limit). `engine-died`: the engine itself failed; `detail` says how. After a fault `pc` still
    names the instruction, so that a handler that mends the cause (a stack that grows) may `run` again.
    """

    reason: Literal["trap-ended", "fault", "interrupted", "engine-died"]
    fault: FaultKind = ""
    address: int | None = None
    pc: int | None = None
    detail: str = ""


TrapHandler = Callable[[], bool]


class Prepared(dict[str, int]):
    """Values of registers that are set again and again, and never changed: the one engine that they are given to
    may keep in `made` what it has made of them."""

    made: object = None


@dataclass(frozen=True, slots=True)
class Context:
    """All registers of a thread as one engine keeps them; `content` is the engine's own affair."""

    content: Any


class Engine(Protocol):
    """One guest's instructions, registers and memory. Addresses and lengths in bytes; maps by whole pages.

    Register names are the CPU's (`describe/cpus/`), and besides them `pc`, `sp`, `flags` and `thread-pointer`.
    All but `interrupt` and `cpu_seconds` are called from the thread that made the engine.
    """

    def map(self, address: int, length: int, access: Access) -> None:
        """Make fresh zeroed memory at a page-aligned range that holds none yet; raises `CannotMap`."""

    def unmap(self, address: int, length: int) -> None:
        """Take a page-aligned mapped range away; raises `CannotMap`."""

    def protect(self, address: int, length: int, access: Access) -> None:
        """Change what may be done with a page-aligned mapped range; raises `CannotMap`."""

    def read(self, address: int, length: int) -> bytes:
        """Bytes of the guest's memory, whatever its protection; raises `BadAddress`."""

    def write(self, address: int, data: bytes) -> None:
        """Put bytes into the guest's memory, whatever its protection; raises `BadAddress`."""

    def get(self, names: Sequence[str]) -> list[int]:
        """Unsigned values of registers (vector registers: 128 bits)."""

    def set(self, values: Mapping[str, int]) -> None:
        """Set registers (unsigned values; vector registers: 128 bits)."""

    def context(self) -> Context:
        """All registers that a program can see, vectors, flags and thread pointer with them; the guest is not
        running."""

    def restore(self, context: Context) -> None:
        """Set all registers to what a `context` of this engine, or of one that it was forked from, had."""

    def fork(self) -> Engine:
        """A second engine with a copy of the memory and of the registers; the two share nothing. Raises
        `CannotMap` (`exhausted`) where the host has no room for it."""

    def reset(self) -> None:
        """Take all memory away; the registers hold 0."""

    def run(self, on_trap: TrapHandler) -> Stop:
        """Run from `pc` until `on_trap` (called at each trap instruction, with `pc` already behind it) answers
        False, a fault, or `interrupt`."""

    def trap(self) -> str:
        """The name of the trap instruction that called `on_trap` last."""

    def count_turn(self, on: bool) -> bool:
        """Whether `run` is to answer `interrupted` of itself after a long time without a trap, by counting
        instructions: such a stop is at the same place each time. Answers False where the engine cannot count."""

    def interrupt(self) -> None:
        """From a signal handler or another thread: make `run` return `interrupted` soon."""

    def cpu_seconds(self) -> float:
        """CPU time that the guest has used so far; from any thread."""

    def close(self) -> None:
        """Give everything back; ends the guest's process, if it has one, by its id. May be called twice."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What an engine is made for.

    `cpu` by its name in `describe/cpus/`; `trap` by its name in that CPU's traps: the instruction that calls
    `on_trap`, as those of `more_traps` do; those of `ignored_traps` do nothing, any other is a fault.
    `memory_limit` (bytes) and `cpu_seconds` are second guards,
    behind the machine's own limits: an engine that can hold a guest to them with the host's means does.
    """

    cpu: str
    trap: str
    page_size: int = 4096
    memory_limit: int | None = None
    cpu_seconds: int | None = None
    more_traps: tuple[str, ...] = ()
    ignored_traps: tuple[str, ...] = ()


ROOM = "portwright.run.engines"


def serves(engine: str, setup: Setup) -> str | None:
    """None where the engine can run such guests on this host, else the reason why not."""
    reason = rooms.load(ROOM, engine).unfit(setup)
    assert reason is None or isinstance(reason, str)
    return reason


def choose(setup: Setup, wanted: str | None = None) -> str:
    """The name of the engine to use: the wanted one, else the fastest that serves.

    Raises `BadInput` with every engine's reason where none serves.
    """
    candidates = [wanted] if wanted else sorted(rooms.names(ROOM), key=_rank)
    faults: list[Fault] = []
    for name in candidates:
        reason = serves(name, setup)
        if reason is None:
            return name
        others = [other for other in rooms.names(ROOM) if other != name]
        hint = f"other engines: {', '.join(others)}" if wanted else None
        faults.append(Fault(f"the {name} engine cannot run this guest: {reason}", None, hint, "engine/unfit"))
    raise BadInput(faults)


def needs_worker(engine: str) -> bool:
    """Whether the engine keeps its guest in our own process (`ISOLATED` is false), which it can take down."""
    return not rooms.load(ROOM, engine).ISOLATED


def create(setup: Setup, wanted: str | None = None) -> Engine:
    """Make an engine (see `choose`) with an empty address space."""
    engine: Engine = rooms.load(ROOM, choose(setup, wanted)).make(setup)
    return engine


def _rank(name: str) -> int:
    rank = rooms.load(ROOM, name).RANK
    assert isinstance(rank, int)
    return rank
