"""The 68000 family's facts against GNU's assembler, the ELF header that it writes, and rustc's own target."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from portwright.describe.cpu import cpu
from portwright.describe.toolchain import Toolchain

CPU = cpu("m68k")


def test_every_register_assembles_and_the_traps_have_these_bytes(tmp_path: Path) -> None:
    assembler = shutil.which("m68k-linux-gnu-as")
    if assembler is None:
        pytest.skip("binutils-m68k-linux-gnu is not installed")
    lines = [f"move.l %{name},%d0" for name in CPU.registers]
    lines += [trap.instruction for trap in CPU.traps.values()]
    lines += [line.format(result=f"{CPU.rust_asm.prefix}d0") for line in CPU.rust_asm.negate_on_carry]
    assert CPU.rust_asm.clear_word is not None
    lines.append(CPU.rust_asm.clear_word.format(address="%a0"))
    target = tmp_path / "a.o"
    text = "\n".join(lines) + "\n"
    subprocess.run([assembler, "-m68020", "-o", target, "-"], input=text.encode(), check=True)
    data = target.read_bytes()
    assert b"".join(trap.encoding for trap in CPU.traps.values()) in data
    assert int.from_bytes(data[18:20], CPU.endian) == CPU.elf_machine
    assert data[4] == CPU.pointer_bits // 32


@pytest.mark.toolchain
def test_rustc_says_the_same_of_its_own_target(toolchain: Toolchain) -> None:
    argv = [str(toolchain.rustc), "-Zunstable-options", "--print=target-spec-json"]
    environment = {"PATH": "/usr/bin:/bin", "RUSTC_BOOTSTRAP": "1", **toolchain.variables()}
    done = subprocess.run(
        [*argv, "--target=m68k-unknown-none-elf"], capture_output=True, env=environment, check=True
    )
    spec = json.loads(done.stdout)
    assert (spec["arch"], int(spec["target-pointer-width"])) == (CPU.rustc_arch, CPU.pointer_bits)
    assert spec["target-endian"] == CPU.endian


def test_names_are_distinct_and_roles_are_filled() -> None:
    assert len(set(CPU.registers)) == len(CPU.registers) == 16
    assert CPU.stack_pointer in CPU.registers and CPU.pointer_size == 4
