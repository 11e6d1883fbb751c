"""Freestanding Rust programs for Linux's own system calls: the host's kernel is the oracle for both engines.

No ledger and no operation takes part: a trap handler of three calls stands in for the kernel.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from portwright.describe.cpu import cpu
from portwright.describe.ledger import Memory
from portwright.describe.toolchain import Toolchain
from portwright.run import engine as engines
from portwright.run import loader
from portwright.run.address_space import AddressSpace
from portwright.run.engine import Setup
from portwright.run.entry import Given, build_stack
from portwright.run.hostility import Hostility

WRITE, EXIT = 1, 60
MEMORY = Memory(page_size=4096, stack_top=0x7FFD_0000_0000, stack_size=8 << 20, map_base=0x4000_0000_0000)
CPU = cpu("x86-64")

FRAME = """
#![no_std]
#![no_main]
use core::arch::{asm, global_asm};
use core::fmt::{self, Write};

global_asm!(".globl _start", "_start:", "mov rdi, rsp", "xor ebp, ebp", "and rsp, -16", "call {start}", "ud2",
            start = sym start);

unsafe fn call(number: usize, one: usize, two: usize, three: usize) -> isize {
    let result;
    unsafe {
        asm!("syscall", inout("rax") number => result, in("rdi") one, in("rsi") two, in("rdx") three,
             out("rcx") _, out("r11") _);
    }
    result
}

struct Out;
impl Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        unsafe { call(1, 1, text.as_ptr() as usize, text.len()) };
        Ok(())
    }
}

// The host's libcore was built to unwind; nothing here does.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() {}

extern "C" fn start(stack: *const usize) -> ! {
    let status = run(unsafe { *stack }, unsafe { stack.add(1) } as *const *const u8);
    unsafe { call(60, status, 0, 0) };
    loop {}
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    let _ = writeln!(Out, "{}", info.message());
    unsafe { call(60, 101, 0, 0) };
    loop {}
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    unsafe { asm!("rep stosb", inout("rdi") to => _, inout("rcx") count => _, in("al") byte as u8) };
    to
}
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    unsafe { asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") count => _) };
    to
}
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if (to as usize) < from as usize {
        return unsafe { memcpy(to, from, count) };
    }
    let (last, from) = (to.wrapping_add(count).wrapping_sub(1), from.wrapping_add(count).wrapping_sub(1));
    unsafe { asm!("std", "rep movsb", "cld", inout("rdi") last => _, inout("rsi") from => _, inout("rcx") count => _) };
    to
}
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut count = 0;
    while unsafe { text.add(count).read_volatile() } != 0 { count += 1; }
    count
}
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    let mut index = 0;
    while index < count {
        let (a, b) = unsafe { (one.add(index).read_volatile(), other.add(index).read_volatile()) };
        if a != b { return a as i32 - b as i32; }
        index += 1;
    }
    0
}
"""

PROGRAMS = {
    "numbers": """
fn run(_: usize, _: *const *const u8) -> usize {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = || { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state };
    let (mut sum, mut wide, mut float) = (0u64, 1u128, 1.0f64);
    for _ in 0..20_000 {
        let (a, b) = (next(), next() | 1);
        sum = sum.rotate_left(7) ^ (a / b) ^ (a % b) ^ a.leading_zeros() as u64 ^ (b.count_ones() as u64) << 9;
        wide = wide.wrapping_mul(a as u128 | 1) ^ (wide / (b as u128 + 1));
        float = (float * (a as f64 / b as f64)).abs() % 1e9 + 1e-3;
    }
    let _ = writeln!(Out, "{sum:#x} {wide:#x} {float:.17e} {:?} {}", 0.1f32 + 0.2f32, f64::NAN.max(2.5));
    let _ = writeln!(Out, "{:?} {:?}", "-1.7976931348623157e308".parse::<f64>(), i128::MIN);
    0
}
""",
    "sorting": """
