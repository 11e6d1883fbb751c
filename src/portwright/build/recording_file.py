"""Reads a recording from its file, and holds it to what replay and emitters rely on; every fault at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portwright.base.errors import Fault, Where, fail, raise_if
from portwright.derive.plan import Step
from portwright.derive.recording import Recording, from_json

_ROOT = re.compile(r"\$([A-Z][A-Z0-9_]*)(?=/|$)")
_ANY = re.compile(r"\$\$|\$([A-Z][A-Z0-9_]*)")
TOOL = "TOOL"
"""The root that holds the toolchain: never an input, it stays where it is."""


@dataclass(frozen=True, slots=True)
class RecordingFile:
    """A recording with its file, beside which large contents lie."""

    recording: Recording
    path: Path

    @property
    def contents(self) -> Path:
        """The folder of contents that are at hand nowhere else, by digest."""
        return self.path.with_name(self.path.name + ".contents")


def load(path: Path) -> RecordingFile:
    """The recording in a file; raises `BadInput` where it is none, or cannot be relied on."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        hint = "name a file that `portwright record -o FILE` wrote"
        raise fail(f"cannot be read: {why}", Where(path), hint, "recording/unreadable") from None
    try:
        recording = from_json(text)
    except json.JSONDecodeError as error:
        hint = "it is cut off or damaged: record once more"
        raise fail(f"no JSON: {error.msg}", Where(path, error.lineno), hint, "recording/broken") from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        what = f"not a recording that this portwright knows ({type(error).__name__}: {error})"
        hint = "name a file that this version's `portwright record` wrote"
        raise fail(what, Where(path), hint, "recording/foreign") from None
    try:
        raise_if(faults(recording, path))
    except (TypeError, AttributeError) as error:
        what = f"a value of the recording has another type than it must ({error})"
        raise fail(what, Where(path), "record once more", "recording/broken") from None
    return RecordingFile(recording, path)


def root_of(words: str) -> str:
    """The name of the root that a normalised file name begins with; empty where it begins with none."""
    found = _ROOT.match(words)
    return found[1] if found else ""


def faults(recording: Recording, path: Path) -> Iterator[Fault]:
    """What of a recording contradicts itself: names, order, files that nothing makes, files outside the roots."""
    before: dict[str, frozenset[str]] = {}
    for step in recording.plan.steps:
        if step.name in before:
            yield _broken(path, f"two steps are called `{step.name}`")
        yield from (_broken(path, what) for what in _faults_of(step, recording, before))
        before[step.name] = frozenset(step.outputs)
    for name, folder in recording.roots.items():
        if not folder.startswith("/") or ".." in folder.split("/"):
            yield _broken(path, f"the root {name} is no absolute folder: {folder!r}")


def _faults_of(step: Step, recording: Recording, before: dict[str, frozenset[str]]) -> Iterator[str]:
    here = f"step `{step.name}`"
    if not re.fullmatch(r"[A-Za-z0-9][\w.+-]*", step.name):
        yield f"{here} has a name that no file can have"
    if step.name not in recording.seen:
        yield f"{here} has no entry in what was seen"
    for need in step.needs:
        if need not in before:
            yield f"{here} needs `{need}`, which is no step before it"
    for row in step.inputs:
        if row.step and row.path not in before.get(row.step, frozenset()):
            yield f"{here} reads {row.path!r} of `{row.step}`, which does not make it"
    if step.kind == "tool" and not step.argv:
        yield f"{here} is a command without words"
    yield from (f"{here} {what}" for what in _faults_of_names(step, recording))


def _faults_of_names(step: Step, recording: Recording) -> Iterator[str]:
    names = [*(row.path for row in step.inputs), *step.outputs]
    for words in names:
        if words.startswith("$") and not root_of(words):
            yield f"names the file {words!r}, which begins with no root"
        if ".." in words.split("/") or not words.startswith(("/", "$")) or "\0" in words:
            yield f"names the file {words!r}, which is no normalised name"
    for words in [*names, *step.argv, *step.env.values(), step.cwd]:
        for found in _ANY.finditer(words):
            if found[1] and found[1] not in recording.roots:
                yield f"speaks of the root {found[1]}, whose folder is not said"
    for words in (step.stdin, step.stdout):
        if words and words not in names:
            yield f"is tied to {words!r}, which is no file of its own"


def _broken(path: Path, what: str) -> Fault:
    hint = "it was changed by hand or by another program: record once more"
    return Fault(what, Where(path), hint, "recording/broken")
