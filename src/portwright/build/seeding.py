"""Begins what a plan updates in place as a copy of what another plan of the same target has there already.

A second ledger, another way to panic or a copied port differ in std alone: cargo then finds core and all that std
stands on as it left them, and builds the rest. The copy is what the update of any folder starts from, so that no other
rule is needed: the view is brought up to date next, and cargo goes by what changed in it. Folders of plans of one target
have names of one length, so that the old name, which cargo keeps in the lists of files that it compares, is overwritten
where it stands.

Of plans that are new and would all begin with nothing, one at a time does: the others wait until it has what they can
begin with, which is sooner than each would have it by itself on processors that they share.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from portwright.base.events import Event, Note
from portwright.base.files import disk_errors, folder_atomic
from portwright.base.hashing import hash_value
from portwright.build.store import Store
from portwright.derive.plan import Step

PATIENCE = 600.0
BETWEEN_TRIES = 0.1
"""Seconds."""
LARGEST_LIST = 4 << 20
"""Bytes: no list of files is larger, and what is larger is a crate, whose paths were remapped."""


class Seeding:
    """The beginnings of one plan's folders; a context, at whose end nobody has to wait any longer.

    `begun` is the folder of the plan that something came from, if any did.
    """

    def __init__(self, store: Store) -> None:
        self.begun: Path | None = None
        self._store = store
        self._gates: dict[str, IO[str]] = {}

    def __enter__(self) -> Seeding:
        return self

    def __exit__(self, *_: object) -> None:
        for gate in self._gates.values():
            gate.close()

    def begin(self, todo: Iterable[Step]) -> Iterator[Event]:
        """Give the folder of each step that is to be run a beginning, where it is not there yet."""
        store = self._store
        for step in todo:
            if not step.place or not step.start_over:
                continue
            group = [*(need for need in map(store.plan.step, step.needs) if need.place), step]
            if any(store.out(each).exists() for each in group):
                continue
            for each in group:
                store.forget(each)  # a record of what somebody took away: it does not speak of the copy
            gate = (
                store.folder.parent / f".{store.plan.target}-{hash_value([step.start_over, step.env])[:16]}"
            )
            with disk_errors(gate):
                file = self._gates[step.name] = gate.open("a+")
            yield from _pass(file, str(store.folder))
            if self._take_over(step, group):
                self.over(step)

    def over(self, step: Step) -> None:
        """Note that a step has ended, well or not."""
        if gate := self._gates.pop(step.name, None):
            gate.close()

    def _take_over(self, step: Step, group: list[Step]) -> bool:
        for other in _others(self._store):
            before = _records(other, step, group)
            if before and _copy(self._store, other, group, before):
                self.begun = other
                return True
        return False


def _pass(file: IO[str], name: str) -> Iterator[Event]:
    """Lock a gate's file; whoever takes very long (it may have been stopped) is not waited for any longer."""
    until, told = time.monotonic() + PATIENCE, False
    while time.monotonic() < until:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                told = True
                file.seek(0)
                yield Note(
                    f"waiting for std of {file.read() or 'another build'}, with which this build can begin"
                )
            time.sleep(BETWEEN_TRIES)
        else:
            file.truncate(0)
            file.write(name)
            file.flush()
            return


def _others(store: Store) -> list[Path]:
    """Folders of plans of the same target, the newest first."""
    own = store.folder
    found = [
        path
        for path in own.parent.glob(f"{store.plan.target}-*")
        if path != own and len(path.name) == len(own.name) and (path / "lock").exists()
    ]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _record(folder: Path, step: str) -> tuple[str, dict[str, Any]]:
    """A step's record, as it lies there and read; raises `LookupError` where the step is not done."""
    try:
        text = (folder / "records" / f"{step}.json").read_text()
        value = json.loads(text)
        done = value["done"] is True
    except (OSError, ValueError, TypeError):
        done = False
    if not done:
        raise LookupError(step)
    return text, value


def _records(other: Path, step: Step, group: list[Step]) -> list[str]:
    """The records by which the other's folder was made from the same compiler and sources; none where it was not.

    The view beside it may have been brought up to date since: by what changed there cargo goes, as in the other's own
    next build.
    """
    try:
        text, last = _record(other, step.name)
        if last.get("start_over") != step.start_over or last["step"]["env"] != dict(step.env):
            return []  # for another optimisation cargo would build core anew
        texts = [text, *(_record(other, need.name)[0] for need in group[:-1])]
    except (LookupError, TypeError):
        return []
    return texts if all((other / each.place).is_dir() for each in group) else []


def _copy(store: Store, other: Path, group: list[Step], before: list[str]) -> bool:
    """Copy the folders, each whole or not at all; the first may be there without the last, not the other way round.

    Whoever works in the other's folder now (it may have got as far as its programs) is not waited for: a record is
    taken back before anything is changed. False where one was meanwhile.
    """
    old, new = (os.fsencode(f"{folder}/") for folder in (other, store.folder))
    try:
        for step in group:
            final = store.out(step)
            with disk_errors(final), folder_atomic(final) as fresh:
                _copy_tree(other / step.place, fresh)
                if _records(other, group[-1], group) != before:
                    raise _Changed
                for folder, _, names in os.walk(fresh):
                    for name in names:
                        _rename_in(Path(folder) / name, old, new)
    except (_Changed, shutil.Error, FileNotFoundError):  # files that went away under our hands
        return False
    return True


def _copy_tree(source: Path, fresh: Path) -> None:
    """Copy a folder's content; raises `shutil.Error` for files that could not be read, `OSError` for a full disk."""
    try:
        shutil.copytree(source, fresh, symlinks=True, dirs_exist_ok=True)
    except shutil.Error as error:
        for number in (errno.ENOSPC, errno.EDQUOT):
            if os.strerror(number) in str(error):
                raise OSError(number, os.strerror(number), str(fresh)) from error
        raise


class _Changed(Exception):
    """The folder that is copied is not what it was."""


def _rename_in(path: Path, old: bytes, new: bytes) -> None:
    """Overwrite the old plan's folder in a file, without a change of its times, by which cargo goes."""
    status = path.lstat()
    if path.is_symlink() or status.st_size > LARGEST_LIST:
        return
    content = path.read_bytes()
    if old in content:
        path.write_bytes(content.replace(old, new))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
