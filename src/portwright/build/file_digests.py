"""Hashes of files as they lie on the disk, each read once; those of large tools are remembered between recordings."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portwright.base.files import cache_root, write_atomic
from portwright.base.hashing import hash_file

LARGE = 1 << 16
"""Bytes from which a file's hash is worth remembering."""


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file as it lies there now; `changed` is its last change in Unix nanoseconds."""

    digest: str
    size: int
    mode: int
    changed: int


@dataclass(slots=True)
class Digests:
    """The hashes of files."""

    _found: dict[str, OnDisk | None] = field(default_factory=dict)
    _memory: dict[str, list[Any]] | None = None
    _new: bool = False

    def of(self, path: str, *, remember: bool = False) -> OnDisk | None:
        """The file behind a path, links followed; None where no plain file can be read there."""
        if path not in self._found:
            self._found[path] = self._look(path, remember)
        return self._found[path]

    def _look(self, path: str, remember: bool) -> OnDisk | None:
        try:
            status = os.stat(path)  # noqa: PTH116 - called by the thousands
            if not stat.S_ISREG(status.st_mode):
                return None
            digest = self._digest(path, status) if remember else hash_file(Path(path))
        except OSError:
            return None
        return OnDisk(digest, status.st_size, stat.S_IMODE(status.st_mode), status.st_mtime_ns)

    def _digest(self, path: str, status: os.stat_result) -> str:
        if status.st_size < LARGE:
            return hash_file(Path(path))
        signature = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        memory = self._remembered()
        row = memory.get(path)
        if row is not None and row[:4] == signature:
            return str(row[4])
        digest = hash_file(Path(path))
        memory[path] = [*signature, digest]
        self._new = True
        return digest

    def _remembered(self) -> dict[str, list[Any]]:
        if self._memory is None:
            self._memory = {}
            with contextlib.suppress(OSError, ValueError, AttributeError):
                rows = json.loads(_memory_file().read_text())
                self._memory = {path: row for path, row in rows.items() if len(row) == 5}
        return self._memory

    def keep(self) -> None:
        """Write down what was learned; that it cannot be written costs only time."""
        if self._new and self._memory is not None:
            with contextlib.suppress(Exception):
                write_atomic(_memory_file(), json.dumps(self._memory))


def _memory_file() -> Path:
    return cache_root() / "recordings" / "tool-digests.json"
