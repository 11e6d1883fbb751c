"""A BIOS that finds nothing to start."""

from __future__ import annotations

from portwright.describe.known_failure import KnownFailure

FAILURE = KnownFailure(
    name="no-boot-target-bios",
    pattern=r"^No bootable device\.|Boot failed: not a bootable disk",
    cause="the BIOS found no disk with a boot sector",
    cure=(
        'give an image with a boot loader, a kernel with --kernel, or `firmware = "uefi"` for an '
        "image that is made for UEFI"
    ),
    confidence="certain",
    outcome="no-boot-target",
    early=True,
)
