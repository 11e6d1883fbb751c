"""The entry stack, read back as a program's start-up code reads it, for every layout, width and byte order."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from portwright.describe import port as ports
from portwright.describe.cpu import Cpu, cpu
from portwright.describe.ledger import Ledger
from portwright.formats import elf
from portwright.run import entry
from portwright.run.address_space import AddressSpace
from portwright.run.engine import Access, BadAddress
from portwright.run.entry import EntryStack, Given, build_stack
from portwright.run.hostility import Hostility
from portwright.run.loader import CannotLoad, Image, TlsImage

X86 = cpu("x86-64")
FILLER = b"\xa5" * 256
PORT = "x86_64-unknown-veridian"


def made_cpu(bits: Literal[32, 64], endian: Literal["little", "big"]) -> Cpu:
    return replace(X86, pointer_bits=bits, endian=endian)


class Reader:
    """Walks up a stack as start-up code does."""

    def __init__(self, stack: EntryStack, processor: Cpu) -> None:
        self.stack, self.cpu, self.at = stack, processor, stack.pointer

    def word(self) -> int:
        size = self.cpu.pointer_size
        place = self.at - self.stack.pointer
        assert place + size <= len(self.stack.content)
        self.at += size
        return int.from_bytes(self.stack.content[place : place + size], self.cpu.endian)

    def string(self, address: int) -> bytes:
        place = address - self.stack.pointer
        assert 0 <= place < len(self.stack.content)
        return self.stack.content[place : self.stack.content.index(0, place)]

    def list(self) -> list[bytes]:
        found = []
        while pointer := self.word():
            found.append(self.string(pointer))
        return found


strings = some.lists(some.binary(max_size=40).map(lambda text: text.replace(b"\0", b"0")), max_size=12)
cpus = some.builds(made_cpu, some.sampled_from([32, 64]), some.sampled_from(["little", "big"]))


@settings(max_examples=400, deadline=None)
@given(
    *(strings, strings, cpus, some.sampled_from([4, 8, 16, 64])),
    *(some.booleans(), some.booleans(), some.booleans(), some.integers(0x2_0000, 0x7FFF_FF00)),
)
def test_the_stack_reads_back(
    arguments: list[bytes],
    environment: list[bytes],
    processor: Cpu,
    alignment: int,
    auxv: bool,
    pad: bool,
    named: bool,
    top: int,
) -> None:
    items = ["argc", "argv", "null", "envp", "null", *["auxv"] * auxv, *["pad"] * pad, *["strings"] * named]
    given_auxv = [(6, 0x1000), (9, 0x40_1000)]
    given = Given(arguments, environment, given_auxv, b"0123456789abcdef")
    alignment = max(alignment, processor.pointer_size)
    stack = build_stack(items, alignment, processor, top, given, FILLER)
    assert stack.pointer % alignment == 0
    assert stack.pointer + len(stack.content) == top
    reader = Reader(stack, processor)
    assert reader.word() == len(arguments)
    assert reader.list() == arguments
    assert reader.list() == environment
    if auxv:
        found = []
        while (pair := (reader.word(), reader.word()))[0]:
            found.append(pair)
        assert found[:2] == given_auxv
        values = dict(found)
        place = values[entry.AT_RANDOM] - stack.pointer
        assert stack.content[place : place + 16] == b"0123456789abcdef"
        assert (entry.AT_EXECFN in values) == bool(arguments)
        if arguments:
            assert reader.string(values[entry.AT_EXECFN]) == arguments[0]
    own = arguments[:1] * auxv  # the program's own path, where nothing else is said
    text = b"".join(string + b"\0" for string in arguments + environment + own) + given.random * auxv
    rest = stack.content[reader.at - stack.pointer :]
    assert sorted(rest.replace(text, b"", 1)) == sorted(FILLER[: len(rest) - len(text)])
    if pad:
        assert rest.endswith(text)
    else:
        assert rest.startswith(text)


def test_nothing_follows_the_environment_where_the_os_has_no_auxv() -> None:
    items = ["argc", "argv", "null", "envp", "null", "pad", "strings"]
    stack = build_stack(items, 16, X86, 0x1_0000, Given([b"prog"], [b"A=1"]), FILLER)
    words = struct.unpack_from("<5Q", stack.content)
    assert words[0] == 1 and words[2] == 0 and words[4] == 0
    assert struct.unpack_from("<Q", stack.content, 40)[0] not in (0, 3, 6)  # no AT_ anything, no end either
    assert stack.content.endswith(b"prog\0A=1\0")


class Memories:
    """An engine that only keeps memory and registers."""

    def __init__(self) -> None:
        self.memory: dict[int, int] = {}
        self.mapped: list[range] = []
        self.registers: dict[str, int] = {}

    def map(self, address: int, length: int, access: Access) -> None:
        self.mapped.append(range(address, address + length))

    def write(self, address: int, data: bytes) -> None:
        if not any(address in r and address + len(data) <= r.stop for r in self.mapped):
            raise BadAddress(address)
        self.memory.update(enumerate(data, address))

    def read(self, address: int, length: int) -> bytes:
        return bytes(self.memory.get(place, 0) for place in range(address, address + length))

    def set(self, values: dict[str, int]) -> None:
        self.registers.update(values)


def ledger(**changes: object) -> Ledger:
    """VeridianOS's ledger with another entry and a small stack."""
    found = ports.load(PORT).ledger
    return found.model_copy(
        update={
            "entry": found.entry.model_copy(update=changes),
            "memory": found.memory.model_copy(update={"stack_size": 0x4000}),
        }
    )


