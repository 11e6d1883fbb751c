"""A real machine at a serial line (or a pseudo-terminal, or the Unix socket of another emulator)."""

from __future__ import annotations

import os
import socket
import stat
import termios
import time
import tty
from collections.abc import Iterator, Sequence
from pathlib import Path

from portwright.base.errors import Where, fail
from portwright.base.processes import Attended, run
from portwright.describe.machines.serial import Serial
from portwright.run.console import READ_AT_ONCE, Boot, unknown
from portwright.run.events import ConsoleOutput, CpusSampled, MachineEnded, MachineEvent, MachineStarted

SWITCH_OFF_SECONDS = 30.0


def start(boot: Boot) -> SerialMachine:
    """Open the line, then switch the machine on; raises `BadInput` where there is no such line."""
    machine = boot.machine
    assert isinstance(machine, Serial)
    path = Path(machine.device)
    try:
        kind = path.stat().st_mode
        if stat.S_ISSOCK(kind):
            line = socket.socket(socket.AF_UNIX)
            line.connect(str(path))
            file = line.detach()
        else:
            file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            _set_speed(file, machine.speed, path)
    except OSError as error:
        hint = "the device of the serial line, or a Unix socket; who may open it is in `ls -l`"
        raise fail(f"cannot open the line: {error.strerror}", Where(path), hint, "boot/serial") from None
    os.set_blocking(file, False)
    return SerialMachine(boot, machine, file)


def _set_speed(file: int, speed: int, path: Path) -> None:
    if not os.isatty(file):
        return
    code = getattr(termios, f"B{speed}", None)
    if code is None:
        raise fail(
            f"no serial line has {speed} bits per second", Where(path), "115200, 9600 ...", "boot/speed"
        )
    tty.setraw(file)
    settings = termios.tcgetattr(file)
    settings[4] = settings[5] = code
    settings[2] |= termios.CLOCAL | termios.CREAD
    termios.tcsetattr(file, termios.TCSANOW, settings)


class SerialMachine:
    """What is at the other end of a line: we hear it and cannot see it."""

    def __init__(self, boot: Boot, machine: Serial, file: int) -> None:
        self._machine, self._file = machine, file
        self._began = time.monotonic()
        self._start: Attended | None = None
        if machine.start:
            self._start = Attended(machine.start, boot.scratch / "start-words", cwd=boot.folder)
        self._ended = False
        self.started = MachineStarted(0.0, machine.kind, machine.device, machine.slowness)

    def files(self) -> Sequence[int]:
        """The line, and the end of the command that switches the machine on, until it ended well."""
        starting = self._start is not None and self._start.status() != 0
        return [self._file, *([self._start.handle] if self._start is not None and starting else [])]

    def take(self) -> Iterator[MachineEvent]:
        """What came over the line."""
        if self._ended:
            return
        failed = self._start.status() if self._start is not None else None
        if failed:
            assert self._start is not None
            self._ended = True
            yield MachineEnded(self._at(), "not-started", failed, self._start.words())
            return
        try:
            data = os.read(self._file, READ_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:  # a pseudo-terminal whose other end is closed
            data = b""
        if data:
            yield ConsoleOutput(self._at(), data)
        else:
            self._ended = True
            yield MachineEnded(self._at(), "closed")

    def type(self, data: bytes) -> int:
        """Send it over the line, a little at a time: a real one has no room for much."""
        try:
            return os.write(self._file, data[:64])
        except OSError:
            return 0

    def sample(self, glance: bool) -> CpusSampled:
        """A line shows no CPUs."""
        return unknown(self._at(), "a real machine's CPUs cannot be looked at over a serial line")

    def close(self) -> None:
        """Switch the machine off, where there is a command for it, and close the line."""
        if self._file < 0:
            return
        if self._start is not None:
            self._start.close()
        if self._machine.end:
            run(self._machine.end, timeout=SWITCH_OFF_SECONDS)
        os.close(self._file)
        self._file = -1

    def _at(self) -> float:
        return time.monotonic() - self._began
