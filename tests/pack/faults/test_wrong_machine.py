"""The fault wrong-machine."""

from __future__ import annotations

import pytest

from elf_maker import make
from fault_case import found, held, one
from pe_maker import pe


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"machine": 183}, "it is for AArch64 (64 bits, little-endian)"),
        ({"bits": 32, "machine": 3}, "it is for x86 (32 bits, little-endian)"),
        ({"endian": "big"}, "(64 bits, big-endian)"),
    ],
)
def test_another_cpu(fields: dict[str, object], words: str) -> None:
    row = one("wrong-machine", make(**fields), port=held())
    assert words in row.what and "x86-64 (64 bits, little-endian)" in row.what
    assert not found("wrong-machine", make(**fields))


def test_a_pe_file() -> None:
    assert "it is for AArch64" in one("wrong-machine", pe(machine=0xAA64), port=held()).what
    assert not found("wrong-machine", pe(), port=held())
    assert not found("wrong-machine", make(), port=held())
