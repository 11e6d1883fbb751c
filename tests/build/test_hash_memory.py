"""Hashes are remembered by what the file system says, never for files that changed a moment ago."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from portwright.base.hashing import hash_bytes
from portwright.build import hash_memory
from portwright.build.hash_memory import HashMemory


def test_what_did_not_change_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, store = tmp_path / "file", tmp_path / "memory"
    file.write_bytes(b"one")
    monkeypatch.setattr(hash_memory, "SETTLED", -1)
    memory = HashMemory(store)
    assert memory.hash(str(file), file.stat()) == hash_bytes(b"one")
    memory.save()
    read: list[Path] = []
    monkeypatch.setattr(hash_memory, "hash_file", lambda path: (read.append(path), "other")[1])
    assert HashMemory(store).hash(str(file), file.stat()) == hash_bytes(b"one") and not read
    os.utime(file, (1, 1))
    assert HashMemory(store).hash(str(file), file.stat()) == "other" and read


def test_a_file_that_changed_just_now_is_read_each_time(tmp_path: Path) -> None:
    file, store = tmp_path / "file", tmp_path / "memory"
    for data in (b"one", b"two"):
        file.write_bytes(data)
        os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
        memory = HashMemory(store)
        assert memory.hash(str(file), file.stat()) == hash_bytes(data)
        memory.save()
    store.write_text("[damaged")
    assert HashMemory(store).hash(str(file), file.stat()) == hash_bytes(b"two")
