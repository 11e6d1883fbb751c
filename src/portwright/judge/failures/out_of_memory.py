"""Memory that ran out."""

from __future__ import annotations

from portwright.describe.known_failure import KnownFailure

FAILURE = KnownFailure(
    name="out-of-memory",
    pattern=r"Out of memory|bump allocation failed|memory allocation of \d+ bytes failed",
    cause="something asked for more memory than there is",
    cure=(
        "give the machine more (`memory` in [machine.NAME]), or make what is loaded smaller: "
        "strip the programs"
    ),
    confidence="likely",
)
