"""The userland machine: its engines against the bare processor and qemu-user, on the same freestanding programs.

Every program is built twice from one source: for the port's system calls, and for Linux's, which the rivals run.
Times are of whole runs, our machine's with everything on that a user has on (hostile, limits, dispatch).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.row import Row, at_least, below

from benchmarks import timing
from portwright.describe import port as ports
from portwright.describe import toolchain
from portwright.describe.port import Port
from portwright.run import machine
from portwright.run.events import Exited
from portwright.run.options import Options

CALLS = 100_000
CALLS_PER_SECOND = 32_000
TIMES = 3

SOURCE = """
#![allow(dead_code)]
#![no_std]
#![no_main]
use core::arch::{asm, global_asm};

global_asm!(".globl _start", "_start:", "xor ebp, ebp", "and rsp, -16", "call {start}", "ud2", start = sym start);

#[inline(always)]
unsafe fn call(number: usize, argument: usize) -> usize {
    let result;
    unsafe {
        asm!("syscall", inout("rax") number => result, in("rdi") argument, out("rcx") _, out("r11") _,
             out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
             out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
             out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _);
    }
    result
}

extern "C" fn start() -> ! {
    let right = work() == EXPECTED;
    loop {
        unsafe { call(EXIT, if right { 0 } else { 1 }) }; // an OS may be busy and refuse it
    }
}

#[unsafe(no_mangle)]
extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    unsafe { asm!("rep stosb", inout("rdi") to => _, inout("rcx") count => _, in("al") byte as u8) };
    to
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {
        unsafe { call(EXIT, 101) };
    }
}
"""

WORK = {
    "sieve": """
const EXPECTED: u64 = 283_146 * ROUNDS;
static mut SIEVE: [u8; 4 << 20] = [0; 4 << 20];
fn work() -> u64 {
    let sieve = unsafe { &mut *(&raw mut SIEVE) };
    let mut found = 0;
    for _ in 0..ROUNDS {
        sieve.fill(1);
        for number in 2..sieve.len() {
            if sieve[number] == 1 && number < 4_000_000 {
                found += 1;
                let mut multiple = number * number;
                while multiple < sieve.len() {
                    sieve[multiple] = 0;
                    multiple += number;
                }
            }
        }
    }
    found
}
""",
    "fib": """
const EXPECTED: u64 = 832_040 * ROUNDS;
#[inline(never)]
fn fib(n: u64) -> u64 {
    if core::hint::black_box(n) < 2 { n } else { fib(n - 1) + fib(n - 2) }
}
fn work() -> u64 {
    (0..ROUNDS).map(|_| fib(30)).sum()
}
""",
    "registers": """
const EXPECTED: u64 = ROUNDS;
fn work() -> u64 {
    let mut state = 1u64;
    for _ in 0..ROUNDS * 100_000_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    core::hint::black_box(state);
    ROUNDS
}
""",
    "calls": """
const EXPECTED: u64 = 0;
fn work() -> u64 {
    for _ in 0..COUNT {
        unsafe { call(CHEAP, 0) };
    }
    0
}
""",
    "nothing": """
