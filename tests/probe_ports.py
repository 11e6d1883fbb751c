"""The bundled ports that can be probed, for the probe's tests: the others are skipped by name, with the reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from portwright.describe import cpu as cpus
from portwright.describe import port as ports
from portwright.describe.port import Port

KNOWN = [path.parent.name for path in sorted(Path("ports").glob("*/abi.toml"))]


def bundled(*, build: bool) -> list[object]:
    """Every bundled port with a ledger, as parameters of a test; `build`: what its probe is built with is needed, too."""
    return [pytest.param(name, marks=_marks(ports.load(name), build), id=name) for name in KNOWN]


def _marks(port: Port, build: bool) -> list[pytest.MarkDecorator]:
    name = port.ledger.abi.cpu
    missing = (
        [] if cpus.cpu(name).probing else [f"nobody has described how a program on {name} looks at itself"]
    )
    backend = port.manifest.backend
    if build and backend is not None:
        tools = [f"llc-{backend.llvm}", backend.assembler, backend.linker]
        missing += [f"{tool} is not installed" for tool in tools if shutil.which(tool) is None]
    return [pytest.mark.skip(reason=f"{port.target}: {reason}") for reason in missing[:1]]
