"""An initramfs that Linux cannot read."""

from __future__ import annotations

from portwright.describe.known_failure import KnownFailure

FAILURE = KnownFailure(
    name="linux-bad-initramfs",
    pattern=r"Initramfs unpacking failed",
    cause="the initramfs is cut off, or is packed in a way that this kernel cannot unpack",
    cure="make it anew; a cpio of the kind newc, packed with gzip, is understood by every kernel",
    confidence="certain",
)
