"""The fault efi-file."""

from __future__ import annotations

import pytest

from fault_case import found, one
from pe_maker import pe


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("EFI/BOOT/BOOTAA64.EFI", {}, "a boot loader for AArch64, and it is for x86-64"),
        ("loader.efi", {"subsystem": 3}, "its subsystem is 3 (Windows, console)"),
        ("bootx64.efi", {"entry": 0}, "its entry 0x0 is in no section"),
    ],
)
def test_what_firmware_passes_over(name: str, fields: dict[str, int], words: str) -> None:
    row = one("efi-file", pe(**fields), name, mode=0o755)
    assert row.severity == "error" and words in row.what


def test_good_ones_and_other_programs() -> None:
    assert not found("efi-file", pe(), "BOOTX64.EFI")
    assert not found("efi-file", pe(machine=0xAA64), "EFI/BOOT/BOOTAA64.EFI")
    assert not found("efi-file", pe(subsystem=3), "program.exe")
