"""Builds the probe of a port: the program that reports what its ledger says."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from portwright.base.events import Event
from portwright.build import backend_facts, executor, facts
from portwright.build.executor import Settings
from portwright.derive import probe_plan
from portwright.describe import rustc_facts
from portwright.describe import toolchain as toolchains
from portwright.describe.cpu import cpu
from portwright.describe.port import Port


@dataclass(frozen=True, slots=True)
class Built:
    """The program and its source."""

    program: Path
    source: Path


def build(port: Port, settings: Settings | None = None) -> Generator[Event, None, Built]:
    """Build it where that is not done already."""
    toolchain = toolchains.find(rust=port.manifest.toolchain.rust)
    backend = backend_facts.gather(port, toolchain)
    probing = cpu(port.ledger.abi.cpu).probing
    bare = rustc_facts.load(toolchain).need_builtin(probing.bare_target) if backend and probing else None
    plan = probe_plan.plan(port, toolchain, facts.source_digest(toolchain), backend, bare)
    done = yield from executor.run(plan, probe_plan.GOAL, settings)
    return Built(done.out(probe_plan.GOAL) / "probe", done.store.texts / probe_plan.SOURCE)
