"""Begins what a plan updates in place as a copy of what another plan of the same target has there already.

A second ledger, another way to panic or a copied port differ in std alone: cargo then finds core and all that std
stands on as it left them, and builds the rest. The copy is what the update of any folder starts from, so that no other
rule is needed: the view is brought up to date next, and cargo goes by what changed in it. Folders of plans of one target
have names of one length, so that the old name, which cargo keeps in the lists of files that it compares, is overwritten
where it stands.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portwright.base.files import disk_errors, folder_atomic
from portwright.build.store import Store
from portwright.derive.plan import Step

LARGEST_LIST = 4 << 20
"""Bytes: no list of files is larger, and what is larger is a crate, whose paths were remapped."""


def seed(store: Store) -> Path | None:
    """Give each folder that is not there yet a beginning; the folder of the plan that it came from, if any did."""
    for step in store.plan.steps:
        if not step.place or not step.start_over:
            continue
        group = [*(need for need in map(store.plan.step, step.needs) if need.place), step]
        if any(store.out(each).exists() for each in group):
            continue
        for other in _others(store):
            with _held(other / "lock") as held:
                if held and _is_right(other, step, group):
                    _copy(store, other, group)
                    return other
    return None


def _others(store: Store) -> list[Path]:
    """Folders of plans of the same target, the newest first."""
    own = store.folder
    found = [
        path
        for path in own.parent.glob(f"{store.plan.target}-*")
        if path != own and len(path.name) == len(own.name) and (path / "lock").exists()
    ]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


@contextmanager
def _held(lock: Path) -> Iterator[bool]:
    """Whether the lock could be had; nobody is waited for."""
    try:
        with lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
    except OSError:
        yield False


def _record(folder: Path, step: str) -> dict[str, Any]:
    try:
        value = json.loads((folder / "records" / f"{step}.json").read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_right(other: Path, step: Step, group: list[Step]) -> bool:
    """Whether the other's folder was made from the same compiler and sources, from the view that lies beside it."""
    last = _record(other, step.name)
    if not last.get("done") or last.get("start_over") != step.start_over:
        return False
    made_from = last.get("needs", {})
    for need in group[:-1]:
        record = _record(other, need.name)
        if not record.get("done") or record.get("key") != made_from.get(need.name):
            return False
    return all((other / each.place).is_dir() for each in group)


def _copy(store: Store, other: Path, group: list[Step]) -> None:
    """Copy the folders, each whole or not at all; the first may be there without the last, not the other way round."""
    old, new = (os.fsencode(f"{folder}/") for folder in (other, store.folder))
    for step in group:
        final = store.out(step)
        with disk_errors(final), folder_atomic(final) as fresh:
            shutil.copytree(other / step.place, fresh, symlinks=True, dirs_exist_ok=True)
            for folder, _, names in os.walk(fresh):
                for name in names:
                    _rename_in(Path(folder) / name, old, new)


def _rename_in(path: Path, old: bytes, new: bytes) -> None:
    """Overwrite the old plan's folder in a file, without a change of its times, by which cargo goes."""
    status = path.lstat()
    if path.is_symlink() or status.st_size > LARGEST_LIST:
        return
    content = path.read_bytes()
    if old in content:
        path.write_bytes(content.replace(old, new))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
