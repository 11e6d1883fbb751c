"""x86-64's facts against the assembler, the ELF header of a real compile, and rustc's own target."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from portwright.describe.cpu import cpu
from portwright.describe.toolchain import Toolchain

CPU = cpu("x86-64")


@pytest.mark.toolchain
def test_every_register_assembles_and_the_traps_have_these_bytes(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    lines = [f"mov {name}, {name}" for name in CPU.registers]
    lines += [f"movaps {name}, {name}" for name in CPU.vector_registers]
    lines += [trap.instruction for trap in CPU.traps.values()]
    body = "\\n".join(lines)
    source = tmp_path / "a.rs"
    source.write_text(f'#![no_std]\ncore::arch::global_asm!(".globl here\\nhere:\\n{body}\\n");\n')
    target = tmp_path / "a.o"
    argv = [
        str(toolchain.rustc),
        "--crate-type=lib",
        "--emit=obj",
        "-Cpanic=abort",
        "-o",
        str(target),
        str(source),
    ]
    subprocess.run(
        argv, check=True, capture_output=True, env={"PATH": "/usr/bin:/bin", **toolchain.variables()}
    )
    data = target.read_bytes()
    assert b"".join(trap.encoding for trap in CPU.traps.values()) in data
    assert int.from_bytes(data[18:20], CPU.endian) == CPU.elf_machine
    assert data[4] == CPU.pointer_bits // 32


def test_names_are_distinct_and_roles_are_filled() -> None:
    names = [*CPU.registers, *CPU.vector_registers]
    assert len(set(names)) == len(names)
    assert CPU.stack_pointer in CPU.registers
    assert set(CPU.traps["syscall"].clobbers) == {"rcx", "r11"}
    assert CPU.pointer_size == 8
