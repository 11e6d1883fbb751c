"""The futexes of one process: which threads sleep on which word of its memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portwright.run.failure import Failed

if TYPE_CHECKING:
    from portwright.run.process import Process
    from portwright.run.thread import Thread

SIZE = 4


class Futexes:
    """Queues of threads by the address of the word."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._queues: dict[int, list[Thread]] = {}

    def word(self, address: int) -> int:
        """What the word holds; raises `Failed` (EINVAL) for an address that is no word's, and `BadAddress`."""
        if address % SIZE:
            raise Failed("EINVAL")
        return int.from_bytes(self._process.space.read(address, SIZE), self._process.cpu.endian)

    def join(self, address: int, thread: Thread) -> None:
        """A thread begins to sleep on a word."""
        self._queues.setdefault(address, []).append(thread)

    def leave(self, address: int, thread: Thread) -> bool:
        """A thread does not sleep on a word any more; whether nobody had woken it."""
        queue = self._queues.get(address, [])
        if thread not in queue:
            return False
        queue.remove(thread)
        if not queue:
            del self._queues[address]
        return True

    def wake(self, address: int, count: int) -> int:
        """Wake so many of the threads that sleep on a word, or all; answers how many."""
        if address % SIZE:
            raise Failed("EINVAL")
        queue, woken = self._queues.get(address, []), 0
        while queue and woken < count:
            thread = queue.pop(self._process.hostility.turn(len(queue)))
            self._process.kernel.wake(thread)
            woken += 1
        if not queue:
            self._queues.pop(address, None)
        return woken
