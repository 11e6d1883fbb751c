"""Builds the probe of a port: the program that reports what its ledger says."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from portwright.base.events import Event
from portwright.build import executor, facts
from portwright.build.executor import Settings
from portwright.derive import probe_plan
from portwright.describe import toolchain as toolchains
from portwright.describe.port import Port


@dataclass(frozen=True, slots=True)
class Built:
    """The program and its source."""

    program: Path
    source: Path


def build(port: Port, settings: Settings | None = None) -> Generator[Event, None, Built]:
    """Build it where that is not done already."""
    toolchain = toolchains.find(rust=port.manifest.toolchain.rust)
    plan = probe_plan.plan(port, toolchain, facts.source_digest(toolchain))
    done = yield from executor.run(plan, probe_plan.GOAL, settings)
    return Built(done.out(probe_plan.GOAL) / "probe", done.store.texts / probe_plan.SOURCE)
