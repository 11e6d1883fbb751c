"""Content hashes (SHA-256, lower-case hex) of bytes, values, files and trees, with a stat-keyed memory of files.

A tree's hash covers names, kinds, contents, the executable bit and symlink targets; not times or owners.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portwright.base.files import cache_root, write_atomic


def hash_bytes(data: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def hash_value(value: Any) -> str:
    """SHA-256 of a JSON-able value in one canonical spelling (sorted keys, no spaces)."""
    return hash_bytes(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _listing(root: Path, keep: Callable[[str], bool]) -> list[tuple[str, os.stat_result, str]]:
    rows: list[tuple[str, os.stat_result, str]] = []

    def walk(folder: str, prefix: str) -> None:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda item: item.name):
                name = prefix + entry.name
                if not keep(name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    walk(entry.path, name + "/")
                else:
                    rows.append((name, entry.stat(follow_symlinks=False), entry.path))

    walk(str(root), "")
    return rows


def hash_tree(root: Path, *, keep: Callable[[str], bool] = lambda name: True, remember: bool = True) -> str:
    """SHA-256 of a folder. With `remember`, an unchanged listing (size, mtime, inode) is not read again."""
    rows = _listing(root, keep)
    signature = hash_value(
        [str(root), [[n, s.st_size, s.st_mtime_ns, s.st_ino, s.st_mode] for n, s, _ in rows]]
    )
    memory = cache_root() / "tree-hashes" / signature[:2] / signature
    if remember:
        try:
            return memory.read_text()
        except OSError:
            pass
    digest = hashlib.sha256()
    for name, status, path in rows:
        if stat.S_ISLNK(status.st_mode):
            kind, content = "l", hash_bytes(os.fsencode(Path(path).readlink()))
        elif stat.S_ISREG(status.st_mode):
            kind, content = ("x" if status.st_mode & 0o100 else "f"), hash_file(Path(path))
        else:
            kind, content = "s", oct(stat.S_IFMT(status.st_mode))
        digest.update(f"{kind}\0{name}\0{content}\0".encode("utf-8", "surrogateescape"))
    result = digest.hexdigest()
    if remember:
        write_atomic(memory, result)
    return result
