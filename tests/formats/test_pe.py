"""PE files: made-up ones of both widths, one by LLD against `file`, and rubbish."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from no_core import compiled, lld, tool
from pe_maker import pe as make
from portwright.base.errors import BadInput
from portwright.base.sources import Memory
from portwright.formats import pe


@pytest.mark.parametrize("wide", [True, False])
def test_headers_of_both_widths(wide: bool) -> None:
    found = pe.read(Memory(make(wide=wide, machine=0xAA64)))
    assert (found.bits, found.machine, found.subsystem, found.entry) == (
        64 if wide else 32,
        0xAA64,
        10,
        0x1000,
    )
    (section,) = found.sections
    assert (section.name, section.address, section.memory_size, section.file_size) == (
        ".text",
        0x1000,
        0x100,
        0x200,
    )
    assert found.section_at(0x1000) == section and found.section_at(0x9000) is None
    assert pe.identify(Memory(make(machine=0xAA64))) == "PE, AArch64"


@pytest.mark.toolchain
@pytest.mark.parametrize(
    ("target", "machine"), [("x86_64-unknown-uefi", 0x8664), ("aarch64-unknown-uefi", 0xAA64)]
)
def test_agrees_with_lld_and_file(tmp_path: Path, target: str, machine: int) -> None:
    source = '#[unsafe(no_mangle)] pub extern "efiapi" fn efi_main() -> usize { 7 }'
    obj, out = compiled(tmp_path, source, target), tmp_path / "e.efi"
    words = ["/subsystem:efi_application", "/entry:efi_main", "/nodefaultlib", f"/out:{out}", obj]
    subprocess.run([lld("lld-link"), *words], check=True, capture_output=True)
    found = pe.read(Memory(out.read_bytes()))
    assert (found.machine, found.subsystem, found.bits) == (machine, 10, 64)
    home = found.section_at(found.entry)
    assert home is not None and home.name == ".text" and home.flags & pe.SCN_EXECUTE
    said = subprocess.run([tool("file"), "-b", out], capture_output=True, text=True).stdout.lower()
    assert "efi application" in said and pe.MACHINES[machine].lower() in said


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"MZ" + bytes(62), "not a PE file"),
        (make()[:70], "bytes are wanted"),
        (make()[:200], "bytes are wanted"),
        (make().replace(b"\x0b\x02", b"\x0c\x02"), "magic 0x20c"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        pe.read(Memory(data))


@settings(max_examples=60, deadline=None)
@given(some.booleans(), some.data())
def test_mutations(wide: bool, draw: some.DataObject) -> None:
    data = bytearray(make(wide=wide))
    for _ in range(draw.draw(some.integers(1, 5))):
        data[draw.draw(some.integers(0, 400))] = draw.draw(some.integers(0, 255))
    try:
        pe.read(Memory(bytes(data[: draw.draw(some.integers(0, len(data)))])))
    except BadInput as error:
        assert error.faults
