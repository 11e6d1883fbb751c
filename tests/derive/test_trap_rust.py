"""Trap functions: what `asm!` is told is the ledger's convention, and the result works on this machine's kernel."""

from __future__ import annotations

import dataclasses
import os
import platform
import re
import subprocess
from pathlib import Path

import pytest

from portwright.base.errors import PortwrightError
from portwright.derive.trap_rust import cloning_trap, leaving_trap, trap_functions
from portwright.describe import cpu as cpus
from portwright.describe import port as ports
from portwright.describe.cpu import Cpu, RustAsm
from portwright.describe.ledger import Ledger
from portwright.describe.toolchain import Toolchain

X86 = cpus.cpu("x86-64")
LINUX = {
    "number": "rax",
    "arguments": ["rdi", "rsi", "rdx", "r10", "r8", "r9"],
    "result": "rax",
    "clobbers": ["rcx", "r11"],
}
# Linux's 32-bit calls, which a 64-bit program can make too: their first register is one that `asm!` refuses.
LINUX_32 = {
    "trap": "int 0x80",
    "number": "rax",
    "arguments": ["rbx", "rcx", "rdx", "rsi", "rdi", "rbp"],
    "result": "rax",
    "clobbers": ["r8", "r9", "r10", "r11"],
}


def ledger(**abi: object) -> Ledger:
    """VeridianOS's ledger with another convention."""
    real = ports.load("x86_64-unknown-veridian").ledger
    return real.model_copy(update={"abi": real.abi.model_copy(update=abi)})


def function(text: str, name: str) -> str:
    """One function's text."""
    return text[text.index(f"pub unsafe fn {name}(") :].split("\n}\n")[0]


def test_one_function_for_each_count() -> None:
    """From none to as many as the ledger has registers, each taking the number first."""
    text = trap_functions(ledger(), X86)
    assert re.findall(r"pub unsafe fn (trap\d)", text) == [f"trap{count}" for count in range(6)]
    assert "trap2(number: usize, a0: usize, a1: usize) -> isize" in text
    assert trap_functions(ledger(), X86) == text


def test_operands_are_the_convention() -> None:
    """Inputs, the result, and everything that a call destroys: unused argument registers are not touched."""
    body = function(trap_functions(ledger(), X86), "trap2")
    assert '"syscall"' in body
    assert 'inlateout("rax") number as isize => result' in body
    assert 'in("rdi") a0' in body and 'in("rsi") a1' in body and '"rdx"' not in body
    for register in ["rcx", "r11", *(f"xmm{number}" for number in range(16))]:
        assert f'lateout("{register}") _' in body
    assert "preserves_flags" in body


def test_the_trap_s_own_clobbers_are_never_forgotten() -> None:
    """A ledger that forgets them is a fault of the ledger, not one of the program."""
    assert 'lateout("r11") _' in trap_functions(ledger(clobbers=[]), X86)


def test_an_argument_register_that_is_destroyed() -> None:
    """It goes in, and what comes out is thrown away."""
    body = function(trap_functions(ledger(clobbers=["rcx", "r11", "rdi"]), X86), "trap1")
    assert 'inlateout("rdi") a0 => _' in body and 'in("rdi")' not in body


def test_flags() -> None:
    """Where a call destroys the flags, or tells failure by one, the compiler must not keep any."""
    assert "preserves_flags" not in trap_functions(ledger(flags="destroyed"), X86)
    assert "preserves_flags" not in trap_functions(ledger(error="carry"), X86)


def test_a_cpu_without_the_facts_says_which_to_add() -> None:
    """Missing facts of a CPU are named, with their place."""
    bare = Cpu(
        **{name: getattr(X86, name) for name in X86.__dataclass_fields__ if name != "rust_asm"},
        rust_asm=RustAsm(refused=("rbx",)),
    )
    with pytest.raises(PortwrightError, match="`rbx`"):
        trap_functions(ledger(**LINUX_32), bare)
    with pytest.raises(PortwrightError, match="negate_on_carry"):
        trap_functions(ledger(error="carry"), bare)


def build(toolchain: Toolchain, folder: Path, traps: str, main: str) -> Path:
    """A program for this machine."""
    source = folder / "main.rs"
    source.write_text(f"#![deny(warnings)]\n#![allow(dead_code)]\nmod trap {{\n{traps}}}\n{main}")
    argv = [str(toolchain.rustc), "--edition", "2024", "-O", "-o", str(folder / "main"), str(source)]
    variables = {**os.environ, **toolchain.variables()}
    built = subprocess.run(argv, env=variables, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder / "main"


on_linux = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="makes calls of Linux on x86-64"
)


