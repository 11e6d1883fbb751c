"""Wake at most `count` threads that sleep on the word; answers how many."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, word: int, count: int) -> int:
    """Which of them is nobody's promise."""
    return process.futexes.wake(word, count)
