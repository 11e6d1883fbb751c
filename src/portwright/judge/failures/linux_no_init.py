"""Linux that finds no first program."""

from __future__ import annotations

from portwright.describe.known_failure import KnownFailure

FAILURE = KnownFailure(
    name="linux-no-init",
    pattern=r"Kernel panic - not syncing: No working init found",
    cause="the initramfs or root disk has no /init or /sbin/init that the kernel can execute",
    cure=(
        "put an executable for the kernel's CPU there (statically linked, or with its loader), or "
        "name one with init= or rdinit="
    ),
    confidence="certain",
    outcome="panicked",
)
