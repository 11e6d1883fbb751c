"""Earlier boots of a machine: their transcripts, and the last good one, which a bad one is compared with."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from portwright.base.files import disk_errors
from portwright.judge import console_text, divergence
from portwright.judge.divergence import Divergence
from portwright.run.events import ConsoleOutput, MachineEvent

KEPT = 20
COMPARED = 1 << 20
GOOD = "good.jsonl"


def new_file(folder: Path) -> Path:
    """Where the next transcript goes; of the older ones the last few are kept."""
    runs = folder / "runs"
    with disk_errors(runs):
        runs.mkdir(parents=True, exist_ok=True)
    older = sorted(runs.glob("*.jsonl"))
    for path in older[: max(0, len(older) - KEPT + 1)]:
        with contextlib.suppress(OSError):
            path.unlink()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return runs / f"{stamp}-{time.monotonic_ns() % 10**9:09}-{os.getpid()}.jsonl"


def keep_good(folder: Path, transcript: Path) -> None:
    """Make it the one that bad boots are compared with."""
    fresh = folder / f".{GOOD}-{os.getpid()}"
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(transcript, fresh)
        fresh.replace(folder / GOOD)


def good_file(folder: Path) -> Path | None:
    """The transcript of the last good boot."""
    path = folder / GOOD
    return path if path.is_file() else None


def compare(good: Iterable[MachineEvent], bad: Iterable[MachineEvent]) -> Divergence | None:
    """Where a boot first differs from a good one."""
    return divergence.find(_lines(good), _lines(bad))


def _lines(events: Iterable[MachineEvent]) -> Sequence[str]:
    data = bytearray()
    for event in events:
        if isinstance(event, ConsoleOutput):
            data += event.data
            if len(data) > COMPARED:
                break
    return console_text.lines(bytes(data[:COMPARED]))
