"""The fault hollow."""

from __future__ import annotations

import pytest

from elf_maker import make
from fault_case import found, one


@pytest.mark.parametrize(
    ("data", "words"), [(b"", "it is empty"), (bytes(9000), "first 4,096 bytes are zeros")]
)
def test_an_executable_file_without_content(data: bytes, words: str) -> None:
    assert words in one("hollow", data, "bin/init", mode=0o755).what
    assert words in one("hollow", data, "boot/initfs", mode=0o644).what
    assert not found("hollow", data, "etc/empty", mode=0o644)


def test_content() -> None:
    assert not found("hollow", make(), "bin/init", mode=0o755)
    assert not found("hollow", bytes(9000), "blank.img")
