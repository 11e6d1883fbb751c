"""The facts of AArch64 for the engines, held against Unicorn: what code sees, what a program may not do, faults."""

from __future__ import annotations

import importlib
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import capstone
import pytest
import unicorn

import std_oracle
from port_copies import quick
from portwright.describe import port as ports
from portwright.describe.cpu import cpu
from portwright.describe.toolchain import Toolchain
from portwright.run import engine as engines
from portwright.run import machine
from portwright.run.cpu import engine_cpu
from portwright.run.engine import Access, Engine, Setup, Stop
from portwright.run.events import Died
from portwright.run.options import Options

FACTS = engine_cpu("aarch64")
CPU = cpu("aarch64")
SETUP = Setup("aarch64", "svc #0")
CODE, DATA, ABSENT = 0x40_0000, 0x50_0000, 0x60_0000
SVC, NOP = 0xD400_0001, 0xD503_201F
Words = Callable[..., Stop]


@pytest.fixture
def engine() -> Iterator[Engine]:
    if reason := engines.serves("unicorn", SETUP):
        pytest.skip(f"unicorn engine: {reason}")
    made = engines.create(SETUP, "unicorn")
    made.map(CODE, 0x1000, Access.READ | Access.EXECUTE)
    made.map(DATA, 0x1000, Access.READ | Access.WRITE)
    yield made
    made.close()


def run(engine: Engine, *words: int, **registers: int) -> Stop:
    engine.write(CODE, struct.pack(f"<{len(words)}I", *words))
    engine.set({**registers, "pc": CODE})
    return engine.run(lambda: False)


def test_every_register_is_the_one_that_code_sees(engine: Engine) -> None:
    """Each is set by name and stored by code; then changed by code and read by name."""
    words = [0xF900_0380 | n | (n << 10) for n in range(28)]  # str xN, [x28, #8N]
    words += [0x3D80_0380 | n | ((16 + n) << 10) for n in range(32)]  # str qN, [x28, #256 + 16N]
    words += [0x9100_0400 | n | (n << 5) for n in range(31)]  # add xN, xN, #1
    words += [0x9100_43FF]  # add sp, sp, #16
    values = {f"x{n}": 0x1111_0000_0000_0000 + n for n in range(31)} | {"x28": DATA, "sp": DATA + 0x800}
    vectors = {f"v{n}": (n + 1) << 120 | n for n in range(32)}
    assert run(engine, *words, SVC, **values, **vectors).reason == "trap-ended"
    stored = engine.read(DATA, 768)
    for n in range(28):
        assert int.from_bytes(stored[8 * n : 8 * n + 8], "little") == values[f"x{n}"], n
    for n in range(32):
        assert int.from_bytes(stored[256 + 16 * n : 272 + 16 * n], "little") == vectors[f"v{n}"], n
    assert engine.get([f"x{n}" for n in range(31)]) == [values[f"x{n}"] + 1 for n in range(31)]
    assert engine.get(["sp", "pc"]) == [DATA + 0x810, CODE + 4 * len(words) + 4]


def test_the_thread_pointer_and_the_carry_flag(engine: Engine) -> None:
    write, read = 0xD51B_D040, 0xD53B_D041  # msr tpidr_el0, x0; mrs x1, tpidr_el0
    assert run(engine, read, SVC, **{"thread-pointer": DATA}).reason == "trap-ended"
    assert engine.get(["x1"]) == [DATA]
    assert run(engine, write, SVC, x0=DATA + 8).reason == "trap-ended"
    assert engine.get(["thread-pointer"]) == [DATA + 8]
    choose = 0x9A9F_37E0  # cset x0, cs
    assert FACTS.carry_flag is not None
    for flags, seen in ((FACTS.carry_flag, 1), (0, 0)):
        run(engine, choose, SVC, flags=flags)
        assert engine.get(["x0"]) == [seen]


