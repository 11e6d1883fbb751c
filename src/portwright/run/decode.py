"""A call's registers -> the operation's own arguments, as the ledger says how they are passed.

Each call is made ready once: a decoder per argument of the operation, in the operation's order. Decoders read
no more of the guest than a path or a struct needs; buffers stay addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from portwright.base.errors import Fault, PortwrightError
from portwright.describe import cpu as cpus
from portwright.describe.cpu import Cpu
from portwright.describe.ledger import Call, Fixed, Ledger, Packed, Part, Passed
from portwright.describe.operation import OPTIONS, Argument, Operation
from portwright.run.address_space import AddressSpace
from portwright.run.constants import Names
from portwright.run.failure import Failed
from portwright.run.structs import Layout

Registers = Sequence[int]
Decoder = Callable[[AddressSpace, Registers], Any]
Fetch = Callable[[Registers], int]

LONGEST_PATH = 4096
IN_REGISTERS = -1
"""The address of a struct that a call answers in registers."""
LONGEST_STRING = 128 << 10
MOST_STRINGS = 2 << 20
NANOSECONDS = {"seconds": 10**9, "milliseconds": 10**6, "microseconds": 10**3, "nanoseconds": 1}
# What an argument is that a call does not pass. None: each operation has its own idea of it.
ABSENT: Mapping[str, Any] = {
    "fd": -1,
    "path": b"",
    "strings": (),
    "flags": None,
    "choice": "",
    "option": "",
    "mode": None,
    "struct-in": {},
}


def signed(value: int, bits: int) -> int:
    """An unsigned value of so many bits as two's complement."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


class Sources:
    """Where in a call's registers each argument of its operation is found."""

    __slots__ = ("fixed", "parts", "whole")

    def __init__(self, passed: Sequence[Passed]) -> None:
        self.whole: dict[str, Fetch] = {}
        self.parts: dict[str, dict[str, int]] = {}
        self.fixed: list[tuple[int, int | str]] = []
        for index, item in enumerate(passed):
            match item:
                case Packed():
                    for field in item.pack:
                        self.whole[field.argument] = _packed(index, field.shift, field.bits)
                case Part():
                    self.parts.setdefault(item.argument, {})[item.as_] = index
                case Fixed():
                    self.fixed.append((index, item.value))
                case str():
                    self.whole[item] = _register(index)


def _register(index: int) -> Fetch:
    return lambda registers: registers[index]


def _packed(index: int, shift: int, bits: int) -> Fetch:
    mask = (1 << bits) - 1
    return lambda registers: registers[index] >> shift & mask


def fixed_value(value: int | str, ledger: Ledger, call: Call) -> int:
    """What the register of a fixed argument always holds; raises `PortwrightError` for a constant that is not there.

    A negative number (AT_FDCWD) is in the register as its two's complement.
    """
    word = (1 << cpus.cpu(ledger.abi.cpu).pointer_bits) - 1
    if isinstance(value, int):
        return value & word
    total = 0
    for name in value.split("|"):
        number = ledger.constant(name.strip(), call)
        if number is None:
            hint = f"add `{name.strip()} = ...` to [constants] of the ledger"
            raise PortwrightError([Fault(f"no constant `{name.strip()}`", None, hint, "ledger/constant")])
        total |= number
    return total & word


