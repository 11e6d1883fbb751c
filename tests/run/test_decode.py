"""Decoding is the inverse of how the ledger passes arguments: round trips with values of all kinds and packings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.describe.cpu import cpu
from portwright.describe.ledger import Call, Packed, PackedField, Part, Struct, StructField
from portwright.describe.operation import operation
from portwright.run.constants import Names
from portwright.run.decode import Decoders, Sources, fixed_value, signed
from portwright.run.failure import Failed
from portwright.run.structs import Layout

WORD = (1 << 64) - 1
MAP = operation("map_memory")
OTHERS = ("address", "length", "protection", "flags")


@given(st.integers(0, WORD), st.integers(1, 64))
def test_signed_is_twos_complement(value: int, bits: int) -> None:
    found = signed(value, bits)
    assert -(1 << bits - 1) <= found < 1 << bits - 1
    assert (found - value) % (1 << bits) == 0


@given(st.data())
def test_packed_words_come_apart_again(veridian, data: st.DataObject) -> None:
    """fd and offset in one word, in any order and width, with any garbage in the bits between."""
    fd_bits, offset_bits = 32, data.draw(st.integers(12, 31))
    fd_first = data.draw(st.booleans())
    gap = data.draw(st.integers(0, 64 - fd_bits - offset_bits))
    fd_shift = 0 if fd_first else offset_bits + gap
    offset_shift = fd_bits + gap if fd_first else 0
    packed = Packed(
        pack=[
            PackedField(argument="fd", shift=fd_shift, bits=fd_bits),
            PackedField(argument="offset", shift=offset_shift, bits=offset_bits),
        ]
    )
    fd = data.draw(st.integers(-(1 << 31), (1 << 31) - 1))
    offset = data.draw(st.integers(0, (1 << offset_bits) - 1))
    mask = ((1 << fd_bits) - 1) << fd_shift | ((1 << offset_bits) - 1) << offset_shift
    garbage = data.draw(st.integers(0, WORD)) & ~mask
    word = garbage | (fd & 0xFFFF_FFFF) << fd_shift | offset << offset_shift
    call = Call(number=1, operation=MAP.name, arguments=[*OTHERS, packed])
    decoders = Decoders(veridian.ledger, cpu("x86-64")).make(MAP, call, Sources(call.arguments or []))
    registers = [0x1000, 4096, 3, 0x22, word]
    values = [decode(None, registers) for decode in decoders]
    assert values[0:2] == [0x1000, 4096]
    assert values[2:4] == [{"PROT_READ", "PROT_WRITE"}, {"MAP_PRIVATE", "MAP_ANONYMOUS"}]
    assert values[4:6] == [fd, offset]


@given(st.permutations(range(5)), st.lists(st.integers(0, WORD), min_size=5, max_size=5))
def test_arguments_come_in_any_order(veridian, order: list[int], registers: list[int]) -> None:
    names = ["fd", "buffer", "length"]
    passed: list[object] = [None] * 5
    for place, name in zip(order, names, strict=False):
        passed[place] = name
    for place in order[3:]:
        passed[place] = {"value": registers[place]}
    call = Call.model_validate({"number": 1, "operation": "read", "arguments": passed})
    sources = Sources(call.arguments or [])
    decoders = Decoders(veridian.ledger, cpu("x86-64")).make(operation("read"), call, sources)
    fd, buffer, length = (registers[place] for place in order[:3])
    assert [decode(None, registers) for decode in decoders] == [signed(fd, 32), buffer, length]
    assert sorted(sources.fixed) == sorted((place, registers[place]) for place in order[3:])


CONSTANTS = {
    "O_RDONLY": 0,
    "O_WRONLY": 1,
    "O_RDWR": 2,
    "O_ACCMODE": 3,
    "O_CREAT": 0x40,
    "O_DSYNC": 0x1000,
    "O_SYNC": 0x10_1000,
    "O_NONBLOCK": 0x800,
    "O_NDELAY": 0x800,
    "MAP_FIXED": 0x10,
}


def test_flags_are_sets_of_names() -> None:
    names = Names(CONSTANTS, "O_")
    assert names.flags(0) == {"O_RDONLY"}
    assert names.flags(0x41) == {"O_WRONLY", "O_CREAT"}
    assert names.flags(0x10_1000) == {"O_RDONLY", "O_SYNC"}
    assert names.flags(0x1000) == {"O_RDONLY", "O_DSYNC"}
    assert names.flags(0x800) == {"O_RDONLY", "O_NONBLOCK", "O_NDELAY"}
    assert names.flags(0x4000_0002) == {"O_RDWR", "0x40000000"}
    assert Names(CONSTANTS, "O_", ["O_CREAT"]).flags(0x41) == {"O_WRONLY"}
    assert names.choice(0x40) == "O_CREAT" and names.choice(0x41) == "0x41"
    assert set(names.text(0x841).split("|")) == {"O_NONBLOCK", "O_WRONLY", "O_CREAT"}
    protections = Names({"PROT_NONE": 0, "PROT_READ": 1}, "PROT_")
    assert protections.flags(0) == {"PROT_NONE"} and protections.flags(1) == {"PROT_READ"}


@given(st.integers(0, (1 << 22) - 1))
def test_flag_names_add_up_to_the_value(value: int) -> None:
    names = Names(CONSTANTS, "O_")
    total = 0
    for name in names.flags(value):
        total |= CONSTANTS.get(name) if name in CONSTANTS else int(name, 16)
    assert total == value
    shown = [CONSTANTS[n] if n in CONSTANTS else int(n, 16) for n in names.text(value).split("|")]
    assert sum(shown) == value, "no bit is said twice"


@given(st.data())
def test_structs_come_back_as_they_were_packed(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=6))
    fields, offset = {}, 0
    for number, size in enumerate(sizes):
        offset += data.draw(st.integers(0, 4))
        fields[f"f{number}"] = StructField(offset=offset, size=size, signed=data.draw(st.booleans()))
        offset += size
    layout = Layout(Struct(size=offset + 3, fields=fields), data.draw(st.sampled_from(["little", "big"])))
    values = {
        name: data.draw(
            st.integers(-(1 << 8 * f.size - 1), (1 << 8 * f.size - 1) - 1)
            if f.signed
            else st.integers(0, (1 << 8 * f.size) - 1)
        )
        for name, f in fields.items()
    }
    packed = layout.pack(values)
    assert len(packed) == offset + 3
    assert layout.unpack(packed) == values
    assert layout.unpack(layout.pack({})) == dict.fromkeys(fields, 0)


def test_a_negative_fixed_argument_is_what_the_register_holds(veridian) -> None:
    call = Call(number=1)
    assert veridian.ledger.constants["AT_FDCWD"] == -100
    assert fixed_value("AT_FDCWD", veridian.ledger, call) == (-100) & WORD
    assert fixed_value(-1, veridian.ledger, call) == WORD
    assert fixed_value(7, veridian.ledger, call) == 7


class Memory:
    """The bytes of a guest, as decoders read them."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, address: int, length: int) -> bytes:
        return self.content[address : address + length]

    def read_string(self, address: int, longest: int) -> bytes:
        found = self.content[address:].split(b"\0", 1)[0]
        if len(found) > longest:
            raise Failed("ENAMETOOLONG")
        return found


