"""AArch64's facts against LLVM's assembler and the ELF header of a real compile."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from portwright.describe.cpu import cpu
from portwright.describe.toolchain import Toolchain

CPU = cpu("aarch64")


@pytest.mark.toolchain
def test_every_register_assembles_and_the_trap_has_these_bytes(toolchain: Toolchain, tmp_path: Path) -> None:
    """By way of the port's own target, since the host's compiler may know no other CPU's core library."""
    lines = [f"mov x0, {name}" for name in CPU.registers]
    lines += [f"fmov x0, {name.replace('v', 'd')}\nmov {name}.16b, v0.16b" for name in CPU.vector_registers]
    lines += [trap.instruction for trap in CPU.traps.values()]
    lines += [line.format(result="x0", entry="here", address="x1") for line in CPU.rust_asm.new_thread]
    lines += [line.format(result="x0") for line in CPU.rust_asm.negate_on_carry]
    assert CPU.rust_asm.clear_word is not None
    lines.append(CPU.rust_asm.clear_word.format(address="x1"))
    body = "\\n".join("\n".join(lines).splitlines())
    source = tmp_path / "a.rs"
    source.write_text(
        "#![feature(no_core, lang_items, rustc_attrs, decl_macro)]\n#![allow(internal_features)]\n#![no_core]\n"
        '#[lang = "pointee_sized"]\ntrait PointeeSized {}\n#[lang = "meta_sized"]\ntrait MetaSized: PointeeSized {}\n'
        '#[lang = "sized"]\ntrait Sized: MetaSized {}\n#[rustc_builtin_macro]\nmacro global_asm() {}\n'
        f'global_asm!(".globl here\\nhere:\\n{body}\\n");\n'
    )
    target = tmp_path / "a.o"
    argv = [str(toolchain.rustc), "--target=aarch64-unknown-none", "--crate-type=lib", "--emit=obj"]
    environment = {"PATH": "/usr/bin:/bin", "RUSTC_BOOTSTRAP": "1", **toolchain.variables()}
    done = subprocess.run(
        [*argv, "-o", str(target), str(source)], capture_output=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    data = target.read_bytes()
    assert b"".join(trap.encoding for trap in CPU.traps.values()) in data
    assert int.from_bytes(data[18:20], CPU.endian) == CPU.elf_machine
    assert data[4] == CPU.pointer_bits // 32


def test_names_are_distinct_and_roles_are_filled() -> None:
    names = [*CPU.registers, *CPU.vector_registers]
    assert len(set(names)) == len(names) == 64
    assert CPU.stack_pointer in CPU.registers
    assert (CPU.tls_variant, CPU.pointer_size) == (1, 8)
