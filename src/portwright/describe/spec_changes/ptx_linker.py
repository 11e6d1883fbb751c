"""The linker flavor of NVPTX: `ptx` with a linker of its own became `llbc`."""

from __future__ import annotations

from portwright.describe.spec_versions import Change, renamed_value

CHANGE = Change(
    (1, 95),
    "measured: 1.85 prints `ptx` for nvptx64, 1.95 `llbc`",
    *renamed_value("linker-flavor", "ptx", "llbc"),
    before=(1, 85),
)
