"""port.lock: what builds programs and what builds Rust's own tests hold a port to the same."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from portwright.build import goals, test_goals
from portwright.describe import lock
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain


@pytest.mark.toolchain
def test_programs_and_tests_are_held_to_the_same_tools(
    toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("llc-22") is None or shutil.which("m68k-linux-gnu-as") is None:
        pytest.skip("llc-22 or m68k-linux-gnu-as is not installed")
    held: list[Any] = []

    class Stop(Exception):
        pass

    def hold(port: Any, found: Any, **options: Any) -> None:
        held.append(found)
        raise Stop

    monkeypatch.setattr(lock, "hold", hold)
    port = ports.load("m68k-next-nextstep")
    for work in (goals.build(port, "sysroot"), test_goals.build(port, ("core",), hosts=False)):
        with pytest.raises(Stop):
            next(work)
    assert held[0] == held[1] and "llc" in held[0].tools
