"""UEFI firmware that finds nothing to start."""

from __future__ import annotations

from portwright.describe.known_failure import KnownFailure

FAILURE = KnownFailure(
    name="no-boot-target-uefi",
    pattern=r"BdsDxe: No bootable option or device was found|^UEFI Interactive Shell|^Shell> ",
    cause="the UEFI firmware found nothing on any disk that it can start",
    cure=(
        "the disk needs a GPT with an EFI system partition that holds EFI/BOOT/BOOTX64.EFI "
        "(BOOTAA64.EFI on AArch64); `portwright image ls` shows what is in it"
    ),
    confidence="certain",
    outcome="no-boot-target",
    early=True,
)