def image(tls: TlsImage | None = None) -> Image:
    ident = elf.MAGIC + bytes([2, 1, 1]) + bytes(9)
    head = struct.pack("<16sHHIQQQIHHHHHH", ident, 2, 62, 1, 0x40_1000, 64, 0, 0, 64, 56, 0, 64, 0, 0)
    return Image("program", elf.read(head), 0, 0x40_1000, (), 0x40_2000, tls=tls)


def prepared(
    table: Ledger, made: Image, arguments: Sequence[str] = ("a",), *, kind: bool = False, processor: Cpu = X86
) -> tuple[Memories, AddressSpace]:
    engine = Memories()
    hostility = Hostility(3, kind=kind)
    space = AddressSpace(engine, table.memory, 64, hostility, 1 << 30)  # type: ignore[arg-type]
    if made.tls is not None:
        space.map(0x50_0000, 0x1000, Access.READ, "image")
        engine.write(made.tls.address, bytes(range(1, 1 + made.tls.file_size)))
    given = entry.Given([argument.encode() for argument in arguments], [b"PATH=/bin"])
    entry.prepare(made, table, processor, space, hostility, given)
    return engine, space


def test_registers_that_nobody_defined_are_garbage() -> None:
    engine, _ = prepared(ledger(), image())
    plain = [engine.registers[name] for name in X86.registers if name != "rsp"]
    vectors = [engine.registers[name] for name in X86.vector_registers]
    assert 0 not in plain + vectors and len(set(plain)) == 15
    assert all(value >> 64 for value in vectors)
    assert engine.registers["pc"] == 0x40_1000
    assert engine.registers["sp"] % 16 == 0
    assert "rsp" not in engine.registers or engine.registers["rsp"] == engine.registers["sp"]


@pytest.mark.parametrize(("registers", "kind"), [("zero", False), ("undefined", True)])
def test_registers_are_zero_where_the_os_or_kindness_says_so(registers: str, kind: bool) -> None:
    engine, _ = prepared(ledger(registers=registers), image(), kind=kind)
    assert {engine.registers[name] for name in X86.registers if name != "rsp"} == {0}
    assert {engine.registers[name] for name in X86.vector_registers} == {0}


def test_unwritten_stack_is_garbage_unless_the_run_is_kind() -> None:
    engine, space = prepared(ledger(), image())
    assert 0 not in engine.read(space.stack_start, 64)
    kind, space = prepared(ledger(), image(), kind=True)
    assert kind.read(space.stack_start, 64) == bytes(64)


def test_the_thread_pointer_is_what_the_ledger_says() -> None:
    def pointer(at_entry: str, *, kind: bool = False) -> int:
        thread_pointer = ledger().entry.thread_pointer.model_copy(update={"at_entry": at_entry})
        return prepared(ledger(thread_pointer=thread_pointer), image(), kind=kind)[0].registers[
            "thread-pointer"
        ]

    assert pointer("zero") == 0
    assert pointer("undefined", kind=True) == 0
    assert 0 < pointer("undefined") < 0x1000


@settings(max_examples=60, deadline=None)
@given(
    *(some.integers(0, 200), some.integers(0, 200), some.sampled_from([1, 2, 8, 16, 64, 256])),
    some.sampled_from([1, 2]),
)
def test_thread_storage_made_by_the_os(
    in_file: int, more: int, alignment: int, variant: Literal[1, 2]
) -> None:
    processor = replace(X86, tls_variant=variant)
    thread_pointer = ledger().entry.thread_pointer.model_copy(update={"at_entry": "tls"})
    tls = TlsImage(0x50_0000, in_file, in_file + more, alignment)
    engine, _ = prepared(ledger(thread_pointer=thread_pointer), image(tls), processor=processor)
    pointer = engine.registers["thread-pointer"]
    size = in_file + more
    if variant == 2:  # the ELF TLS document: the block's offset from the pointer is its size, rounded up
        block = pointer - -(-size // alignment) * alignment
        assert int.from_bytes(engine.read(pointer, 8), "little") == pointer
    else:
        block = pointer + max(16, -(-16 // alignment) * alignment)
    assert block % alignment == 0
    assert engine.read(block, size) == bytes(range(1, 1 + in_file)) + bytes(more)


def test_arguments_that_do_not_fit_are_a_report() -> None:
    with pytest.raises(CannotLoad) as error:
        prepared(ledger(), image(), ["x" * 5000] * 3)
    assert error.value.report.kind == "cannot-load"
    assert "do not fit the stack" in error.value.report.what
    prepared(ledger(), image(), ["x" * 5000] * 2)


def test_the_auxiliary_vector_describes_the_program() -> None:
    told = dict(entry.auxiliary(replace(image(), headers=0x40_0040), 0x1000))
    assert told[entry.AT_PHDR] == 0x40_0040
    assert (told[entry.AT_PHENT], told[entry.AT_PHNUM], told[entry.AT_PAGESZ]) == (56, 0, 0x1000)
    assert told[entry.AT_ENTRY] == 0x40_1000