static mut NUMBERS: [u32; 50_000] = [7; 50_000];
static TABLE: [u16; 4] = [1, 10, 100, 1000];
fn run(_: usize, _: *const *const u8) -> usize {
    let numbers = unsafe { &mut *(&raw mut NUMBERS) };
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = number.wrapping_mul(2_654_435_761).wrapping_mul(index as u32 ^ 0x5bd1_e995);
    }
    numbers.sort_unstable();
    let rising = numbers.windows(2).all(|pair| pair[0] <= pair[1]);
    let place = numbers.binary_search(&numbers[777]).is_ok();
    let _ = writeln!(Out, "{rising} {place} {} {} {:?}", numbers[0], numbers[49_999], TABLE);
    7
}
""",
    "stack": """
fn deep(depth: u32, text: &[u8; 256]) -> u32 {
    let mut mine = *text;
    mine[depth as usize % 256] ^= depth as u8;
    if depth == 0 { mine.iter().map(|&b| b as u32).sum() } else { deep(depth - 1, &mine) + mine[0] as u32 }
}
fn run(count: usize, arguments: *const *const u8) -> usize {
    for index in 0..count {
        let text = unsafe { core::ffi::CStr::from_ptr(*arguments.add(index) as *const _) };
        let _ = writeln!(Out, "{index} {:?}", text);
    }
    let _ = writeln!(Out, "{}", deep(10_000, &[3; 256]));
    count
}
""",
    "panic": """
fn run(count: usize, _: *const *const u8) -> usize {
    let numbers = [1, 2, 3];
    numbers[core::hint::black_box(count + 5)]
}
""",
}


@pytest.fixture(scope="module")
def built(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The programs, compiled once."""
    if shutil.which("cc") is None:
        pytest.skip("cc: rustc needs a C compiler to link programs for the host")
    folder = tmp_path_factory.mktemp("programs")
    links = ("-nostdlib", "-nostartfiles", "-static", "-no-pie", "-Wl,-z,max-page-size=4096,-z,separate-code")
    flags = [
        "-Copt-level=2",
        "-Cpanic=abort",
        "-Crelocation-model=static",
        *(f"-Clink-arg={a}" for a in links),
    ]
    found = {}
    for name, text in PROGRAMS.items():
        source = folder / f"{name}.rs"
        source.write_text(FRAME + text)
        argv = [toolchain.rustc, "--edition=2024", *flags, source, "-o", folder / name]
        done = subprocess.run(
            argv, capture_output=True, text=True, cwd=folder, env={**os.environ, **toolchain.variables()}
        )
        assert done.returncode == 0, done.stderr
        found[name] = folder / name
    return found


def run(program: Path, name: str, arguments: list[bytes]) -> tuple[int, bytes]:
    """Load and run a program on an engine with a kernel of three calls; its status and output."""
    image = loader.plan(program.read_bytes(), program.name, loader.rules_of(CPU, ["elf-exec"], MEMORY))
    engine = engines.create(Setup("x86-64", "syscall"), name)
    written: list[bytes] = []
    try:
        space = AddressSpace(engine, MEMORY, 64, Hostility(5), 1 << 30)
        loader.place(image, space)
        space.map_stack()
        items = ["argc", "argv", "null", "envp", "null", "auxv", "pad", "strings"]
        stack = build_stack(items, 16, CPU, MEMORY.stack_top, Given(arguments, []), bytes(16))
        engine.write(stack.pointer, stack.content)
        engine.set({"pc": image.entry, "sp": stack.pointer})

        def on_trap() -> bool:
            number, _, address, length = engine.get(["rax", "rdi", "rsi", "rdx"])
            if number == WRITE:
                written.append(engine.read(address, length))
                engine.set({"rax": length, "rcx": 1 << 62, "r11": 1})
            return number != EXIT

        stop = engine.run(on_trap)
        assert stop.reason == "trap-ended", stop
        return engine.get(["rdi"])[0], b"".join(written)
    finally:
        engine.close()


@pytest.mark.toolchain
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_does_what_it_does_on_the_host(built: dict[str, Path], name: str, program: str) -> None:
    arguments = [b"first", b"", "ünïcode".encode()]
    host = subprocess.run(arguments, executable=built[program], capture_output=True, timeout=60)
    assert host.stdout
    assert run(built[program], name, arguments) == (host.returncode, host.stdout)
