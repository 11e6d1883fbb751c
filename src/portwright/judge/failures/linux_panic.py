"""Linux that gives up."""

from __future__ import annotations

from portwright.describe.known_failure import KnownFailure

FAILURE = KnownFailure(
    name="linux-panic",
    pattern=r"Kernel panic - not syncing",
    cause="the kernel gave up",
    cure="the text behind `not syncing` and the call trace say why",
    confidence="likely",
    outcome="panicked",
)
