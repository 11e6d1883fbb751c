"""A panic of Rust code."""

from __future__ import annotations

from portwright.describe.known_failure import KnownFailure

FAILURE = KnownFailure(
    name="rust-panic",
    pattern=r"panicked at ['\w/.-][^\n]*:\d+:\d+",
    cause="Rust code panicked; the place is in the line",
    cure="look at the place and the message behind it",
    confidence="certain",
)