def decoder(veridian, name: str, argument: str, passed: object):
    found = operation(name)
    index = [one.name for one in found.arguments].index(argument)
    sources = Sources([passed])  # type: ignore[list-item]
    return Decoders(veridian.ledger, cpu("x86-64")).make(found, Call(number=1), sources)[index]


@given(st.lists(st.binary(max_size=40).filter(lambda text: 0 not in text), max_size=6))
def test_a_list_of_strings_comes_as_it_was_put(veridian, texts: list[bytes]) -> None:
    places, content = [], bytearray(8 * (len(texts) + 2))
    for text in texts:
        places.append(len(content))
        content += text + b"\0"
    for number, place in enumerate(places):
        content[8 + 8 * number : 16 + 8 * number] = place.to_bytes(8, "little")
    decode = decoder(veridian, "execute", "arguments", "arguments")
    assert decode(Memory(bytes(content)), [8]) == tuple(texts)
    assert decode(Memory(b""), [0]) == (), "a null list is an empty one"


def test_strings_beyond_what_is_taken_are_refused(veridian) -> None:
    content = bytearray(bytes(8) + (24).to_bytes(8, "little") + bytes(8) + b"x" * (200 << 10) + b"\0")
    decode = decoder(veridian, "execute", "arguments", "arguments")
    with pytest.raises(Failed, match="E2BIG"):
        decode(Memory(bytes(content)), [8])


def test_a_time_that_may_have_no_end(veridian) -> None:
    """A null address, and a negative number of milliseconds, as a word or as a C int."""
    decode = decoder(veridian, "poll", "timeout", Part(argument="timeout", **{"as": "milliseconds"}))
    assert decode(Memory(b""), [2500]) == {"tv_sec": 2, "tv_nsec": 500_000_000}
    assert decode(Memory(b""), [WORD]) is None and decode(Memory(b""), [0xFFFF_FFFF]) is None
    decode = decoder(veridian, "poll", "timeout", "timeout")
    assert decode(Memory(bytes(64)), [0]) is None
    assert decode(Memory(bytes(64)), [8]) == {"tv_sec": 0, "tv_nsec": 0}


def test_a_prefix_goes_on_within_the_word() -> None:
    """SIG_IGN is no signal, and W_OK no option of wait."""
    constants = {"SIG_IGN": 1, "SIGHUP": 1, "SIGKILL": 9, "W_OK": 2, "WNOHANG": 1}
    assert Names(constants, "SIG").choice(1) == "SIGHUP"
    assert Names(constants, "W").text(3) == "WNOHANG|0x2"
