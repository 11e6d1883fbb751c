"""`libc`: C's types, and the ledger's constants and structs under the names that C programs know them by.

No functions: there is no C library to link with. A crate that calls one is told so by its name when it is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence

from portwright.derive.edit import ArmFirst, Edit, NewFile
from portwright.derive.generators import libc_module
from portwright.describe.port import Port

SERIES = ("0.2",)
WHY = "the constants and structs of this system"


def edits(port: Port, series: str) -> Sequence[Edit]:
    """An arm before all others in the second block of lib.rs, which chooses the system."""
    modules = "mod primitives;\n    pub use crate::primitives::*;\n"
    modules += "    mod portwright;\n    pub use crate::portwright::*;\n    prelude!();"
    arm = f'if #[cfg(target_os = "{port.os}")] {{\n    {modules}\n}} else'
    return (
        ArmFirst("src/lib.rs", 2, 0, arm, WHY, macro="cfg_if"),
        NewFile("src/portwright.rs", libc_module.generate(port), WHY),
    )