@on_linux
@pytest.mark.toolchain
def test_traps_work_on_a_real_kernel(toolchain: Toolchain, tmp_path: Path) -> None:
    """With Linux's convention: getpid, write, a failing close, and mmap with all six arguments."""
    main = """
fn main() {
    let text = b"through the trap\\n";
    unsafe {
        assert_eq!(trap::trap0(39), std::process::id() as isize);
        assert_eq!(trap::trap3(1, 1, text.as_ptr() as usize, text.len()), text.len() as isize);
        assert_eq!(trap::trap1(3, 12345), -9);
        let page = trap::trap6(9, 0, 4096, 3, 0x22, usize::MAX, 0);
        assert!(page > 0);
        *(page as *mut u8) = 7;
        assert_eq!(trap::trap2(11, page as usize, 4096), 0);
    }
}
"""
    program = build(toolchain, tmp_path, trap_functions(ledger(**LINUX), X86), main)
    ran = subprocess.run([program], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "through the trap\n"), ran.stderr


@on_linux
@pytest.mark.toolchain
def test_refused_registers_reach_the_kernel(toolchain: Toolchain, tmp_path: Path) -> None:
    """rbx and rbp, which `asm!` refuses, by the exchange; Linux's 32-bit calls take their arguments there."""
    main = """
#[inline(never)]
fn alarm(seconds: usize) -> isize {
    unsafe { trap::trap6(27, seconds, 0, 0, 0, 0, 0) }
}
fn main() {
    assert_eq!(alarm(100), 0);
    let left = alarm(0);
    assert!((99..=100).contains(&left), "{left}");
    assert_eq!(unsafe { trap::trap1(6, 12345) }, -9);
}
"""
    program = build(toolchain, tmp_path, trap_functions(ledger(**LINUX_32), X86), main)
    ran = subprocess.run([program], capture_output=True, text=True)
    if ran.returncode == -11:
        pytest.skip("int 0x80: this kernel has no 32-bit calls")
    assert ran.returncode == 0, ran.stderr


@on_linux
@pytest.mark.toolchain
def test_a_failure_by_carry_is_a_negative_number(toolchain: Toolchain, tmp_path: Path) -> None:
    """The instructions that read the flag, run behind one that sets it as such a kernel does."""
    text = trap_functions(ledger(**LINUX, error="carry"), X86)
    # A kernel that answers 7 with carry, 9 without: the trap's place is taken by instructions that do so.
    fails, works = (
        text.replace('"syscall"', f'"mov rax, {value}", "{flag}"') for value, flag in ((7, "stc"), (9, "clc"))
    )
    main = """
fn main() {
    unsafe {
        assert_eq!(trap::fails::trap1(1, 2), -7);
        assert_eq!(trap::works::trap1(1, 2), 9);
    }
}
"""
    program = build(toolchain, tmp_path, f"pub mod fails {{ {fails} }} pub mod works {{ {works} }}", main)
    ran = subprocess.run([program], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_a_call_that_returns_twice_goes_elsewhere_in_the_new_thread() -> None:
    """The branch stands right behind the trap: the new thread comes to nothing of the compiler's."""
    text = cloning_trap(ledger(**LINUX), X86, 5, "twice5", "super::cpu::begin_thread")
    body = function(text, "twice5")
    lines = re.findall(r'^ +"(.*)",$', body, re.MULTILINE)
    assert lines == ["syscall", "test rax, rax", "jnz 3f", "mov rdi, [rsp]", "jmp {entry}", "3:"]
    assert "entry = sym super::cpu::begin_thread" in body and "preserves_flags" not in body
    arm = cpus.cpu("aarch64")
    other = ledger(
        cpu="aarch64", trap="svc #0", number="x8", arguments=["x0", "x1"], result="x0", clobbers=[]
    )
    assert '"cbnz x0, 3f"' in cloning_trap(other, arm, 2, "twice2", "begin")


def test_the_end_of_a_thread_clears_its_word_with_the_last_store() -> None:
    body = function(leaving_trap(ledger(**LINUX), X86, 1, "leave1"), "leave1")
    lines = re.findall(r'^ +"(.*)",$', body, re.MULTILINE)
    assert lines == ["mov dword ptr [{word}], 0", "syscall"]
    assert "word = in(reg) word" in body and "word: *mut u32, number: usize, a0: usize" in body


def test_a_cpu_without_the_facts_says_so() -> None:
    bare = dataclasses.replace(X86, rust_asm=RustAsm())
    for make in (
        lambda: cloning_trap(ledger(**LINUX), bare, 5, "twice5", "begin"),
        lambda: leaving_trap(ledger(**LINUX), bare, 1, "leave1"),
    ):
        with pytest.raises(PortwrightError) as caught:
            make()
        assert "describe/cpus/" in str(caught.value.faults[0].hint)
