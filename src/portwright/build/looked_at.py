"""Finds the files whose mere presence a program asks for (CMake: are all sources there?): to it they are inputs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase

from portwright.build.file_history import History
from portwright.build.file_version import Version
from portwright.build.recording_place import Places
from portwright.build.work_units import Unit


def looked_at(unit: Unit, history: History, places: Places) -> Iterator[Version]:
    """The sources beside the files that lead a program, and below them those that some step reads."""
    if not unit.trade.looks_beside:
        return
    led = {
        version.path.rpartition("/")[0]
        for version in unit.reads
        if _leads(version.path, unit.trade.looks_beside) and places.root(version.path)
    }
    paths = {path for path, version in history.before.items() if version.readers and _below(path, led)}
    for folder in led:
        try:
            paths.update(entry.path for entry in os.scandir(folder) if entry.is_file())
        except OSError:
            continue
    for path in sorted(paths):
        version = history.current.get(path) or history.before.get(path) or Version(path)
        if version.maker is None and not version.hidden and not version.symlink:
            yield version


def _leads(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path.rpartition("/")[2], pattern) for pattern in patterns)


def _below(path: str, folders: set[str]) -> bool:
    while path:
        path = path.rpartition("/")[0]
        if path in folders:
            return True
    return False
