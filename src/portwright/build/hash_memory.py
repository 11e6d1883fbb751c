"""Remembers the hashes of files by what the file system says of them, so that what did not change is not read again.

A file that was changed within the last moments is not remembered: a second change may leave the same time.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

from portwright.base.files import cache_root, write_atomic
from portwright.base.hashing import hash_file

SETTLED = 2_000_000_000
"""Nanoseconds after which a change shows in a file's times, whatever the file system."""


class HashMemory:
    """Hashes of files by path; `save` writes what is new."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rows: dict[str, list[int | str]] = {}
        self._changed = False
        try:
            value = json.loads(file.read_text(encoding="ascii"))
            self._rows = {str(path): list(row) for path, row in value.items() if len(row) == 5}
        except (OSError, ValueError, TypeError, AttributeError):
            self._changed = True

    def hash(self, path: str, found: os.stat_result) -> str:
        """SHA-256 of a file; `found` is what stat said of it just now."""
        signs: list[int | str] = [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
        known = self._rows.get(path)
        if known is not None and known[:4] == signs:
            return str(known[4])
        digest = hash_file(Path(path))
        if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) > SETTLED:
            self._rows[path] = [*signs, digest]
            self._changed = True
        return digest

    def save(self) -> None:
        """Write the memory."""
        if self._changed:
            write_atomic(self._file, json.dumps(self._rows))
            self._changed = False

    def save_if_possible(self) -> None:
        """The same, for what goes on without: that it cannot be written costs only time."""
        with contextlib.suppress(Exception):
            self.save()


def of_tools() -> HashMemory:
    """What is remembered of the toolchains and systems that builds were recorded with."""
    return HashMemory(cache_root() / "recordings" / "tool-digests.json")
