"""Keeps a source view: a folder of symlinks into an untouched source tree and copies of the edited files.

The view stays at one path and only what differs is written, so that cargo rebuilds only what depends on a
change. What is there is compared, not remembered: a killed update is finished by the next one. No hard links,
and cargo's own files are copies: a writer in the view does not reach the tree.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portwright.base.errors import BadInput, Fault, PortwrightError, Where
from portwright.base.files import disk_errors, write_atomic
from portwright.derive import overlay
from portwright.derive.edit import Edit

SKIPPED = frozenset({"vendor"})
"""Folders at the tree's root that cargo reads from the tree itself (a directory source is checked by content)."""

COPIED = frozenset({"Cargo.toml", "Cargo.lock"})
"""Files that cargo may write."""


@dataclass(slots=True)
class Changes:
    """What an update wrote, linked and took away, as paths below the view."""

    written: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether the view changed at all."""
        return bool(self.written or self.linked or self.removed)


def edited_texts(source: Path, edits: Sequence[Edit]) -> dict[str, str]:
    """The text of every file that the edits touch; raises `BadInput` with all faults, placed in the tree."""

    def read(path: str) -> str | None:
        try:
            return (source / path).read_bytes().decode()
        except FileNotFoundError:
            return None

    try:
        return overlay.apply_all(read, edits)
    except BadInput as error:
        raise BadInput([_placed(fault, source) for fault in error.faults]) from None


def _placed(fault: Fault, source: Path) -> Fault:
    where = fault.where
    if where is None:
        return fault
    return Fault(fault.what, Where(source / where.file, where.line, where.column), fault.hint, fault.code)


def make_view(source: Path, edits: Sequence[Edit], view: Path) -> Changes:
    """Bring the view of the tree `source` (the folder with `std/` and `sysroot/`) up to date with the edits.

    Hold a lock for `view` while calling.
    """
    return update(source, edited_texts(source, edits), view)


def update(source: Path, texts: Mapping[str, str], view: Path) -> Changes:
    """Make `view` hold `texts` and, for every other file of `source`, a symlink to it."""
    source = source.resolve()
    if view.resolve().is_relative_to(source) or source.is_relative_to(view.resolve()):
        raise PortwrightError([Fault("a view cannot lie in its tree, nor its tree in it", Where(view))])
    changes = Changes()
    with disk_errors(view):
        wanted = set(_files(source)) | set(texts)
        folders = {""} | {parent for path in wanted for parent in _parents(path)}
        _sweep(view, wanted, folders, changes)
        for folder in sorted(folders):
            (view / folder).mkdir(parents=True, exist_ok=True)
        for path in sorted(wanted):
            _put(source, path, texts.get(path), view, changes)
    return changes


def _files(root: Path) -> list[str]:
    found: list[str] = []

    def walk(folder: str, prefix: str) -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                if prefix == "" and entry.name in SKIPPED:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    walk(entry.path, f"{prefix}{entry.name}/")
                else:
                    found.append(prefix + entry.name)

    walk(str(root), "")
    return found


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _sweep(view: Path, wanted: set[str], folders: set[str], changes: Changes) -> None:
    """Take away what does not belong: left-over files, and whatever stands where a folder or a file must be."""
    if view.is_symlink() or view.is_file():
        view.unlink()
    if not view.exists():
        return

    def walk(folder: str, prefix: str) -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if path in folders:
                        walk(entry.path, path + "/")
                        continue
                    shutil.rmtree(entry.path)
                elif path not in wanted:
                    Path(entry.path).unlink()
                else:
                    continue
                changes.removed.append(path)

    walk(str(view), "")


def _put(source: Path, path: str, text: str | None, view: Path, changes: Changes) -> None:
    place = view / path
    if text is not None:
        if write_atomic(place, text):
            changes.written.append(path)
        return
    origin = str(source / path)
    try:
        if os.readlink(place) == origin:  # noqa: PTH115 (thousands of files: Path objects would double the time)
            return
        is_link = True
    except OSError:
        is_link = False
    if path in COPIED or (not is_link and place.exists()):
        # What was once edited stays a copy: a link would bring the tree's old times back, and cargo, which
        # goes by times, would not see that the file changed.
        if write_atomic(place, (source / path).read_bytes()):
            changes.written.append(path)
        return
    fresh = place.with_name(f".{place.name}.link")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(origin)
    fresh.replace(place)
    changes.linked.append(path)
