"""`is-like-osx` was renamed `is-like-darwin`."""

from __future__ import annotations

from portwright.describe.spec_versions import Change, renamed_key

CHANGE = Change((1, 88), "rust#138949", *renamed_key("is-like-osx", "is-like-darwin"))
