"""What a machine is to those who watch it: a console, an end, and perhaps CPUs that can be looked at.

The kinds of machines are in `machines/`; each has `start(boot)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from portwright.base import rooms
from portwright.describe.machine import Machine
from portwright.run.events import CpusSampled, MachineEvent, MachineStarted

ROOM = "portwright.run.machines"
READ_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Boot:
    """What is to be started: a port's machine, and what the command line puts in the place of its parts.

    `folder` is the port's: names of files are relative to it. `images` replace those of drives by name; the one
    under the empty name is the first drive's. `scratch` is a private folder that goes afterwards. `persist`: what
    the guest writes to its disks stays. `share`: the folder that the guest sees. `own`: the folder for what the
    machine's owner has, and nobody may hand out.
    """

    name: str
    machine: Machine
    folder: Path
    scratch: Path
    kernel: Path | None = None
    initrd: Path | None = None
    append: str | None = None
    images: Mapping[str, Path] = field(default_factory=dict)
    symbols: tuple[Path, ...] = ()
    persist: bool = False
    share: Path | None = None
    own: Path = Path("/nonexistent")


class Running(Protocol):
    """A machine that was started. Everything but `sample` returns at once."""

    started: MachineStarted

    def files(self) -> Sequence[int]:
        """Descriptors that become readable when there is something to take."""

    def take(self) -> Iterator[MachineEvent]:
        """What has come since; `MachineEnded` is the last."""

    def type(self, data: bytes) -> int:
        """Type at the console; how many bytes were taken."""

    def sample(self, glance: bool) -> CpusSampled | None:
        """Look at the CPUs; `unknown` where that cannot be done, None where the machine ends meanwhile, which
        `take` tells. A glance tells only whether they are dead."""

    def close(self) -> None:
        """End it, by its own id; may be called twice."""


def start(boot: Boot) -> Running:
    """Start the machine; raises `BadInput` or `MissingTool` where something for it is not there."""
    running: Running = rooms.load(ROOM, boot.machine.kind).start(boot)
    return running


def unknown(at: float, why: str) -> CpusSampled:
    """The answer of a machine whose CPUs cannot be looked at."""
    return CpusSampled(at, "unknown", (), (why,))
