"""Linux that finds no root file system."""

from __future__ import annotations

from portwright.describe.known_failure import KnownFailure

FAILURE = KnownFailure(
    name="linux-no-root",
    pattern=r"VFS: Unable to mount root fs",
    cause=(
        "the kernel has no root file system: no initramfs that it can read, and root= names no "
        "disk that it has a driver for"
    ),
    cure="give --initrd, or root= with a disk whose driver is in the kernel",
    confidence="certain",
    outcome="panicked",
)
