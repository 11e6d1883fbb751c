"""Each known failure on a line as it is really shown, and on none of a good boot."""

from __future__ import annotations

import re

import pytest

from portwright.base import rooms
from portwright.describe.known_failure import KnownFailure
from portwright.judge import known_failures

SHOWN = {
    "no-boot-target-uefi": "BdsDxe: No bootable option or device was found.",
    "no-boot-target-bios": "No bootable device.",
    "linux-no-init": "Kernel panic - not syncing: No working init found.  Try passing init= option to kernel.",
    "linux-no-root": "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
    "linux-init-ended": "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000300",
    "linux-panic": "[    2.3] Kernel panic - not syncing: Fatal exception in interrupt",
    "linux-bad-initramfs": "Initramfs unpacking failed: ZSTD-compressed data is corrupt",
    "out-of-memory": "memory allocation of 4096 bytes failed",
    "rust-panic": "thread 'main' panicked at src/main.rs:3:5:",
    "wrong-machine-program": "sh: ./hello: Exec format error",
}
GOOD = (
    'BdsDxe: failed to load Boot0001 "UEFI QEMU DVD-ROM QM00003 " from PciRoot(0x0): Not Found\n'
    "[    0.0] Linux version 6.1\n[    2.1] Run /init as init process\n[INIT] Results: 29/29 passed\nroot@here:/# "
)


def test_every_failure_is_shown_here() -> None:
    assert set(SHOWN) == set(rooms.names(known_failures.ROOM))


@pytest.mark.parametrize("name", SHOWN)
def test_it_is_found_and_helps(name: str) -> None:
    row: KnownFailure = rooms.load(known_failures.ROOM, name).FAILURE
    assert row.name == name
    assert re.search(row.pattern, SHOWN[name], re.MULTILINE)
    assert not re.search(row.pattern, GOOD, re.MULTILINE)
    assert row.cause and row.cure


def test_a_port_may_have_its_own_of_that_name() -> None:
    own = KnownFailure(name="linux-panic", pattern="other", cause="c", cure="d")
    rows = known_failures.known((own,))
    assert [row.pattern for row in rows if row.name == "linux-panic"] == ["other"]
