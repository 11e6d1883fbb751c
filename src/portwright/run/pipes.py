"""Pipes: bytes that one end takes and the other gives, in order, with room for so many.

Who reads an empty pipe waits, and who writes to a full one, as long as somebody has the other end.
"""

from __future__ import annotations

from portwright.run.failure import Failed
from portwright.run.files import PIPE_MODE, OpenFile, Status, made_up_status
from portwright.run.waiting import Wait

CAPACITY = 64 << 10
ATOMIC = 4096  # a write of at most so many bytes goes in whole, or not yet


class Pipe:
    """The bytes between two ends. An end is open until its last number is closed.

    `waits`: who writes to a full pipe waits; else the pipe takes what it can at once, which may be nothing.
    """

    def __init__(self, capacity: int = CAPACITY, *, waits: bool = True) -> None:
        self.waits = waits
        self.capacity = max(capacity, ATOMIC)
        self.held = bytearray()
        self.reader_open = self.writer_open = True

    @property
    def room(self) -> int:
        """How many bytes it takes now."""
        return self.capacity - len(self.held)


class ReadEnd(OpenFile):
    """Where the bytes come out."""

    blocks = True

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def read(self, length: int) -> bytes:
        pipe = self._pipe
        if not length:
            return b""
        if not pipe.held and pipe.writer_open:
            if self.nonblocking:
                raise Failed("EAGAIN")
            raise Wait("a pipe that is empty", ready=self.can_read, runs=lambda child: True)
        taken = bytes(pipe.held[:length])
        del pipe.held[:length]
        return taken

    def status(self) -> Status:
        return made_up_status(PIPE_MODE)

    def can_read(self) -> bool:
        return bool(self._pipe.held) or not self._pipe.writer_open

    def can_write(self) -> bool:
        return False

    def hung_up(self) -> bool:
        return not self._pipe.writer_open

    def close(self) -> None:
        self._pipe.reader_open = False


class WriteEnd(OpenFile):
    """Where the bytes go in."""

    blocks = True
    leaves = False

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def write(self, data: bytes) -> int:
        pipe = self._pipe
        if not pipe.reader_open:
            raise Failed("EPIPE")
        needed = len(data) if len(data) <= ATOMIC else 1
        if pipe.room < needed and pipe.waits:
            if self.nonblocking:
                raise Failed("EAGAIN")
            raise Wait("a pipe that is full", ready=lambda: pipe.room >= needed or not pipe.reader_open)
        count = min(len(data), pipe.room)
        pipe.held += data[:count]
        return count

    def status(self) -> Status:
        return made_up_status(PIPE_MODE)

    def can_read(self) -> bool:
        return False

    def can_write(self) -> bool:
        return self._pipe.room >= ATOMIC or not self._pipe.reader_open

    def failed(self) -> bool:
        return not self._pipe.reader_open

    def close(self) -> None:
        self._pipe.writer_open = False


def make(capacity: int, *, waits: bool = True) -> tuple[ReadEnd, WriteEnd]:
    """A new pipe's two ends."""
    pipe = Pipe(capacity, waits=waits)
    return ReadEnd(pipe), WriteEnd(pipe)
