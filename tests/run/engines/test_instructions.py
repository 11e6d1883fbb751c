"""Random instruction sequences: the native engine is the processor itself, and unicorn must agree with it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from portwright.run import engine as engines
from portwright.run.engine import Access, Engine, Setup

CODE, DATA = 0x40_0000, 0x50_0000
REGISTERS = ("rax", "rcx", "rdx", "rbx", "rsi", "rdi", "rbp", *(f"r{n}" for n in range(8, 16)))
NUMBERS = {"rax": 0, "rcx": 1, "rdx": 2, "rbx": 3, "rbp": 5, "rsi": 6, "rdi": 7}
NUMBERS |= {f"r{n}": n for n in range(8, 16)}
VECTORS = tuple(f"xmm{n}" for n in range(16))
DEFINED_FLAGS = 0x8D5 & ~0x10  # all but AF, which shifts and logic leave undefined
END = bytes.fromhex("0f05")

PLAIN = (
    0x01,
    0x09,
    0x11,
    0x19,
    0x21,
    0x29,
    0x31,
    0x39,
    0x85,
    0x89,
    0x87,
)  # add or adc sbb and sub xor cmp test mov xchg
SHIFTS = (0, 1, 4, 5, 7)  # rol ror shl shr sar
BYTES = (0x0FB6, 0x0FB7, 0x0FBE, 0x0FBF, 0x0FAF)  # movzx, movsx, imul: flags of imul are undefined in part
VECTOR_OPS = (
    0xFE,
    0xD4,
    0xEF,
    0xFA,
    0x60,
    0x62,
    0xF4,
    0xDB,
    0x74,
    0xE4,
    0x69,
    0xEB,
)  # paddd paddq pxor psubd ...
FLOAT_OPS = (
    0x58,
    0x59,
    0x5C,
    0x5E,
    0x5D,
    0x5F,
    0x51,
    0x54,
    0x57,
    0x14,
)  # add mul sub div min max sqrt and xor unpck

reg = some.integers(0, 15).filter(lambda number: number != 4)
vec = some.integers(0, 15)


def modrm(prefix: bytes, opcode: bytes, wide: bool, register: int, other: int) -> bytes:
    """prefix REX opcode ModRM, both operands registers."""
    rex = 0x40 | (8 if wide else 0) | (4 if register > 7 else 0) | (1 if other > 7 else 0)
    return prefix + bytes([rex]) + opcode + bytes([0xC0 | (register & 7) << 3 | other & 7])


def defined(code: bytes, one: int, other: int) -> bytes:
    """An instruction that leaves flags undefined, and a cmp that defines them."""
    return code + modrm(b"", b"\x39", True, one, other)


INSTRUCTIONS = some.one_of(
    some.builds(
        lambda op, w, a, b: modrm(b"", bytes([op]), w, a, b),
        some.sampled_from(PLAIN),
        some.booleans(),
        reg,
        reg,
    ),
    some.builds(
        lambda op, w, a, b: defined(modrm(b"", op.to_bytes(2, "big"), w, a, b), a, b),
        *(some.sampled_from(BYTES), some.booleans(), reg, reg),
    ),
    some.builds(
        lambda op, w, a, n: defined(modrm(b"", b"\xc1", w, op, a) + bytes([n]), a, 0),
        *(some.sampled_from(SHIFTS), some.booleans(), reg, some.integers(0, 63)),
    ),
    some.builds(  # setcc and cmovcc
        lambda cc, w, a, b: (
            modrm(b"", bytes([0x0F, 0x40 | cc]), w, a, b) + modrm(b"", bytes([0x0F, 0x90 | cc]), False, 0, b)
        ),
        *(some.integers(0, 15).filter(lambda cc: cc not in (10, 11)), some.booleans(), reg, reg),
    ),
    some.builds(  # mul and a division that cannot overflow: xor edx, edx; or reg, 1; div reg
        lambda a: defined(
            b"\x31\xd2" + modrm(b"", b"\x83", True, 1, a) + b"\x01" + modrm(b"", b"\xf7", True, 6, a), 0, 0
        ),
        reg.filter(lambda number: number != 2),
    ),
    some.builds(lambda a: bytes([0x48 | (a > 7), 0x0F, 0xC8 | a & 7]), reg),  # bswap
    some.builds(  # mov rax, [DATA + n]; add [DATA + m], rbx
        lambda n, m: (
            b"\x48\x8b\x04\x25"
            + (DATA + n).to_bytes(4, "little")
            + b"\x48\x01\x1c\x25"
            + (DATA + m).to_bytes(4, "little")
        ),
        *(some.integers(0, 248), some.integers(0, 248)),
    ),
    some.builds(
        lambda op, a, b: modrm(b"\x66", bytes([0x0F, op]), False, a, b),
        some.sampled_from(VECTOR_OPS),
        vec,
        vec,
    ),
    some.builds(
        lambda p, op, a, b: modrm(p, bytes([0x0F, op]), False, a, b),
        *(some.sampled_from([b"\xf2", b"\xf3", b"\x66"]), some.sampled_from(FLOAT_OPS[:7]), vec, vec),
    ),
    some.builds(lambda w, a, b: modrm(b"\xf2", b"\x0f\x2c", w, a, b), some.booleans(), reg, vec),  # cvttsd2si
    some.builds(lambda w, a, b: modrm(b"\xf2", b"\x0f\x2a", w, a, b), some.booleans(), vec, reg),  # cvtsi2sd
    some.builds(lambda a, b: modrm(b"\x66", b"\x0f\x2e", False, a, b), vec, vec),  # ucomisd
    some.builds(lambda a, b: modrm(b"\xf2", b"\x0f\x5a", False, a, b), vec, vec),  # cvtsd2ss
)


@pytest.fixture(scope="module")
def pair():
    setup = Setup("x86-64", "syscall")
    for name in ("native", "unicorn"):
        if reason := engines.serves(name, setup):
            pytest.skip(f"{name} engine: {reason}")
    made = [engines.create(setup, name) for name in ("native", "unicorn")]
    for engine in made:
        engine.map(CODE, 0x1000, Access.READ | Access.EXECUTE)
        engine.map(DATA, 0x1000, Access.READ | Access.WRITE)
    yield made
    for engine in made:
        engine.close()


def after(engine: Engine, code: bytes, seed: int) -> dict[str, object]:
    """The state of registers and memory behind a piece of code, begun in a state made from a seed."""
    choose = random.Random(seed)
    interesting = [0, 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 0x7FF0_0000_0000_0000, 0x3FF0_0000_0000_0000]

    def word() -> int:
        return choose.choice(interesting) if choose.random() < 0.3 else choose.getrandbits(64)

    state = {name: word() for name in REGISTERS}
    state |= {name: word() << 64 | word() for name in VECTORS}
    engine.write(CODE, code + END)
    engine.write(DATA, choose.randbytes(256))
    engine.set({**state, "sp": DATA + 0x800, "pc": CODE, "flags": 0x202})
    stop = engine.run(lambda: False)
    trapped = [name for name in (*REGISTERS, *VECTORS) if name not in ("rcx", "r11")]
    values = dict(zip(trapped, engine.get(trapped), strict=True))
    flags = engine.get(["flags"])[0] & DEFINED_FLAGS
    return {
        **values,
        "stop": stop.reason,
        "flags": flags,
        "pc": engine.get(["pc"])[0],
        "memory": engine.read(DATA, 256),
    }


@settings(max_examples=400, deadline=None, derandomize=True)
@given(some.lists(INSTRUCTIONS, min_size=1, max_size=25), some.integers(0, 1 << 32))
def test_unicorn_computes_what_the_processor_does(pair, code: list[bytes], seed: int) -> None:
    native, unicorn = (after(engine, b"".join(code), seed) for engine in pair)
    assert native["stop"] == "trap-ended"
    assert native == unicorn
