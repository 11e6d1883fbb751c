"""Replace the program by another in the same process, with its open files; it comes back only where it fails."""

from __future__ import annotations

from collections.abc import Sequence

from portwright.run.process import Process


def perform(process: Process, path: bytes, arguments: Sequence[bytes], environment: Sequence[bytes]) -> int:
    """From a file of the machine's root that may be executed. All other threads of the process are gone."""
    process.kernel.programs.execute(process, path, arguments, environment)
    return 0
