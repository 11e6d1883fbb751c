"""The bundled port of Linux's own calls: its programs run on the kernel that runs the tests.

So the layer is judged by a real kernel, and by std's own Unix code, whose answers must be the same.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from port_copies import one_at_a_time, quick
from portwright.build import goals
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain

TESTS = Path(__file__).resolve().parent
FIXTURE = TESTS / "fixtures" / "poor-linux"
BUNDLED = "x86_64-portwright-linux"
PROGRAMS = TESTS / "derive" / "programs"
Result = TypeVar("Result")


def skip_elsewhere() -> None:
    """Skip by name on a machine whose kernel is not the port's."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip(f"{BUNDLED}: this machine's kernel is not Linux on x86-64")


def load(variant: str | None = None, panic: str | None = None) -> ports.Port:
    """The bundled port, quick to build, with its ledger or the fixture's of that name."""
    return ports.load(str(quick(BUNDLED, FIXTURE if variant else None)), variant, panic)


def result_of(job: Generator[object, None, Result]) -> Result:
    """Run a generator to its end and give what it returns."""
    while True:
        try:
            next(job)
        except StopIteration as stop:
            result: Result = stop.value
            return result


@dataclass(frozen=True)
class Oracle:
    """Builds programs for the port, and for the host, to compare them."""

    port: ports.Port
    toolchain: Toolchain

    def build(self, path: Path) -> Path:
        """A crate or a `.rs` file, built with the layer."""
        with one_at_a_time(self.port):
            return next(iter(result_of(goals.build_crate(self.port, path)).programs.values()))[0]

    def build_for_host(self, path: Path, folder: Path) -> Path:
        """A `.rs` file, built with the host's own std."""
        binary = folder / f"host-{path.stem}"
        command = [str(self.toolchain.rustc), "--edition", "2024", "-O", "-o", str(binary), str(path)]
        subprocess.run(command, check=True, capture_output=True)
        return binary


def run(
    binary: Path,
    *arguments: str,
    cwd: Path,
    environment: dict[str, str] | None = None,
    stdin: bytes = b"",
    stdout: int = subprocess.PIPE,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program on this kernel in an environment of its own."""
    return subprocess.run(
        [binary, *arguments],
        cwd=cwd,
        env=environment or {},
        input=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=120,
        check=False,
    )


def fresh(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