# fmt: off
FAULTS = {
    "brk": ((NOP, 0xD420_0020), "breakpoint", 4),
    "udf": ((NOP, 0), "illegal", 4),
    "udf behind a trap": ((SVC, 0), "illegal", 4),
    "mrs x0, sctlr_el1": ((NOP, 0xD538_1000), "illegal", 4),
    "msr daifset, #2": ((NOP, 0xD503_42DF), "illegal", 4),
    "hvc #0": ((NOP, 0xD400_0002), "illegal", 4),
    "eret": ((NOP, 0xD69F_03E0), "illegal", 4),
    "ldxr of an odd address": ((0x9100_0420, 0xC85F_7C01), "alignment", 4),
}
# fmt: on


@pytest.mark.parametrize("name", FAULTS)
def test_faults_say_their_instruction(engine: Engine, name: str) -> None:
    words, kind, place = FAULTS[name]
    engine.write(CODE, struct.pack(f"<{len(words)}I", *words))
    engine.set({"pc": CODE, "x1": DATA})
    stop = engine.run(lambda: True)
    assert (stop.reason, stop.fault, stop.pc) == ("fault", kind, CODE + place)


@pytest.mark.parametrize(
    ("word", "kind"), [(0xF940_0001, "read"), (0xF900_0001, "write"), (0xD61F_0000, "execute")]
)
def test_bad_accesses_say_their_address(engine: Engine, word: int, kind: str) -> None:
    stop = run(engine, NOP, word, x0=ABSENT + 8)
    assert (stop.reason, stop.fault, stop.address) == ("fault", kind, ABSENT + 8)


@pytest.mark.parametrize(
    ("name", "word"),
    {"dup v0.2d, x0": 0x4E08_0C00, "mrs x1, cntvct_el0": 0xD53B_E041, "mrs x1, ctr_el0": 0xD53B_0021,
     "dc zva, x0": 0xD50B_7420, "msr fpcr, xzr": 0xD51B_441F, "isb": 0xD503_3FDF, "yield": 0xD503_203F}.items(),
)  # fmt: skip
def test_what_kernels_let_programs_do(engine: Engine, name: str, word: int) -> None:
    assert run(engine, word, SVC, x0=DATA).reason == "trap-ended", name


def test_the_names_are_unicorns_and_capstones() -> None:
    facts = FACTS.emulated
    assert facts is not None and FACTS.hosted is None
    constants = importlib.import_module(facts.constants)
    for name in (*facts.registers.values(), facts.model, *facts.forbidden):
        assert isinstance(getattr(constants, name), int)
    assert all(hasattr(unicorn, name) for name in (facts.arch, facts.mode))
    assert all(hasattr(capstone, name) for name in FACTS.disassembler)
    assert set(facts.traps) == set(CPU.traps)
    wanted = {*CPU.registers, *CPU.vector_registers, CPU.program_counter, "flags", "thread-pointer"}
    assert set(facts.registers) == wanted


CRASH = """
#[inline(never)]
fn leaf(place: usize) -> u64 { unsafe { std::arch::asm!("ldr {0}, [{0}]", inout(reg) place as u64 => _); } 7 }
#[inline(never)]
fn middle(place: usize) -> u64 { leaf(place) + std::hint::black_box(1) }
fn main() { println!("{}", middle(8 * std::env::args().count())); }
"""


@pytest.mark.e2e
@pytest.mark.toolchain
def test_a_backtrace_begins_in_a_function_that_calls_none(toolchain: Toolchain, tmp_path: Path) -> None:
    """Its return address is in a register, and nowhere on the stack."""
    source = tmp_path / "crash.rs"
    source.write_text(CRASH)
    port = ports.load(str(quick("aarch64-portwright-linux")))
    binary = std_oracle.Oracle(port, toolchain).build(source)
    end = machine.run_program(port, binary, Options(capture=True, stdin=b"", seed=1)).end
    assert isinstance(end, Died) and end.report.kind == "bad-access" and "read of 0x8" in end.report.what
    frames = [(frame.symbol, frame.guess) for frame in end.report.backtrace[:3]]
    assert frames == [("crash::leaf", False), ("crash::middle", False), ("crash::main", False)]
