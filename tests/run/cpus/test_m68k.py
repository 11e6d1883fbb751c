"""The facts of the 68000 family for the engines, held against Unicorn: what code sees, traps, faults, the carry."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import capstone
import pytest
import unicorn

from portwright.describe.cpu import cpu
from portwright.run import engine as engines
from portwright.run.cpu import engine_cpu
from portwright.run.engine import Access, Engine, Setup, Stop

FACTS = engine_cpu("m68k")
CPU = cpu("m68k")
SETUP = Setup("m68k", "trap #4", 8192)
CODE, DATA, ABSENT = 0x4000, 0x8000, 0x6000_0000
TRAP, NOP = "4e44", "4e71"
STACK = DATA + 0x2000


@pytest.fixture
def engine() -> Iterator[Engine]:
    if reason := engines.serves("unicorn", SETUP):
        pytest.skip(f"unicorn engine: {reason}")
    made = engines.create(SETUP, "unicorn")
    made.map(CODE, 0x2000, Access.READ | Access.EXECUTE)
    made.map(DATA, 0x2000, Access.READ | Access.WRITE)
    yield made
    made.close()


def run(engine: Engine, code: str, **registers: int) -> Stop:
    engine.write(CODE, bytes.fromhex(code))
    engine.set({"sp": STACK, **registers, "pc": CODE})
    return engine.run(lambda: False)


def test_every_register_is_the_one_that_code_sees(engine: Engine) -> None:
    """Each is set by name and stored by code, as one list; then changed by code and read by name."""
    code = "48f9 ffff 00008000"  # movem.l %d0-%d7/%a0-%a7,DATA
    code += "".join(f"{0x5280 | n:04x}" for n in range(8))  # addq.l #1,%dN
    code += "".join(f"{0x5288 | n:04x}" for n in range(8))  # addq.l #1,%aN
    values = {name: 0x8111_0000 + place for place, name in enumerate(CPU.registers)}
    assert run(engine, code + TRAP, **{**values, "sp": STACK - 64}).reason == "trap-ended"
    values["sp"] = STACK - 64
    stored = engine.read(DATA, 64)
    for place, name in enumerate(CPU.registers):
        assert int.from_bytes(stored[4 * place : 4 * place + 4], "big") == values[name], name
    assert engine.get(CPU.registers) == [values[name] + 1 for name in CPU.registers]
    assert engine.get(["pc"]) == [CODE + len(bytes.fromhex(code)) + 2]


def test_the_stack_pointer_is_the_programs_from_the_start(engine: Engine) -> None:
    """A CPU that begins as a supervisor has another one."""
    assert run(engine, "2f00" + TRAP, d0=0x1234_5678).reason == "trap-ended"  # move.l %d0,-(%sp)
    assert engine.read(STACK - 4, 4).hex() == "12345678"


@pytest.mark.parametrize("flags", range(32))
def test_code_sees_the_flags_that_are_set(engine: Engine, flags: int) -> None:
    code = "4e44 55c1 42c0 4e44"  # trap; scs %d1; move %ccr,%d0; trap
    engine.write(CODE, bytes.fromhex(code))
    engine.set({"pc": CODE, "sp": STACK, "d0": 0xFFFF_FFFF, "d1": 0})
    assert engine.run(lambda: False).reason == "trap-ended"
    engine.set({"flags": flags})
    assert engine.run(lambda: False).reason == "trap-ended"
    assert engine.get(["d0", "d1"]) == [0xFFFF_0000 | flags, 0xFF if flags & (FACTS.carry_flag or 0) else 0]


def test_atomic_instructions_bit_fields_and_floats(engine: Engine) -> None:
    # cas.l %d0,%d1,(%a0); tas 4(%a0); bfextu %d2{4:8},%d3; fmove.s #2,%fp0; fmul.x %fp0,%fp0; fmove.l %fp0,%d4
    code = "0ed0 0040 4ae8 0004 e9c2 3108 f23c 4400 40000000 f200 0023 f204 6000" + TRAP
    assert run(engine, code, d0=0, d1=9, d2=0x0AB0_0000, a0=DATA).reason == "trap-ended"
    assert engine.read(DATA, 5).hex() == "0000000980"
    assert engine.get(["d3", "d4"]) == [0xAB, 4]


# fmt: off
FAULTS = {
    "illegal": ("4afc", "illegal"),
    "illegal behind a trap": ("4e44 4afc", "illegal"),
    "line a": ("a123", "illegal"),
    "line f": ("ffff", "illegal"),
    "divu.w": ("80fc 0000", "divide"),
    "move to sr": ("46fc 2700", "illegal"),
    "rte": ("4e73", "illegal"),
    "stop": ("4e72 2000", "illegal"),
    "movec vbr": ("4e7a 0801", "illegal"),
    "trap of another system": ("4e40", "other"),
    "trap of another system behind one": ("4e44 4e40", "other"),
}
# fmt: on


@pytest.mark.parametrize("name", FAULTS)
def test_faults_say_their_instruction(engine: Engine, name: str) -> None:
    code, kind = FAULTS[name]
    engine.write(CODE, bytes.fromhex(NOP + code))
    engine.set({"pc": CODE, "sp": STACK})
    stop = engine.run(lambda: True)
    place = CODE + 2 + (2 if code.startswith("4e44") else 0)
    assert (stop.reason, stop.fault, stop.pc) == ("fault", kind, place), stop
    assert engine.get(["pc"]) == [place]


@pytest.mark.parametrize(("code", "kind"), [("2010", "read"), ("2080", "write"), ("4ed0", "execute")])
def test_bad_accesses_say_their_address(engine: Engine, code: str, kind: str) -> None:
    stop = run(engine, NOP + code, a0=ABSENT + 8)
    assert (stop.reason, stop.fault, stop.address) == ("fault", kind, ABSENT + 8)


def test_a_copy_has_flags_registers_and_memory(engine: Engine) -> None:
    code = "4e44 55c1 4e44"  # trap; scs %d1; trap
    assert run(engine, code, d1=0, a3=0x77).reason == "trap-ended"
    engine.set({"flags": 1, "thread-pointer": DATA})
    copy = engine.fork()
    try:
        engine.set({"flags": 0})
        assert copy.run(lambda: False).reason == "trap-ended"
        assert copy.get(["d1", "a3", "sp", "thread-pointer"]) == [0xFF, 0x77, STACK, DATA]
    finally:
        copy.close()


def test_a_loop_without_end_is_interrupted(engine: Engine) -> None:
    import threading

    timer = threading.Timer(0.05, engine.interrupt)
    timer.start()
    assert run(engine, "60fe").reason == "interrupted"
    timer.join()


def test_the_names_are_unicorns_and_capstones() -> None:
    facts = FACTS.emulated
    assert facts is not None and FACTS.hosted is None
    constants = importlib.import_module(facts.constants)
    for name in (*facts.registers.values(), facts.model, *facts.forbidden):
        assert isinstance(getattr(constants, name), int)
    assert all(hasattr(unicorn, name) for name in (facts.arch, facts.mode))
    machine = capstone.Cs(*(getattr(capstone, name) for name in FACTS.disassembler))
    shown = next(machine.disasm(bytes.fromhex("0ed00040"), CODE))
    assert f"{shown.mnemonic} {shown.op_str}" == "cas.l d0, d1, (a0)"
    assert set(facts.traps) == set(CPU.traps)
    wanted = {*CPU.registers, *CPU.vector_registers, CPU.program_counter, "flags"}
    assert set(facts.registers) == wanted
