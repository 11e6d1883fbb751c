"""The facts of x86-64 for the engines, held against the processor, Unicorn's own constants and the host's headers."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import capstone
import pytest
import unicorn

from portwright.describe.cpu import cpu
from portwright.run import engine as engines
from portwright.run.cpu import engine_cpu
from portwright.run.engine import Access, Setup

FACTS = engine_cpu("x86-64")
CPU = cpu("x86-64")
ALIASES = {"pc", "sp", "flags", "thread-pointer"}
CODE, DATA = 0x40_0000, 0x50_0000
ENCODED = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))


@pytest.mark.parametrize("name", ["native", "unicorn"])
def test_every_register_is_the_one_that_code_sees(name: str) -> None:
    """Each register is set by name and stored by code; then changed by code and read by name."""
    setup = Setup("x86-64", "syscall")
    if reason := engines.serves(name, setup):
        pytest.skip(f"{name} engine: {reason}")
    engine = engines.create(setup, name)
    try:
        engine.map(CODE, 0x1000, Access.READ | Access.EXECUTE)
        engine.map(DATA, 0x1000, Access.READ | Access.WRITE)
        code = b""
        for number in range(16):  # mov [DATA + 8 * number], reg; movups [DATA + 256 + 16 * number], xmm
            rex = 0x48 | (4 if number > 7 else 0)
            modrm = (number & 7) << 3 | 4
            code += bytes([rex, 0x89, modrm, 0x25]) + (DATA + 8 * number).to_bytes(4, "little")
            code += bytes([rex & ~8, 0x0F, 0x11, modrm, 0x25]) + (DATA + 256 + 16 * number).to_bytes(
                4, "little"
            )
        for number in range(16):  # inc reg
            code += bytes([0x48 | (number > 7), 0xFF, 0xC0 | number & 7])
        engine.write(CODE, code + CPU.traps["syscall"].encoding)
        values = {name: 0x1111_0000_0000_0000 + number for number, name in enumerate(ENCODED)}
        vectors = {f"xmm{n}": (n + 1) << 120 | n for n in range(16)}
        engine.set({**values, **vectors, "pc": CODE, "thread-pointer": DATA})
        assert engine.run(lambda: False).reason == "trap-ended"
        stored = engine.read(DATA, 512)
        for number, register in enumerate(ENCODED):
            assert int.from_bytes(stored[8 * number : 8 * number + 8], "little") == values[register], register
            start = 256 + 16 * number
            assert int.from_bytes(stored[start : start + 16], "little") == vectors[f"xmm{number}"]
        kept = [register for register in ENCODED if register not in ("rcx", "r11")]  # the trap's own clobbers
        assert engine.get(kept) == [values[register] + 1 for register in kept]
        assert engine.get(["sp", "pc"]) == [values["rsp"] + 1, CODE + len(code) + 2]
        assert engine.get(["rip"]) == engine.get(["pc"])
    finally:
        engine.close()


def test_both_engines_know_every_register_of_the_cpu() -> None:
    assert FACTS.hosted is not None and FACTS.emulated is not None
    wanted = {*CPU.registers, *CPU.vector_registers, CPU.program_counter, *ALIASES}
    assert {*FACTS.hosted.words, *FACTS.hosted.vectors} == wanted
    assert set(FACTS.emulated.registers) == wanted


def test_the_names_are_unicorns_and_capstones() -> None:
    facts = FACTS.emulated
    assert facts is not None
    constants = importlib.import_module(facts.constants)
    for name in (*facts.registers.values(), facts.model, *facts.forbidden):
        assert isinstance(getattr(constants, name), int)
    for kind, what in facts.traps.values():
        assert kind == "interrupt" or isinstance(getattr(constants, str(what)), int)
    assert all(hasattr(unicorn, name) for name in (facts.arch, facts.mode))
    assert all(hasattr(capstone, name) for name in FACTS.disassembler)
    assert set(facts.traps) == set(CPU.traps)


def test_the_hosts_numbers_are_its_headers() -> None:
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if not header.is_file():
        pytest.skip("the kernel's headers are not on this machine (linux-libc-dev)")
    numbers = dict(re.findall(r"#define __NR_(\w+) (\d+)", header.read_text()))
    assert FACTS.hosted is not None
    for name, number in FACTS.hosted.calls.items():
        assert int(numbers[name]) == number, name
    assert FACTS.hosted.begin[1] == int(numbers["ptrace"])


def test_the_stubs_bytes_are_the_traps() -> None:
    assert FACTS.hosted is not None
    assert FACTS.hosted.stub.startswith(CPU.traps["syscall"].encoding)
    assert FACTS.hosted.stub[FACTS.hosted.stub_after_call :] in FACTS.hosted.breakpoints
    assert FACTS.hosted.page == (1 << FACTS.address_bits) - 0x2000  # the last page that Linux maps
