"""Runs a program of this machine's own OS as the userland machine runs a guest: the same options, events and end.

For what guests are compared with. Nothing is held back from it but time and the caller's environment.
"""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from portwright.base import processes
from portwright.base.files import temporary_folder
from portwright.run.events import Died, Exited, Outcome, Report, RunEvent, Wrote
from portwright.run.limits import time_end
from portwright.run.options import Options

CHUNK = 1 << 16
Stream = Literal["stdout", "stderr"]


def run(binary: Path, options: Options, emit: Callable[[RunEvent], None]) -> Outcome:
    """Run it to its end, in a fresh folder; answers its output and how it ended."""
    began = time.monotonic()
    taken: dict[Stream, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
    with temporary_folder("portwright-host-") as folder:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "TMPDIR": str(folder),
            "HOME": str(folder),
            **options.environment,
        }
        process = processes.start(
            [str(binary), *options.arguments],
            cwd=folder,
            env=environment,
            stdout=processes.PIPE,
            stderr=processes.PIPE,
        )
        try:
            assert process.stdout is not None and process.stderr is not None
            pipes: dict[Stream, int] = {"stdout": process.stdout.fileno(), "stderr": process.stderr.fileno()}

            def take(stream: Stream, data: bytes) -> None:
                taken[stream] += data
                emit(Wrote(stream, data))

            in_time = _listen(pipes, options.limits.seconds, began, take)
            if not in_time:
                processes.stop(process)
            status = process.wait()
        finally:
            processes.stop(process)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
    end = _end(status) if in_time else time_end("wall", options.limits.seconds or 0.0)
    emit(end)
    return Outcome(end, bytes(taken["stdout"]), bytes(taken["stderr"]), seconds=time.monotonic() - began)


def _listen(
    pipes: dict[Stream, int], seconds: float | None, began: float, take: Callable[[Stream, bytes], None]
) -> bool:
    """Read both streams to their ends; False where the time was over before."""
    with selectors.DefaultSelector() as selector:
        for stream, descriptor in pipes.items():
            selector.register(descriptor, selectors.EVENT_READ, stream)
        while selector.get_map():
            left = None if seconds is None else began + seconds - time.monotonic()
            if left is not None and left <= 0:
                return False
            for key, _ in selector.select(left):
                data = os.read(key.fd, CHUNK)
                if data:
                    take(key.data, data)
                else:
                    selector.unregister(key.fd)
    return True


def _end(status: int) -> Exited | Died:
    if status >= 0:
        return Exited(status)
    return Died(-status, Report("other", f"ended by signal {-status}"))
