"""A machine that was: its transcript's events again, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portwright.base.errors import fail
from portwright.describe.machines.transcript import Transcript
from portwright.run import transcript_file
from portwright.run.console import Boot, unknown
from portwright.run.events import CpusSampled, MachineEnded, MachineEvent, MachineStarted


def start(boot: Boot) -> TranscriptMachine:
    """Open the transcript; raises `BadInput` where it is none."""
    assert isinstance(boot.machine, Transcript)
    path = boot.folder / boot.machine.file
    if not path.is_file():
        raise fail(f"no transcript at {path}", None, "`portwright boot` records one", "transcript/file")
    return TranscriptMachine(transcript_file.read(path))


class TranscriptMachine:
    """Plays events; what is typed goes nowhere."""

    def __init__(self, events: Iterator[MachineEvent]) -> None:
        self._events = events
        first = next(events, MachineEnded(0.0, "closed"))
        self._first = [] if isinstance(first, MachineStarted) else [first]
        self.started = first if isinstance(first, MachineStarted) else MachineStarted(0.0, "transcript", "")
        self._at = 0.0

    def files(self) -> Sequence[int]:
        """Nothing to wait for."""
        return ()

    def take(self) -> Iterator[MachineEvent]:
        """The next event."""
        event = self._first.pop() if self._first else next(self._events, None)
        if event is not None:
            self._at = event.at
            yield event

    def type(self, data: bytes) -> int:
        """Nobody is there."""
        return len(data)

    def sample(self, glance: bool) -> CpusSampled:
        """What is not in the transcript is not known."""
        return unknown(self._at, "a transcript has no CPUs")

    def close(self) -> None:
        """Nothing to end."""
