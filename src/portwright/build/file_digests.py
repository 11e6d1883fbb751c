"""Hashes of files as they lie on the disk, each read once; those of large tools are remembered between recordings."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from portwright.base.hashing import hash_file
from portwright.build import hash_memory
from portwright.build.hash_memory import HashMemory

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
    _memory: HashMemory | None = None

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
        if self._memory is None:
            self._memory = hash_memory.of_tools()
        return self._memory.hash(path, status)

    def keep(self) -> None:
        """Write down what was learned."""
        if self._memory is not None:
            self._memory.save_if_possible()
