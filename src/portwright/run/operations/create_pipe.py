"""Make a pipe: one open file to read from, and one to write to."""

from __future__ import annotations

from portwright.run import pipes
from portwright.run.engine import Access
from portwright.run.process import Process


def perform(process: Process, fds: int, flags: frozenset[str] | None) -> int:
    """In a hostile run it has less room than most systems give it, where who finds it full waits."""
    flags, layout = flags or frozenset(), process.layout("fd_pair")
    process.check_buffer(fds, layout.size, Access.WRITE)
    process.files.check_room(2)
    stays = "O_CLOEXEC" in flags
    waits = process.ledger.processes.full_pipe == "waits"
    least = pipes.ATOMIC if waits else pipes.CAPACITY
    room = process.hostility.number(least, pipes.CAPACITY, kind=pipes.CAPACITY)
    reader, writer = pipes.make(room, waits=waits)
    reader.flags, writer.flags = frozenset({"O_RDONLY"}), frozenset({"O_WRONLY"})
    reader.nonblocking = writer.nonblocking = "O_NONBLOCK" in flags
    ends = {
        "read": process.files.add(lambda: reader, stays=stays),
        "write": process.files.add(lambda: writer, stays=stays),
    }
    process.put_struct("fd_pair", fds, ends)
    return 0
