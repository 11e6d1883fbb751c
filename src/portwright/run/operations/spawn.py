"""Start a program in a new process, whose number is the result; the three files become its standard streams."""

from __future__ import annotations

from collections.abc import Sequence

from portwright.run.process import Process


def perform(
    process: Process,
    path: bytes,
    arguments: Sequence[bytes],
    environment: Sequence[bytes],
    directory: bytes | None,
    stdin: int,
    stdout: int,
    stderr: int,
) -> int:
    """A relative path is looked for in the new process's directory."""
    streams = (stdin, stdout, stderr)
    return process.kernel.programs.spawn(process, path, arguments, environment, directory, streams).id
