"""The edits that let panics unwind, with the unwinder that std vendors, and backtraces be shown.

Without them a panic ends the process. What the unwinder must know of a program is in `layer/unwinding/`.
"""

from __future__ import annotations

from pathlib import Path

from portwright.base.errors import Fault, PortwrightError
from portwright.derive.edit import ArmFirst, Edit, NewFile, TomlTable
from portwright.describe.cpu import Cpu
from portwright.describe.port import Backtrace, StdTable

_PANICS = "std/src/sys/pal/portwright/panics.rs"
_FRAMES, _SYMBOLS = "backtrace/src/backtrace", "backtrace/src/symbolize"
_DEPENDENCY = (
    "unwinding = { version = \"0.2.7\", features = ['rustc-dep-of-std', 'unwinder', 'fde-custom'], "
    "default-features = false }"
)
FEATURES: dict[Backtrace, tuple[str, ...]] = {
    "none": (),
    "addresses": ("backtrace", "backtrace-trace-only"),
    "symbols": ("backtrace",),
}


def features(std: StdTable) -> tuple[str, ...]:
    """The features of Cargo with which std is built."""
    return ("panic-unwind", *FEATURES[std.backtrace]) if std.panic == "unwind" else ()


def edits(std: StdTable, condition: str, cpu: Cpu, layer: Path) -> list[Edit]:
    """All edits for a port, in a fixed order; raises where the unwinder does not know the CPU."""

    def text(name: str) -> str:
        return (layer / "unwinding" / name).read_text(encoding="utf-8")

    if std.panic != "unwind":
        return [NewFile(_PANICS, text("aborts.rs"), "there is nothing to unwind")]
    if not cpu.unwinder:
        what = f"panics cannot unwind: the unwinder that std vendors does not know {cpu.name}"
        raise PortwrightError([Fault(what, None, "`[std] panic` can only be `abort`", "std/unwinder")])
    found: list[Edit] = [
        NewFile(_PANICS, text("panics.rs"), "the unwinder asks where the unwind tables are"),
        ArmFirst(
            "unwind/src/lib.rs",
            1,
            6,
            f"{condition} => {{\n    mod unwinding;\n    pub use unwinding::*;\n}}",
            "there would be no unwinder",
        ),
        TomlTable(
            "unwind/Cargo.toml",
            f"target.'cfg({condition})'.dependencies",
            _DEPENDENCY,
            "the unwinder, written in Rust: it needs nothing of a C library",
        ),
        ArmFirst(
            "panic_unwind/src/lib.rs",
            1,
            1,
            f'{condition} => {{\n    #[path = "gcc.rs"]\n    mod imp;\n}}',
            "a panic would end the process",
        ),
        ArmFirst(
            "std/src/sys/personality/mod.rs",
            1,
            1,
            f"{condition} => {{\n    mod gcc;\n}}",
            "no frame would say what to do when it is unwound",
        ),
    ]
    if std.backtrace != "none":
        found += _tracing(condition, text("frames.rs"))
    if std.backtrace == "symbols":
        found += _naming(condition, text("symbols.rs"))
    return found


def _tracing(condition: str, frames: str) -> list[Edit]:
    arm = (
        f"if #[cfg({condition})] {{\n    mod portwright;\n    use self::portwright::trace as trace_imp;\n"
        "    pub(crate) use self::portwright::Frame as FrameImp;\n} else"
    )
    return [
        NewFile(f"{_FRAMES}/portwright.rs", frames, "the unwinder walks the stack"),
        ArmFirst(f"{_FRAMES}/mod.rs", 1, 2, arm, "a backtrace would have no frames", macro="cfg_if"),
    ]


def _naming(condition: str, symbols: str) -> list[Edit]:
    arm = f"if #[cfg({condition})] {{\n    mod portwright;\n    use self::portwright as imp;\n}} else"
    return [
        NewFile(f"{_SYMBOLS}/portwright.rs", symbols, "the program's own file says what lies where"),
        ArmFirst(f"{_SYMBOLS}/mod.rs", 3, 3, arm, "a backtrace would be addresses", macro="cfg_if"),
    ]
