"""The generator probe: one source for every CPU and ledger, and machine code that uses no vectors but to look at them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from portwright.base.errors import PortwrightError
from portwright.base.files import cache_root
from portwright.build import abi_probe
from portwright.derive import probe_plan
from portwright.derive.generators import probe
from portwright.describe import cpu as cpus
from portwright.describe import port as ports
from portwright.describe.cpu import Cpu
from portwright.describe.toolchain import Toolchain
from probe_ports import bundled


@pytest.mark.parametrize("name", bundled(build=False))
def test_a_call_is_made_with_the_ledgers_own_numbers(name: str) -> None:
    port = ports.load(name)
    text = probe.generate(port)
    call = port.ledger.offers["write"][1]
    assert f"call({call.number}, &[fd, buffer, length])" in text
    assert f"pub const O_CREAT: usize = {port.ledger.constants['O_CREAT']:#x};" in text
    assert re.search(r"^_start:$|\"_start:\"", text, re.M)


def test_what_the_ledger_lacks_is_absent() -> None:
    port = ports.load("x86_64-unknown-veridian")
    calls = {name: call for name, call in port.ledger.syscalls.items() if call.operation != "rename"}
    text = probe.generate(replace(port, abi=port.ledger.model_copy(update={"syscalls": calls})))
    assert (
        "pub const HAS_RENAME: bool = false;\npub fn rename(path: usize, target: usize) -> isize {\n    ABSENT\n}"
        in text
    )


def test_packed_fixed_and_counted_arguments() -> None:
    """mmap's file and offset share a word on VeridianOS, a futex call has a number fixed on Linux, a path its length."""
    text = probe.generate(ports.load("x86_64-unknown-veridian"))
    assert "(fd & 0xffffffff) << 32 | (offset & 0xffffffff) << 0" in text
    port = ports.load("x86_64-portwright-linux")
    assert re.search(
        r"pub fn futex_wait.*?call\(202, &\[word, 0x\w+, value, timeout\]\)", probe.generate(port), re.S
    )
    counted = port.ledger.syscalls["rmdir"].model_copy(
        update={"arguments": ["path", _part("path", "length")]}
    )
    calls = {**port.ledger.syscalls, "rmdir": counted}
    text = probe.generate(replace(port, abi=port.ledger.model_copy(update={"syscalls": calls})))
    assert "call(84, &[path, length_of(path)])" in text


def _part(argument: str, kind: str) -> Any:
    from portwright.describe.ledger import Part

    return Part.model_validate({"argument": argument, "as": kind})


def test_other_traps_units_and_what_says_nothing() -> None:
    """On NeXTSTEP giving way is Mach's, times count microseconds, and moving the break answers nothing."""
    text = probe.generate(ports.load("m68k-next-nextstep"))
    assert text.startswith("// Made by portwright") and "#![feature(asm_experimental_arch)]\n" in text
    assert re.search(r"pub fn yield_now.*?unsafe \{ trap::trap_3_of_1\(59, 0x0\) \}", text, re.S)
    assert "((span.nanoseconds / 1000) as u32)" in text and "as i32 as isize * 1000" in text
    assert "pub const HAS_SET_BREAK: bool = false;" in text and "CLOCK_IS_TOLD: bool = false;" in text
    text = probe.generate(ports.load("x86_64-portwright-linux"))
    assert "asm_experimental_arch" not in text and "CLOCK_IS_TOLD: bool = true;" in text
    assert "HAS_SET_BREAK: bool = true;" in text


def test_a_cpu_that_nobody_has_described_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Cpu = replace(cpus.cpu("x86-64"), probing=None)
    monkeypatch.setattr(probe, "cpu", lambda name: found)
    with pytest.raises(
        PortwrightError, match="does not know how a program on x86-64 looks at its own registers"
    ):
        probe.generate(ports.load("x86_64-unknown-veridian"))


@pytest.mark.toolchain
@pytest.mark.slow
def test_no_vector_is_used_but_to_look_at_it(toolchain: Toolchain) -> None:
    """The program runs on a kernel that has not switched them on, up to where it says that it tries."""
    import capstone
    from elftools.elf.elffile import ELFFile

    built = _result(abi_probe.build(ports.load("x86_64-portwright-linux")))
    assert built.source.read_text().startswith("// Made by portwright") and built.program.is_relative_to(
        cache_root()
    )
    with built.program.open("rb") as file:
        elf = ELFFile(file)
        assert elf.get_section_by_name(".tdata") is None and elf.get_section_by_name(".tbss") is None
        text = elf.get_section_by_name(".text")
        code, base = text.data(), text["sh_addr"]
    disassembler = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    disassembler.skipdata = True
    used = [
        row.mnemonic
        for row in disassembler.disasm(code, base)
        if re.search(r"[xyz]mm\d|\bst\(|\bmm\d", row.op_str)
    ]
    assert set(used) == {"movdqu"} and len(used) == 2 * 16


def _result(events: Any) -> Any:
    while True:
        try:
            next(events)
        except StopIteration as done:
            return done.value


def test_the_plan_of_a_probe_is_two_steps_and_the_first_is_every_ports(toolchain: Toolchain) -> None:
    one, two = (
        probe_plan.plan(ports.load(name), toolchain, "digest")
        for name in ("x86_64-portwright-linux", "x86_64-unknown-veridian")
    )
    assert [step.name for step in one.steps] == ["bare-core", "probe"]
    assert one.key("bare-core") == two.key("bare-core") and one.key("probe") != two.key("probe")
    assert one.identity != two.identity
    again = probe_plan.plan(ports.load("x86_64-portwright-linux"), toolchain, "digest")
    assert again == one
