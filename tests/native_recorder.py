"""The native recorder below tests: a command that was recorded to its end, with what its log says."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from portwright.build import event_log as log


@dataclass
class Recorded:
    """A command that was recorded to its end."""

    status: int
    stdout: bytes
    stderr: bytes
    log: log.Log

    @property
    def events(self) -> tuple[log.Event, ...]:
        return self.log.events

    def of(self, kind: type) -> list[log.Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def argvs(self) -> list[tuple[str, ...]]:
        return [event.argv for event in self.events if isinstance(event, log.Exec)]

    def opened(self, modes: str) -> set[str]:
        return {event.path for event in self.events if isinstance(event, log.Open) and event.mode in modes}

    def hashes(self, path: Path) -> list[str]:
        return [e.digest for e in self.events if isinstance(e, log.Hashed) and e.path == str(path)]


Record = Callable[..., Recorded]


def started(
    program: Path, to: Path, command: Sequence[str | bytes | Path], **more: object
) -> subprocess.Popen[bytes]:
    head = [str(program), "trace", str(to), str(time.monotonic_ns()), "--"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*head, *map(os.fspath, command)], **{**pipes, **more})  # type: ignore[call-overload,no-any-return]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def settled(of: Callable[[], bool], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not of() and time.monotonic() < end:
        time.sleep(0.02)
    return of()
