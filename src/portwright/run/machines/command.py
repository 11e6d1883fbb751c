"""A machine that a command makes: what it prints is the console, what it reads is typed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence

from portwright.base.errors import BadInput, Fault
from portwright.base.processes import PIPE, Attended, environment, paste
from portwright.describe.machines.command import Command
from portwright.run.console import READ_AT_ONCE, Boot, unknown
from portwright.run.events import ConsoleOutput, CpusSampled, MachineEnded, MachineEvent, MachineStarted


def start(boot: Boot) -> CommandMachine:
    """Start the command; raises `BadInput` where it names what was not given, `MissingTool` where it is not there."""
    machine = boot.machine
    assert isinstance(machine, Command)
    given = {
        "kernel": boot.kernel,
        "initrd": boot.initrd,
        "image": boot.images.get(""),
        "append": boot.append,
    }
    faults, words = [], []
    for word in machine.command:
        text = word
        for name, value in given.items():
            if "{" + name + "}" in word:
                if value is None:
                    what = f"the machine's command asks for {{{name}}}"
                    faults.append(Fault(what, None, f"give --{name}", f"boot/{name}"))
                text = text.replace("{" + name + "}", str(value))
        words.append(text)
    if faults:
        raise BadInput(faults)
    return CommandMachine(boot, machine, words)


class CommandMachine:
    """A process whose standard streams are a console."""

    def __init__(self, boot: Boot, machine: Command, words: Sequence[str]) -> None:
        self._machine = machine
        self._process = Attended(
            words,
            boot.scratch / "words",
            cwd=boot.folder,
            env=environment(dict(machine.environment)),
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
            0.0, machine.kind, f"`{words[0]}`", machine.slowness, paste(words, env=machine.environment)
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
        if status == 0 and self._machine.ends_well:
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
