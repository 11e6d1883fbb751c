"""`getrandom`, which nearly every random number comes through: a backend that makes the ledger's call."""

from __future__ import annotations

from collections.abc import Sequence

from portwright.derive.edit import ArmFirst, Edit, NewFile
from portwright.derive.generators import random_backend
from portwright.describe.port import Port

SERIES = ("0.1.16", "0.2", "0.3", "0.4")
WHY = "the system's own random bytes"


def edits(port: Port, series: str) -> Sequence[Edit]:
    """An arm before all others, and the backend. 0.1 and 0.2 keep their arms in lib.rs; of 0.1 only the last release,
    which has them in the second block (others in the third, or none)."""
    condition = f'target_os = "{port.os}"'
    if series in ("0.1.16", "0.2"):
        arm = f"if #[cfg({condition})] {{\n    mod portwright;\n    use portwright as imp;\n}} else"
        return (
            ArmFirst("src/lib.rs", 2 if series == "0.1.16" else 1, 0, arm, WHY, macro="cfg_if"),
            NewFile("src/portwright.rs", random_backend.generate(port, series), WHY),
        )
    arm = f"if #[cfg({condition})] {{\n    mod portwright;\n    pub use portwright::*;\n}} else"
    return (
        ArmFirst("src/backends.rs", 1, 0, arm, WHY, macro="cfg_if"),
        NewFile("src/backends/portwright.rs", random_backend.generate(port, series), WHY),
    )
