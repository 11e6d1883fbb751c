"""Describe what a path that starts at an open directory names; with AT_SYMLINK_NOFOLLOW a link itself."""

from __future__ import annotations

from portwright.run.process import Process


def perform(process: Process, directory: int, path: bytes, status: int, flags: frozenset[str] | None) -> int:
    """AT_FDCWD is the current directory; with AT_EMPTY_PATH and no path it is the open file itself."""
    flags = flags or frozenset()
    if not path and "AT_EMPTY_PATH" in flags:
        process.put_status(status, process.files.get(directory).status())
        return 0
    start = process.files.start(directory, path, process.ledger.constants.get("AT_FDCWD"))
    follow = "AT_SYMLINK_NOFOLLOW" not in flags
    process.put_status(status, process.files.status(path, follow=follow, start=start))
    return 0
