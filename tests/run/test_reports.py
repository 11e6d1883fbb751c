"""Reports: where a crash is in the source, how the program got there, whatever its stack holds."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.describe.cpu import cpu
from portwright.describe.toolchain import Toolchain
from portwright.formats import elf as elves
from portwright.run import engine as engines
from portwright.run import machine
from portwright.run.cpu import engine_cpu
from portwright.run.engine import Access, Setup
from portwright.run.events import Died
from portwright.run.options import Options
from portwright.run.symbols import Symbols
from portwright.run.unwind import Unwinder

CODE, STACK = 0x40_0000, 0x7000_0000
WORD = (1 << 64) - 1

CRASH = """
#![no_std]
#![no_main]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }

#[inline(never)]
fn deepest(value: u64) -> u64 {
    if value == 7 {
        unsafe { core::arch::asm!("ud2") } // line 10
    }
    value + 1
}

#[inline(never)]
fn middle(value: u64) -> u64 {
    let room = [value; 20];
    deepest(core::hint::black_box(room)[3]) + 2 // line 18
}

#[no_mangle]
extern "C" fn start() -> ! {
    core::hint::black_box(middle(core::hint::black_box(7))); // line 23
    loop {}
}

core::arch::global_asm!(".globl _start", "_start:", "call start");
"""


def compiled(toolchain: Toolchain, folder: Path, *flags: str) -> Path:
    """The crashing program for the host's bare CPU (its ELF is what the port's is)."""
    source, binary = folder / "crash.rs", folder / "crash"
    source.write_text(CRASH)
    link = ("linker-flavor=ld.lld", "default-linker-libraries=no", "link-arg=-static")
    argv = [str(toolchain.rustc), "--edition", "2021", "-O", "-g", "-C", "panic=abort", *flags]
    argv += ["-C", "relocation-model=static", "-C", f"linker={toolchain.lld}"]
    argv += [word for option in link for word in ("-C", option)]
    subprocess.run([*argv, str(source), "-o", str(binary)], check=True, env=toolchain.variables())
    return binary


@pytest.mark.toolchain
@pytest.mark.parametrize("engine", ["native", "unicorn"])
@pytest.mark.parametrize("way", ["force-unwind-tables=yes", "force-frame-pointers=yes"])
def test_a_crash_has_symbols_lines_and_callers(
    toolchain: Toolchain, veridian, tmp_path: Path, engine: str, way: str
) -> None:
    if (reason := engines.serves(engine, Setup("x86-64", "syscall"))) is not None:
        pytest.skip(f"{engine} engine: {reason}")
    if toolchain.lld is None or not toolchain.host.startswith("x86_64"):
        pytest.skip(f"toolchain: no LLD, or a host that is no x86-64 ({toolchain.host})")
    other = ["-C", "force-unwind-tables=no"] if way.startswith("force-frame") else []
    binary = compiled(toolchain, tmp_path, "-C", way, *other)
    outcome = machine.run_program(veridian, binary, Options(engine=engine, capture=True))
    assert isinstance(outcome.end, Died) and outcome.end.signal == 4
    report = outcome.end.report
    assert report.instruction == "ud2"
    frames = [(f.symbol, f.line, f.guess) for f in report.backtrace[:3]]
    assert frames == [
        ("crash::deepest", "crash.rs:10", False),
        ("crash::middle", "crash.rs:18", False),
        ("start", "crash.rs:23", False),
    ]


# --- the parts, with memory made by hand


def with_symbols(names: dict[str, tuple[int, int]]) -> elves.Elf:
    """An ELF program of one page of code at CODE with these function symbols (address, size)."""
    strings = bytearray(b"\0")
    symbols = bytearray(24)
    for name, (value, size) in names.items():
        symbols += struct.pack("<IBBHQQ", len(strings), 2, 0, 1, value, size)
        strings += name.encode() + b"\0"
    section_names = b"\0.symtab\0.strtab\0"
    at = 0x1000 + 0x1000
    rows = [
        (0, 0, 0, 0, 0, 0, 0, 0),
        (1, 2, 0, at, len(symbols), 2, 1, 24),
        (9, 3, 0, at + len(symbols), len(strings), 0, 0, 0),
        (9, 3, 0, at + len(symbols) + len(strings), len(section_names), 0, 0, 0),
    ]
    sections = b"".join(
        struct.pack("<IIQQQQIIQQ", name, kind, 0, address, offset, size, link, info, 1, entry)
        for name, kind, address, offset, size, link, info, entry in rows
    )
    table_at = at + len(symbols) + len(strings) + len(section_names)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        *(b"\x7fELF\x02\x01\x01", 2, 62, 1, CODE, 64, table_at, 0, 64, 56, 1, 64, len(rows), 3),
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0x1000, CODE, CODE, 0x1000, 0x1000, 0x1000)
    body = bytes(symbols) + bytes(strings) + section_names + sections
    return elves.read((header + segment).ljust(0x1000, b"\0") + bytes(0x1000) + body)


def test_symbols_name_addresses_with_their_offsets() -> None:
    symbols = Symbols(with_symbols({"_ZN3foo3barE": (CODE, 16), "baz": (CODE + 32, 8)}), 0)
    assert (symbols.frame(CODE + 5).symbol, symbols.frame(CODE + 5).offset) == ("foo::bar", 5)
    assert symbols.frame(CODE + 20).symbol is None, "between two functions"
    assert symbols.frame(CODE + 39).symbol == "baz"
    assert symbols.frame(0x1234).symbol is None
    assert symbols.is_code(CODE + 4095) and not symbols.is_code(CODE + 4096)
    moved = Symbols(with_symbols({"f": (CODE, 16)}), 0x10_0000)
    assert moved.frame(CODE + 0x10_0004).symbol == "f"


@pytest.fixture
def unwinder(make_guest):
    """An unwinder over a fake engine with a page of code full of calls, and a stack."""
    guest = make_guest()
    engine = guest.engine
    engine.map(CODE, 0x1000, Access.READ | Access.EXECUTE)
    engine.map(STACK, 0x4000, Access.READ | Access.WRITE)
    engine.write(
        CODE, b"\x90\x90\x90\xe8\0\0\0\0" * 512
    )  # a call, and behind it at every eighth byte a return
    elf = with_symbols({})
    symbols = Symbols(elf, 0)
    machine_facts = engine_cpu("x86-64").unwinding
    return engine, Unwinder(engine, cpu("x86-64"), machine_facts, elf, 0, symbols.is_code)


def words(engine, address: int, *values: int) -> None:
    engine.write(address, struct.pack(f"<{len(values)}Q", *values))


def test_frame_pointers_are_followed_to_their_end(unwinder) -> None:
    engine, unwind = unwinder
    words(engine, STACK + 0x100, STACK + 0x200, CODE + 64)
    words(engine, STACK + 0x200, 0, CODE + 128)
    engine.set({"rbp": STACK + 0x100, "sp": STACK + 0x80})
    assert unwind.frames(pc=CODE + 8) == [(CODE + 8, False), (CODE + 64, False), (CODE + 128, False)]


def test_a_frame_pointer_that_points_to_itself_ends(unwinder) -> None:
    engine, unwind = unwinder
    words(engine, STACK + 0x100, STACK + 0x100, CODE + 64)
    engine.set({"rbp": STACK + 0x100, "sp": STACK + 0x80})
    assert len(unwind.frames(pc=CODE + 8)) < 40


def test_what_looks_like_a_return_is_a_guess(unwinder) -> None:
    engine, unwind = unwinder
    engine.set({"rbp": 0xDEAD, "sp": STACK + 0x100})
    words(engine, STACK + 0x100, 5, CODE + 64, CODE + 65, 0x1234, CODE + 128, CODE + 3)
    assert unwind.frames(pc=CODE + 8) == [(CODE + 8, False), (CODE + 64, True), (CODE + 128, True)]


@given(st.binary(min_size=64, max_size=64), st.integers(0, WORD), st.integers(0, WORD), st.integers(0, WORD))
def test_no_stack_is_too_broken(data: bytes, pc: int, frame: int, stack: int) -> None:
    class Engine:
        def get(self, names):
            return [{"rbp": frame, "sp": stack}.get(name, frame) for name in names]

        def read(self, address: int, length: int) -> bytes:
            if address % 7 == 0:
                raise engines.BadAddress(address)
            return (data * 2)[address % 64 : address % 64 + length]

    facts = engine_cpu("x86-64").unwinding
    elf = with_symbols({})
    found = Unwinder(Engine(), cpu("x86-64"), facts, elf, 0, lambda address: True).frames(pc=pc)  # type: ignore
    assert found[0] == (pc, False) and len(found) < 60


def test_a_report_comes_out_of_a_program_without_symbols(assembly, run_assembly) -> None:
    outcome = run_assembly(assembly.move("rbp", 0x1234).move("rsp", 0x10).raw("e8000000000f0b"))
    assert isinstance(outcome.end, Died)
    assert outcome.end.report.backtrace[0].symbol is None and outcome.end.report.instruction.startswith(
        "call"
    )


def test_a_jump_into_nothing_has_no_instruction_but_a_report(assembly, run_assembly) -> None:
    outcome = run_assembly(assembly.move("rax", 0x1234_5000).raw("ffd0 90"))
    assert isinstance(outcome.end, Died)
    report = outcome.end.report
    assert report.what == "jump to 0x12345000" and report.instruction == ""
    assert (report.backtrace[1].address, report.backtrace[1].guess) == (CODE + 12, True)
