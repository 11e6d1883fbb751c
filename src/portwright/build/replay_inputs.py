"""Looks whether what a recording began with is still there: its sources and its tools; what is not, is told at once."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portwright.base.errors import Fault, Where, raise_if
from portwright.base.hashing import hash_bytes
from portwright.build.contents import Content, symlink
from portwright.build.hash_memory import HashMemory
from portwright.build.recording_file import RecordingFile
from portwright.derive.plan import Input
from portwright.derive.recording import expand, normalise


@dataclass(slots=True)
class Found:
    """What lies there now: the sources' contents by normalised name, the file of each content by hash, a hash over
    the tools, and what is no longer as it was recorded."""

    sources: dict[str, Content] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    tools: str = ""
    changed_tools: tuple[str, ...] = ()


def look(
    file: RecordingFile,
    roots: Mapping[str, str],
    memory: HashMemory,
    *,
    update: bool = False,
    tools_may_differ: bool = False,
) -> Found:
    """Look at every source and tool; raises `BadInput` that lists all that are gone or changed.

    `update`: changed sources are taken as they are; `tools_may_differ`: so are tools.
    """
    found, faults = Found(), []
    changed: list[str] = []
    overwritten = _overwritten(file)
    for row in _sources(file):
        content, path = _now(row, file, roots, memory, overwritten)
        if content is None:
            faults.append(_fault(path, "is gone", "input", overwritten.get(row.path)))
            continue
        found.sources[row.path] = content
        if content.kind not in ("folder", "symlink"):
            found.origins[content.digest] = path
        if content.digest != row.digest and row.kind != "folder":
            changed.append(row.path)
            if not update:
                faults.append(_fault(path, "has changed", "input", overwritten.get(row.path)))
    found.changed = tuple(changed)
    faults += _beside(file, memory)
    faults += _tools(file, roots, memory, found, tools_may_differ)
    memory.save()
    raise_if(faults)
    return found


def _sources(file: RecordingFile) -> list[Input]:
    """Every file that was there before the build, once."""
    rows: dict[str, Input] = {}
    for step in file.recording.plan.steps:
        for row in step.inputs:
            if not row.step:
                rows.setdefault(row.path, row)
    return list(rows.values())


def _beside(file: RecordingFile, memory: HashMemory) -> Iterator[Fault]:
    """What of the contents beside the recording is not what its name says."""
    recording = file.recording
    drivers = [step.name for step in recording.plan.steps if step.kind == "files"]
    wanted = {output.digest for name in drivers for output in recording.seen[name].outputs}
    for digest in sorted(wanted - set(recording.plan.texts)):
        path = str(file.contents / digest)
        content = content_of(path, memory) if digest else None
        if content is not None and content.kind != "folder" and content.digest != digest:
            hint = f"put back the file whose SHA-256 is {digest}, or record once more"
            what = "this content is not the recorded one"
            yield Fault(what, Where(Path(path)), hint, "replay/content-changed")


def _overwritten(file: RecordingFile) -> dict[str, str]:
    """Which step wrote each file that a step made."""
    return {words: step.name for step in file.recording.plan.steps for words in step.outputs}


def _now(
    row: Input,
    file: RecordingFile,
    roots: Mapping[str, str],
    memory: HashMemory,
    overwritten: Mapping[str, str],
) -> tuple[Content | None, str]:
    """What an input is now, and the file that holds it; None where it is gone."""
    path = expand(row.path, roots)
    if row.kind == "folder":
        return Content("folder"), path  # an empty one: the build itself may have made it, and taken it away
    content = _link(path, roots) if row.kind == "symlink" else content_of(path, memory)
    if content is None or (row.path in overwritten and content.digest != row.digest):
        kept = str(file.contents / row.digest)
        before = content_of(kept, memory)
        if before is not None and before.digest == row.digest:
            return before, kept
    return (None if content is not None and content.kind == "folder" else content), path


def _link(path: str, roots: Mapping[str, str]) -> Content | None:
    try:
        return symlink(normalise(os.readlink(path), roots))  # noqa: PTH115
    except OSError:
        return None


def content_of(path: str, memory: HashMemory) -> Content | None:
    """What a file is now, links followed, or None where it is not there."""
    try:
        found = os.stat(path)  # noqa: PTH116
        if stat.S_ISDIR(found.st_mode):
            return Content("folder")
        if not stat.S_ISREG(found.st_mode):
            return None
        kind = "executable" if found.st_mode & 0o100 else "file"
        return Content(kind, memory.hash(path, found), found.st_size)  # type: ignore[arg-type]
    except OSError:
        return None


def _tools(
    file: RecordingFile, roots: Mapping[str, str], memory: HashMemory, found: Found, may_differ: bool
) -> Iterator[Fault]:
    rows: list[tuple[str, str]] = []
    changed: list[str] = []
    for tool in file.recording.tools:
        path = expand(tool.path, roots)
        content = content_of(path, memory)
        rows.append((tool.path, "" if content is None else content.digest))
        if content is not None and content.digest == tool.digest:
            continue
        changed.append(path)
        if not may_differ:
            yield _fault(path, "is gone" if content is None else "has changed", "tool", None)
    found.changed_tools = tuple(changed)
    found.tools = hash_bytes(json.dumps(sorted(rows)).encode())


def _fault(path: str, what: str, kind: str, maker: str | None) -> Fault:
    hints = {
        "input": "put back what was there, say --update to build with what is there now, or record once more",
        "tool": "install what was there, or say --tools-may-differ",
    }
    hint = hints[kind]
    if maker is not None:
        hint = f"step `{maker}` wrote over it while it was recorded: put the old one back"
    words = "the tool" if kind == "tool" else "this"
    return Fault(f"{words} {what} since it was recorded", Where(Path(path)), hint, f"replay/{kind}-changed")
