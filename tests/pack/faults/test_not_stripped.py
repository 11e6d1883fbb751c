"""The fault not-stripped."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from elf_maker import make
from fault_case import found, one
from portwright.formats.elf import STT_FUNC

LARGE = make(
    symbols=[(f"function_{n}", 0x201000 + n, 1, STT_FUNC) for n in range(200)],
    extra={".debug_info": bytes(50_000)},
)


def test_what_stripping_would_save() -> None:
    row = one("not-stripped", LARGE)
    assert row.severity == "note" and "debug information and symbols" in row.what
    assert not found("not-stripped", make(symbols=()))


def test_strip_agrees(tmp_path: Path) -> None:
    strip = shutil.which("strip")
    if strip is None:
        pytest.skip("strip is not on this machine (binutils)")
    file = tmp_path / "program"
    file.write_bytes(LARGE)
    said = int(one("not-stripped", LARGE).what.split()[3].replace(",", ""))
    subprocess.run([strip, file], check=True)
    assert abs(len(LARGE) - file.stat().st_size - said) < 1024
    assert not found("not-stripped", file.read_bytes())
