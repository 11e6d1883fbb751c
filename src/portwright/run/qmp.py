"""QEMU's machine protocol on a socket that we hold: events as they come, and questions that are answered at once.

One thread, no event loop: the session waits for the socket together with the console (see docs/decisions/0016).
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import time
from typing import Any

PATIENCE = 3.0


class Qmp:
    """The client's end. Whatever goes wrong with the socket closes it: QEMU's end is told by its process."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        end.setblocking(False)
        self._rest = b""
        self._events: list[dict[str, Any]] = []
        self._number = 0
        self.alive = True

    def fileno(self) -> int:
        """To wait for events with."""
        return self._socket.fileno()

    def events(self) -> list[dict[str, Any]]:
        """The events that have come since."""
        self._receive()
        taken, self._events = self._events, []
        return taken

    def expects(self, event: str) -> bool:
        """Whether such an event came and was not taken yet."""
        self._receive()
        return any(each["event"] == event for each in self._events)

    def ask(self, command: str, patience: float = PATIENCE, **arguments: Any) -> Any:
        """The answer to a command, or None where there is none in that time."""
        self._number += 1
        number = self._number
        question = {"execute": command, "id": number}
        if arguments:
            question["arguments"] = {key.replace("_", "-"): value for key, value in arguments.items()}
        if not self._send(json.dumps(question).encode() + b"\n"):
            return None
        until = time.monotonic() + patience
        while self.alive and time.monotonic() < until:
            for answer in self._receive():
                if answer.get("id") == number:
                    return answer.get("return")
            with contextlib.suppress(OSError, ValueError):
                select.select([self._socket], [], [], max(0.0, min(0.2, until - time.monotonic())))
        return None

    def person(self, line: str) -> str:
        """The answer of QEMU's monitor for people."""
        said = self.ask("human-monitor-command", command_line=line)
        return said if isinstance(said, str) else ""

    def begin(self) -> bool:
        """Exchange greetings; whether QEMU answered."""
        return self.ask("qmp_capabilities") is not None

    def close(self) -> None:
        """Let go of the socket."""
        self.alive = False
        self._socket.close()

    def _send(self, data: bytes) -> bool:
        until = time.monotonic() + PATIENCE
        while data and self.alive:
            try:
                data = data[self._socket.send(data) :]
            except BlockingIOError:
                if time.monotonic() > until:
                    return False
                select.select([], [self._socket], [], 0.1)
            except OSError:
                self.alive = False
        return self.alive

    def _receive(self) -> list[dict[str, Any]]:
        """Read what is there; answers are returned, events kept."""
        answers: list[dict[str, Any]] = []
        while self.alive:
            try:
                data = self._socket.recv(1 << 16)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.alive = False
                break
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                with contextlib.suppress(ValueError):
                    said = json.loads(line)
                    if isinstance(said, dict):
                        (self._events if "event" in said else answers).append(said)
        return answers
