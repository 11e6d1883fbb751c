"""A machine that is a process of this one: its standard streams are the console, its end is the machine's."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from portwright.base.processes import PIPE, Attended, environment, paste
from portwright.describe.machine import Machine
from portwright.run.console import READ_AT_ONCE, unknown
from portwright.run.events import ConsoleOutput, CpusSampled, MachineEnded, MachineEvent, MachineStarted


class CommandMachine:
    """A process whose standard streams are a console."""

    def __init__(
        self,
        machine: Machine,
        words: Sequence[str],
        scratch: Path,
        folder: Path,
        variables: Mapping[str, str],
        *,
        ends_well: bool = True,
    ) -> None:
        self._ends_well = ends_well
        self._process = Attended(
            words,
            scratch / "words",
            cwd=folder,
            env=environment(dict(variables)),
            stdin=PIPE,
            stdout=PIPE,
        )
        process = self._process.process
        assert process.stdin is not None and process.stdout is not None
        self._in, self._out = process.stdin.fileno(), process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._began = time.monotonic()
        self._open = True
        self._ended = False
        self.started = MachineStarted(
            0.0, machine.kind, f"`{words[0]}`", machine.slowness, paste(words, env=variables)
        )

    def files(self) -> Sequence[int]:
        """Its output and its end."""
        return ([self._out] if self._open else []) + [self._process.handle]

    def take(self) -> Iterator[MachineEvent]:
        """What it printed; its end comes after the last of that."""
        if self._ended:
            return
        status = self._process.status()
        while self._open:
            try:
                data = os.read(self._out, READ_AT_ONCE)
            except BlockingIOError:
                break
            if not data:
                self._open = False
                break
            yield ConsoleOutput(self._at(), data)
            if status is None:
                return
        if status is not None:
            self._ended = True
            yield self._end(status)

    def _end(self, status: int) -> MachineEnded:
        words = self._process.words()
        if status < 0:
            return MachineEnded(self._at(), "killed", status, words)
        if status == 0 and self._ends_well:
            return MachineEnded(self._at(), "powered-off", status, words)
        return MachineEnded(self._at(), "exited", status, words)

    def type(self, data: bytes) -> int:
        """Write to its standard input."""
        try:
            return os.write(self._in, data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)

    def sample(self, glance: bool) -> CpusSampled:
        """Not for us to see."""
        return unknown(self._at(), "a command's CPUs cannot be looked at")

    def close(self) -> None:
        """End it and its children."""
        if self._process.handle >= 0:
            self._process.close()
            for stream in (self._process.process.stdin, self._process.process.stdout):
                if stream is not None:
                    try:
                        stream.close()
                    except OSError:
                        continue

    def _at(self) -> float:
        return time.monotonic() - self._began
