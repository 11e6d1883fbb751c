"""The soft-float ABI of x86: told by the feature alone, then `x86-softfloat`, then `softfloat` for every CPU.

`rustc-abi` came with rustc 1.87; 1.95 knows both names, and the older one went after 1.97 (rust#157151).
"""

from __future__ import annotations

from portwright.describe.spec_versions import Change, renamed_value

CHANGE = Change(
    (1, 95),
    "rust#151154, rust#157151",
    *renamed_value("rustc-abi", "x86-softfloat", "softfloat"),
    before=(1, 94),
)
