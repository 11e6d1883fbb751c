"""The fault initfs-bootstrap-missing."""

from __future__ import annotations

import pytest

from fault_case import found, one
from initfs_maker import initfs


@pytest.mark.parametrize("entry", [0xFFFF_FFFF_FFFF_FFFF, 0])
def test_an_archive_without_a_bootstrap(entry: int) -> None:
    row = one("initfs-bootstrap-missing", initfs(None, entry=entry))
    assert row.severity == "error" and f"{entry:#x}" in row.what and row.address == 0x1A


def test_with_one_and_other_files() -> None:
    assert not found("initfs-bootstrap-missing", initfs())
    assert not found("initfs-bootstrap-missing", b"RedoxFS\0" + bytes(64))
    assert not found("initfs-bootstrap-missing", b"RedoxFtw")
