"""`target-pointer-width` became a number."""

from __future__ import annotations

from portwright.describe.spec_versions import Change, number_for_text

CHANGE = Change((1, 91), "rust#144443", *number_for_text("target-pointer-width"))
