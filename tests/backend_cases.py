"""Calls a backend as rustc would: settings for this machine's or an emulated CPU, and modules out of LLVM IR."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from no_core import tool
from portwright.build import backend_link
from portwright.build.backend_facts import LLVM
from portwright.build.backends import Report, Settings

X86 = ("x86_64", "x86_64-unknown-none-elf", "x86-64", "as", "ld")
M68K_LAYOUT = 'target datalayout = "E-m:e-p:32:16:32-i8:8:8-i16:16:16-i32:16:32-n8:16:32-a:0:16-S16"\n'
M68K_START = """
module asm ".globl _start"
module asm "_start: jsr main"
module asm "move.l %d0, %d1"
module asm "moveq #1, %d0"
module asm "trap #0"
"""
"""A program for Linux that ends with what `main` answers."""
M68K = ("m68k", "m68k-unknown-linux-gnu", "M68020", "m68k-linux-gnu-as", "m68k-linux-gnu-ld")


def settings(folder: Path, cpu: Sequence[str] = X86, **others: object) -> Settings:
    """Settings of a backend; skips where a tool is missing."""
    arch, triple, name, assembler, linker = cpu
    tools = {each: tool(f"{each}-22") for each in LLVM} | {"as": tool(assembler), "ld": tool(linker)}
    values: dict[str, object] = {
        "kind": "bitcode",
        "target": "a-b-c",
        "arch": arch,
        "triple": triple,
        "cpu": name,
        "features": "",
        "relocation_model": "static",
        "code_model": "",
        "errata": True,
        "output": "elf",
        "assembler_args": ("-m68020",) if arch == "m68k" else (),
        "link_args": (),
        "tools": tools,
        "versions": {},
        "cache": str(folder / "cache"),
        "code": "",
    }
    return Settings(**(values | others))  # type: ignore[arg-type]


def module(folder: Path, name: str, text: str, cpu: Sequence[str] = X86) -> Path:
    """A file of bitcode out of LLVM IR."""
    source, made = folder / f"{name}.ll", folder / f"{name}.o"
    source.write_text(f'target triple = "{cpu[1]}"\n{text}')
    subprocess.run([tool("llvm-as-22"), source, "-o", made], check=True, capture_output=True)
    return made


def link(own: Settings, words: Sequence[str | Path], output: Path) -> Report:
    """Link; the report."""
    return backend_link.link(own, [*map(str, words), "-o", str(output)])


def run(program: Path, cpu: Sequence[str] = X86) -> subprocess.CompletedProcess[bytes]:
    """Run it on this machine's kernel, through an emulator where the CPU is another."""
    prefix = [] if cpu is X86 else [tool(f"qemu-{cpu[0]}")]
    if cpu is X86 and shutil.which("uname") and subprocess.check_output(["uname", "-m"]) != b"x86_64\n":
        pytest.skip("this machine is no x86-64")
    return subprocess.run([*prefix, program], capture_output=True, timeout=60)
