"""Finds compilers that went past the wrapper, and whether what they made holds names of folders: it is not portable."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterable

from portwright.build.process_tree import Process
from portwright.build.recording_place import TEMPORARY, TOOL, WRAPPER, Places
from portwright.build.trade import trade_of
from portwright.build.work_units import Unit, call_of
from portwright.derive.recording import Impurity

NOT_PORTABLE = "not-portable"
"""The impurity of a step whose outputs hold the name of a folder."""
NOT_REMAPPED = "not-remapped"
"""That of a step whose outputs may."""


def folders_in_products(unit: Unit, places: Places) -> Impurity | None:
    """What of a step depends on the folder, because a compiler of it was not told to write other names."""
    past = _past_the_wrapper(unit)
    if not past:
        return None
    roots = {name: folder for name, folder in places.roots.items() if name not in (TEMPORARY, TOOL, WRAPPER)}
    for path, version in sorted(unit.writes.items()):
        name = "" if version.hidden or version.symlink else _named_in(path, roots)
        if name:
            what = f"{past} was started past the wrapper, and {places.path(path)} holds the folder of ${name}"
            return Impurity(NOT_PORTABLE, what)
    return Impurity(NOT_REMAPPED, f"{past} was started past the wrapper: it may write names of folders")


def went_past(process: Process) -> bool:
    """Whether the wrapper covers such a call, and neither it nor one that led to it went through the wrapper."""
    if (
        not any(image.call is not None for image in process.images)
        or not trade_of(call_of(process))[1].wrapped
    ):
        return False
    one: Process | None = process
    while one is not None:
        if one.wraps:
            return False
        one = one.parent
    return True


def _past_the_wrapper(unit: Unit) -> str:
    """The compiler of a step that was not given the flags; empty where all were, or gave themselves such."""
    for process in unit.processes:
        call = call_of(process)
        trade = trade_of(call)[1]
        given = any(word.startswith(trade.remap) for word in call.options)
        works = trade.remap and not trade.probe(call) and trade.remapped(call)
        if works and not given and went_past(process):
            return call.argv[0] if call.argv and call.argv[0] else call.exe
    return ""


def _named_in(path: str, roots: dict[str, str]) -> str:
    """The root whose folder is named in a file; empty where none is, or the file cannot be read."""
    folders = sorted(roots.items(), key=lambda row: -len(row[1]))
    if not folders:
        return ""
    either = b"|".join(b"(" + re.escape(os.fsencode(folder)) + b")" for _, folder in folders)
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:  # noqa: PTH123
            found = re.search(b"(?:" + either + rb")(?![\w.-])", data)
    except (OSError, ValueError):
        return ""
    return folders[found.lastindex - 1][0] if found and found.lastindex else ""


def cures(impurities: Iterable[Impurity]) -> str:
    """What to do about such a step; empty for any other."""
    if any(one.kind in (NOT_PORTABLE, NOT_REMAPPED) for one in impurities):
        return (
            "start the compiler by its name (CC=gcc), so that the wrapper stands before it, and record again"
        )
    return ""
