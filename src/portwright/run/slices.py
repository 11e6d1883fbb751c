"""Time slices: a thread that computes for long without a system call gives way to others that could run.

This is the one thing in a run that does not follow from the seed: who looks at the clock is the host. An engine that
counts instructions needs none of it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portwright.run.kernel import Kernel

SLICE = 0.02  # seconds of CPU time
BETWEEN_LOOKS = 0.005


class Slices:
    """Interrupts the guest when one turn has lasted longer than a slice, and somebody else could run."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look; more than once does no harm."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="portwright-slices", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        seen, began = -1, 0.0
        while not self._done.wait(BETWEEN_LOOKS):
            turn, used = self._kernel.turn, self._kernel.cpu_seconds()
            if turn != seen or self._kernel.counted or not self._kernel.contended:
                seen, began = turn, used
            elif used - began >= SLICE:
                self._kernel.interrupt()
                began = used
