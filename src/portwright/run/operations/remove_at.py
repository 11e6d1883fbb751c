"""Take away a file, or with AT_REMOVEDIR an empty directory, by a path that starts at an open directory."""

from __future__ import annotations

from portwright.run.failure import Failure
from portwright.run.process import Process


def perform(process: Process, directory: int, path: bytes, flags: frozenset[str] | None) -> int | Failure:
    """AT_FDCWD is the current directory; any flag but AT_REMOVEDIR is EINVAL."""
    flags = flags or frozenset()
    if flags - {"AT_REMOVEDIR"}:
        return Failure("EINVAL")
    start = process.files.start(directory, path, process.ledger.constants.get("AT_FDCWD"))
    remove = process.files.remove_directory if flags else process.files.remove_file
    remove(path, start)
    return 0
