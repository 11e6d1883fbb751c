"""`entry-abi` takes the name of an ABI as Rust writes it, and no longer the compiler's own."""

from __future__ import annotations

from portwright.describe.spec_versions import Change, renamed_value

CHANGE = Change(
    (1, 95),
    "measured: 1.85 prints `X86_64Win64`, 1.95 `win64`",
    *renamed_value("entry-abi", "X86_64Win64", "win64"),
    before=(1, 85),
)
