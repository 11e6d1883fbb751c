"""Linux whose first program ended."""

from __future__ import annotations

from portwright.describe.known_failure import KnownFailure

FAILURE = KnownFailure(
    name="linux-init-ended",
    pattern=r"Attempted to kill init!",
    cause=(
        "the first program ended or was killed; the exit code is in the line (0x0000000b: a "
        "segmentation fault, 0x00000100: exit status 1)"
    ),
    cure="the first program must never end: it switches the machine off when it is done",
    confidence="certain",
    outcome="panicked",
)
