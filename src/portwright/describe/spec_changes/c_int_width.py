"""`target-c-int-width` became a number."""

from __future__ import annotations

from portwright.describe.spec_versions import Change, number_for_text

CHANGE = Change((1, 90), "rust#144218", *number_for_text("target-c-int-width"))
