"""A machine that runs, as one stream of events: what it shows, what is typed, how time passes.

Records every event, lets others watch the console on a Unix socket, and gives it to a person's terminal on request.
Whether to go on is for whoever reads the events to say.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from portwright.run.console import Running
from portwright.run.events import (
    ConsoleInput,
    ConsoleOutput,
    MachineEnded,
    MachineEvent,
    Ticked,
)
from portwright.run.transcript_file import Recorder

TICK = 0.05
SMALL, REST = 4096, 0.004
LEAVE = 0x1D  # Ctrl-]
WATCHER_BUFFER = 1 << 20


class Session:
    """One run of one machine. `socket_path`: where others may watch; `terminal`: (from, to) of a person's."""

    def __init__(
        self,
        running: Running,
        recorder: Recorder,
        socket_path: Path | None = None,
        terminal: tuple[int, int] | None = None,
    ) -> None:
        self.running, self.recorder = running, recorder
        self.terminal = terminal
        self._began = time.monotonic() - running.started.at
        self._waiting: list[MachineEvent] = [running.started]
        self._typed = b""
        self._looked = False  # what came meanwhile was read already: nothing will be readable
        self._watchers = _Watchers(socket_path) if socket_path else None
        self.left = False

    def events(self) -> Iterator[MachineEvent]:
        """Everything that happens, until the machine is gone; a tick where nothing does."""
        while True:
            for event in self._next():
                self.recorder.write(event)
                yield event
                if isinstance(event, MachineEnded):
                    return

    def type(self, data: bytes) -> None:
        """Type at the console, as fast as it takes it."""
        self._typed += data
        self._waiting.append(ConsoleInput(self._at(), data))

    def sample(self, glance: bool) -> None:
        """Look at the CPUs; the event comes next, if the machine is still there to be looked at."""
        self.recorder.flush()
        sampled = self.running.sample(glance)
        if sampled is not None:
            self._waiting.append(sampled)
        self._looked = True

    def close(self) -> None:
        """End the machine and the transcript."""
        self.running.close()
        self.recorder.close()
        if self._watchers:
            self._watchers.close()

    def _at(self) -> float:
        return time.monotonic() - self._began

    def _next(self) -> Iterator[MachineEvent]:
        if self._waiting:
            taken, self._waiting = self._waiting, []
            yield from taken
            return
        self._type_on()
        files = list(self.running.files())
        others = self._watchers.files() if self._watchers else []
        keyboard = [self.terminal[0]] if self.terminal and not self.left else []
        ready = select.select([*files, *others, *keyboard], [], [], TICK if files else 0)[0]
        if self._watchers and set(others) & set(ready):
            self._watchers.accept(ready)
        if set(keyboard) & set(ready):
            self._from_terminal()
        seen, size = False, 0
        some = self._looked or not files or bool(set(files) & set(ready))
        self._looked = False
        for event in self.running.take() if some else ():
            seen = True
            if isinstance(event, ConsoleOutput):
                size += len(event.data)
                self._show(event.data)
            yield event
        if not seen:
            yield Ticked(self._at())
        elif size and size < SMALL:
            # A serial line gives a few bytes at a time: let some gather.
            time.sleep(REST)

    def _type_on(self) -> None:
        if self._typed:
            self._typed = self._typed[self.running.type(self._typed) :]

    def _from_terminal(self) -> None:
        assert self.terminal is not None
        data = os.read(self.terminal[0], 4096)
        if not data or LEAVE in data:
            self.left = True
            data = data.split(bytes([LEAVE]))[0]
        if data:
            self.type(data)

    def _show(self, data: bytes) -> None:
        if self._watchers:
            self._watchers.send(data)
        if self.terminal:
            with contextlib.suppress(OSError):
                os.write(self.terminal[1], data)


class _Watchers:
    """Those who look on: each gets the console from its last lines on; one who does not read loses the line."""

    def __init__(self, path: Path) -> None:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(8)
        self._server.setblocking(False)
        self._clients: list[socket.socket] = []
        self._tail = b""

    def files(self) -> list[int]:
        return [self._server.fileno(), *(client.fileno() for client in self._clients)]

    def accept(self, ready: list[int]) -> None:
        if self._server.fileno() in ready:
            with contextlib.suppress(OSError):
                client, _ = self._server.accept()
                client.setblocking(False)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WATCHER_BUFFER)
                client.send(self._tail or b"")
                self._clients.append(client)
        for client in [each for each in self._clients if each.fileno() in ready]:
            try:
                gone = not client.recv(4096)  # what a watcher types is not for the machine
            except BlockingIOError:
                gone = False
            except OSError:
                gone = True
            if gone:
                self._drop(client)

    def send(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-SMALL:]
        for client in list(self._clients):
            try:
                if client.send(data) < len(data):
                    self._drop(client)
            except OSError:
                self._drop(client)

    def close(self) -> None:
        for client in list(self._clients):
            self._drop(client)
        self._server.close()

    def _drop(self, client: socket.socket) -> None:
        self._clients.remove(client)
        client.close()
