"""The edits that let panics unwind: found in the real tree, only where asked for, refused for a CPU without unwinder."""

from __future__ import annotations

import dataclasses

import pytest

from portwright.base.errors import PortwrightError
from portwright.build import view
from portwright.derive import std_edits, unwind_edits
from portwright.describe import port as ports
from portwright.describe.cpu import cpu
from portwright.describe.port import StdTable
from portwright.describe.toolchain import Toolchain

CPU = cpu("x86-64")
CONDITION = 'target_os = "small"'


def paths(std: StdTable) -> set[str]:
    """The files that the edits touch."""
    return {edit.path for edit in unwind_edits.edits(std, CONDITION, CPU, std_edits.LAYER)}


def test_an_aborting_std_has_no_unwinder_and_no_backtraces() -> None:
    assert paths(StdTable(panic="abort")) == {"std/src/sys/pal/portwright/panics.rs"}
    assert unwind_edits.features(StdTable(panic="abort", backtrace="symbols")) == ()


def test_a_backtrace_as_rich_as_asked_for() -> None:
    none, addresses, symbols = (
        StdTable(panic="unwind", backtrace="none"),
        StdTable(panic="unwind", backtrace="addresses"),
        StdTable(panic="unwind", backtrace="symbols"),
    )
    assert "unwind/Cargo.toml" in paths(none)
    assert paths(addresses) - paths(none) == {
        "backtrace/src/backtrace/mod.rs",
        "backtrace/src/backtrace/portwright.rs",
    }
    assert paths(symbols) - paths(addresses) == {
        "backtrace/src/symbolize/mod.rs",
        "backtrace/src/symbolize/portwright.rs",
    }
    assert unwind_edits.features(none) == ("panic-unwind",)
    assert unwind_edits.features(addresses) == ("panic-unwind", "backtrace", "backtrace-trace-only")
    assert unwind_edits.features(symbols) == ("panic-unwind", "backtrace")


def test_a_cpu_that_the_unwinder_does_not_know() -> None:
    other = dataclasses.replace(CPU, name="m68k", unwinder=False)
    with pytest.raises(PortwrightError) as caught:
        unwind_edits.edits(StdTable(panic="unwind"), CONDITION, other, std_edits.LAYER)
    assert "does not know m68k" in caught.value.faults[0].what


@pytest.mark.toolchain
@pytest.mark.parametrize("name", ["x86_64-portwright-linux", "aarch64-portwright-linux"])
def test_the_edits_find_their_places(name: str, toolchain: Toolchain) -> None:
    assert toolchain.source is not None
    edits = std_edits.edits(ports.load(name, panic="unwind"))
    texts = view.edited_texts(toolchain.source / "library", edits)
    assert "mod unwinding;" in texts["unwind/src/lib.rs"].split('target_os = "portwright" => {')[1][:40]
    assert 'target_os = "portwright"' in texts["panic_unwind/src/lib.rs"]
    assert 'if #[cfg(target_os = "portwright")] {' in texts["backtrace/src/symbolize/mod.rs"]
    assert texts["std/src/sys/pal/portwright/panics.rs"].count("FrameInfoKind::EhFrameHdr") == 1