class Decoders:
    """Makes the decoders of a ledger's calls."""

    def __init__(self, ledger: Ledger, cpu: Cpu) -> None:
        self._ledger = ledger
        self._cpu = cpu
        self._bits = cpu.pointer_bits
        self._shared: dict[tuple[str, tuple[str, ...]], Names] = {}

    def names(self, call: Call, prefix: str) -> Names:
        """The constants of a prefix, as a call has them; calls without constants of their own share them."""
        if call.constants:
            return Names({**self._ledger.constants, **call.constants}, prefix, call.ignores)
        key = prefix, tuple(call.ignores)
        if key not in self._shared:
            self._shared[key] = Names(self._ledger.constants, prefix, call.ignores)
        return self._shared[key]

    def make(self, operation: Operation, call: Call, sources: Sources) -> tuple[Decoder, ...]:
        """One decoder for each argument of the operation."""
        return tuple(self._decoder(argument, call, sources) for argument in operation.arguments)

    def _decoder(self, argument: Argument, call: Call, sources: Sources) -> Decoder:
        fetch = sources.whole.get(argument.name)
        parts = sources.parts.get(argument.name, {})
        if argument.kind == "struct-in" and parts:
            return _duration(parts, self._bits, argument.nullable)
        if fetch is None and argument.kind == "struct-out" and call.answers:
            return lambda space, registers: IN_REGISTERS
        if fetch is None:
            absent = None if argument.nullable else ABSENT.get(argument.kind, 0)
            return lambda space, registers: absent
        decoder = self._present(argument, call, fetch, sources)
        may_be_null = argument.nullable and argument.kind in ("path", "struct-in")
        return _or_none(fetch, decoder) if may_be_null else decoder

    def _present(self, argument: Argument, call: Call, fetch: Fetch, sources: Sources) -> Decoder:
        match argument.kind:
            case "path":
                return _path(fetch, sources.parts.get(argument.name, {}).get("length"))
            case "strings":
                return self._strings(fetch)
            case "fd":
                return lambda space, registers: signed(fetch(registers), 32)
            case "offset" | "integer":
                return self._signed(fetch)
            case "flags":
                flags = self.names(call, argument.constants or "").flags
                return lambda space, registers: flags(fetch(registers))
            case "choice":
                choice = self.names(call, argument.constants or "").choice
                return lambda space, registers: choice(fetch(registers))
            case "option":
                return self._option(argument, call, fetch, sources)
            case "mode":
                return lambda space, registers: fetch(registers) & 0o7777
            case "struct-in":
                return self._struct(argument, fetch)
            case _:
                return lambda space, registers: fetch(registers)

    def _option(self, argument: Argument, call: Call, fetch: Fetch, sources: Sources) -> Decoder:
        """An option by name: which constants name it depends on the protocol that is asked."""
        level = sources.whole.get(argument.level or "")
        named = {
            number: self.names(call, prefix).choice
            for protocol, prefix in OPTIONS.items()
            if (number := self._ledger.constant(protocol, call)) is not None
        }

        def decode(space: AddressSpace, registers: Registers) -> str:
            choice = named.get(level(registers)) if level is not None else None
            value = fetch(registers)
            return choice(value) if choice is not None else hex(value)

        return decode

    def _signed(self, fetch: Fetch) -> Decoder:
        bits, half, whole = self._bits, 1 << (self._bits - 1), 1 << self._bits
        mask = (1 << bits) - 1

        def decode(space: AddressSpace, registers: Registers) -> int:
            value = fetch(registers) & mask
            return value - whole if value >= half else value

        return decode

    def _strings(self, fetch: Fetch) -> Decoder:
        size, endian = self._bits // 8, self._cpu.endian

        def decode(space: AddressSpace, registers: Registers) -> tuple[bytes, ...]:
            found: list[bytes] = []
            at, left = fetch(registers), MOST_STRINGS
            while at and (address := int.from_bytes(space.read(at, size), endian)):
                try:
                    text = space.read_string(address, min(LONGEST_STRING, left))
                except Failed:
                    raise Failed("E2BIG") from None
                found.append(text)
                at, left = at + size, left - len(text) - 1 - size
                if left <= 0:
                    raise Failed("E2BIG")
            return tuple(found)

        return decode

    def _struct(self, argument: Argument, fetch: Fetch) -> Decoder:
        described = self._ledger.types.get(argument.type or "")
        if described is None:

            def unknown(space: AddressSpace, registers: Registers) -> Any:
                raise Failed("ENOSYS")

            return unknown
        layout = Layout(described, self._cpu.endian)
        return lambda space, registers: layout.unpack(space.read(fetch(registers), layout.size))


def _or_none(fetch: Fetch, decoder: Decoder) -> Decoder:
    """None for a null address."""
    return lambda space, registers: decoder(space, registers) if fetch(registers) else None


def _path(fetch: Fetch, length_index: int | None) -> Decoder:
    if length_index is None:
        return lambda space, registers: space.read_string(fetch(registers), LONGEST_PATH)
    index = length_index

    def decode(space: AddressSpace, registers: Registers) -> bytes:
        length = registers[index]
        if length > LONGEST_PATH:
            raise Failed("ENAMETOOLONG")
        path = space.read(fetch(registers), length)
        if 0 in path:
            raise Failed("EINVAL")
        return path

    return decode


def _endless(value: int, bits: int) -> bool:
    """Whether a time is negative, as a word or (-1) as a C int."""
    return value == 0xFFFF_FFFF or signed(value, bits) < 0


def _duration(parts: Mapping[str, int], bits: int, nullable: bool) -> Decoder:
    """A time in one or several units; None for one without end, where that can be."""
    rows = [(index, NANOSECONDS[unit]) for unit, index in parts.items() if unit in NANOSECONDS]
    mask = (1 << bits) - 1

    def decode(space: AddressSpace, registers: Registers) -> dict[str, int] | None:
        if nullable and any(_endless(registers[index], bits) for index, _ in rows):
            return None
        total = sum((registers[index] & mask) * scale for index, scale in rows)
        return {"tv_sec": total // 10**9, "tv_nsec": total % 10**9}

    return decode
