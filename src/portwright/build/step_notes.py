"""Tells which of a step's files are nobody's inputs and differ from build to build: logs, and what steers its driver."""

from __future__ import annotations

from collections.abc import Set
from fnmatch import fnmatchcase
from pathlib import Path

from portwright.build.file_version import Version
from portwright.build.recording_place import Places
from portwright.build.work_units import Unit


def is_note(version: Version, unit: Unit, places: Places, copied: Set[Version]) -> bool:
    """Whether a file is no step's: a log, or one for the driver that names a folder which another build does not have.

    `copied`: what drivers copied, which is more than that.
    """
    name = version.path.rsplit("/", 1)[-1]
    if any(reader.role == "step" for reader in version.readers):
        return False
    if any(fnmatchcase(name, pattern) for pattern in unit.trade.logs):
        return True
    named = any(fnmatchcase(name, pattern) for pattern in unit.trade.notes)
    if version.hidden:
        return named
    # What a driver reads steers the build (a makefile that was configured).
    steers = any(reader.role == "driver" for reader in version.readers) and version not in copied
    if not named and not steers:
        return False
    try:
        text = Path(version.path).read_text(errors="surrogateescape")
    except OSError:
        return named
    return (named or "\0" not in text) and any(folder in text for folder in places.roots.values())