const EXPECTED: u64 = 0;
fn work() -> u64 { 0 }
""",
}
LINUX = {"exit": 60, "process_id": 39}


@dataclass(frozen=True, slots=True)
class Built:
    """One program for the port and for the host."""

    port: Path
    host: Path


def build(port: Port, name: str, rounds: int, folder: Path) -> Built:
    """Compile a program for both sets of numbers."""
    found = {}
    offers = {operation: call.number for operation, (_, call) in port.ledger.offers.items()}
    for side, numbers in (("port", offers), ("host", LINUX)):
        constants = f"const EXIT: usize = {numbers['exit']};\nconst CHEAP: usize = {numbers['process_id']};\n"
        constants += f"const ROUNDS: u64 = {rounds};\nconst COUNT: usize = {CALLS};\n"
        source = folder / f"{name}-{rounds}-{side}.rs"
        source.write_text(SOURCE + constants + WORK[name])
        found[side] = source.with_suffix("")
        flags = ["-Copt-level=3", "-Cpanic=abort", "-Crelocation-model=static", "-Ctarget-cpu=x86-64"]
        for flag in (
            "-nostdlib",
            "-nostartfiles",
            "-static",
            "-no-pie",
            "-Wl,-z,max-page-size=4096,-z,separate-code",
        ):
            flags.append(f"-Clink-arg={flag}")
        tools = toolchain.find()
        argv = [str(tools.rustc), "--edition=2024", *flags, str(source), "-o", str(found[side])]
        variables = {**os.environ, **tools.variables()}
        done = subprocess.run(argv, capture_output=True, text=True, cwd=folder, env=variables)
        if done.returncode != 0:
            raise SystemExit(f"bench: cannot build {name}:\n{done.stderr[-3000:]}")
    return Built(found["port"], found["host"])


def ours(port: Port, program: Path, engine: str) -> float:
    """Seconds of the quickest of several runs in the machine."""
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        outcome = machine.run_program(port, program, Options(engine=engine, capture=True, seed=1))
        taken.append(time.perf_counter() - began)
        if outcome.end != Exited(0):
            raise SystemExit(f"bench: {program.name} on the {engine} engine: {outcome.end}")
    return min(taken)


def plain(program: Path) -> float:
    """Seconds on the bare processor."""
    return timing.best([str(program)], TIMES).seconds


def rows() -> list[Row]:
    """The goals of the native engine, then what Unicorn costs."""
    port = ports.load(timing.PORT)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        return [*native_rows(port, folder), *unicorn_rows(port, folder), *start_rows(port, folder)]


def native_rows(port: Port, folder: Path) -> list[Row]:
    """At least half as fast as the bare processor; 32,000 system calls a second."""
    found = []
    for name, rounds in (("sieve", 30), ("fib", 200)):
        program = build(port, name, rounds, folder)
        mine, bare = rounds / ours(port, program.port, "native"), rounds / plain(program.host)
        found.append(at_least(f"{name}, native engine", "plain native", mine, bare, "/s", times=0.5))
    program = build(port, "calls", 1, folder)
    mine, bare = CALLS / ours(port, program.port, "native"), CALLS / plain(program.host)
    goal = f">= {CALLS_PER_SECOND:,} /s"
    found.append(
        Row("system calls, native engine", "plain native", mine, bare, "/s", goal, mine >= CALLS_PER_SECOND)
    )
    return found


def unicorn_rows(port: Port, folder: Path) -> list[Row]:
    """Numbers to know: register, memory, call and system-call loops against qemu-user, or the bare processor."""
    qemu = shutil.which("qemu-x86_64")
    rival = "qemu-user" if qemu else "plain native (no qemu-x86_64 here)"
    found = []
    for title, name, rounds in (
        ("register loop", "registers", 2),
        ("memory loop (sieve)", "sieve", 10),
        ("call loop (fib)", "fib", 20),
    ):
        program = build(port, name, rounds, folder)
        argv = [qemu, str(program.host)] if qemu else [str(program.host)]
        theirs = timing.best(argv, TIMES).seconds
        mine = ours(port, program.port, "unicorn")
        found.append(Row(f"{title}, Unicorn", rival, rounds / mine, rounds / theirs, "/s", "to know", None))
    program = build(port, "calls", 1, folder)
    argv = [qemu, str(program.host)] if qemu else [str(program.host)]
    mine, theirs = CALLS / ours(port, program.port, "unicorn"), CALLS / timing.best(argv, TIMES).seconds
    found.append(Row("system calls, Unicorn", rival, mine, theirs, "/s", "to know", None))
    return found


def start_rows(port: Port, folder: Path) -> list[Row]:
    """From asking for a run to the end of a program that does nothing."""
    program = build(port, "nothing", 1, folder)
    bare = plain(program.host) * 1e3
    return [
        below(
            f"program start, {engine} engine",
            "plain native",
            ours(port, program.port, engine) * 1e3,
            bare,
            "ms",
            limit=50,
        )
        for engine in ("native", "unicorn")
    ]
