"""Reads a recording from its file, and holds it to what replay and emitters rely on; every fault at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from portwright.base.errors import BadInput, Fault, Where, fail, raise_if
from portwright.base.hashing import hash_bytes
from portwright.derive.plan import Step
from portwright.derive.recording import Misfit, Recording, Seen, from_json

_ROOT = re.compile(r"\$([A-Z][A-Z0-9_]*)(?=/|$)")
_ANY = re.compile(r"\$\$|\$([A-Z][A-Z0-9_]*)")
_DIGEST = re.compile(r"[0-9a-f]{64}")
MOST_FAULTS = 20
"""How many faults of one file are told."""
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
    except Misfit as error:
        raise BadInput(
            list(_few(_broken(path, f"`{place}` {what}") for place, what in error.misfits))
        ) from None
    except (ValueError, RecursionError) as error:
        what = f"not a recording that this portwright knows: {error}"
        hint = "name a file that this version's `portwright record` wrote"
        raise fail(what, Where(path), hint, "recording/foreign") from None
    raise_if(_few(faults(recording, path)))
    return RecordingFile(recording, path)


def root_of(words: str) -> str:
    """The name of the root that a normalised file name begins with; empty where it begins with none."""
    found = _ROOT.match(words)
    return found[1] if found else ""


def _few(faults: Iterable[Fault]) -> Iterator[Fault]:
    """The first faults, and how many more there are: a foreign file may have one in each line."""
    rows = list(faults)
    yield from rows[:MOST_FAULTS]
    if len(rows) > MOST_FAULTS:
        yield replace(rows[0], what=f"{len(rows) - MOST_FAULTS:,} more such faults")


def faults(recording: Recording, path: Path) -> Iterator[Fault]:
    """What of a recording contradicts itself: names, order, files that nothing makes, files outside the roots."""
    before: dict[str, frozenset[str]] = {}
    for step in recording.plan.steps:
        if step.name in before:
            yield _broken(path, f"two steps are called `{step.name}`")
        for what in _faults_of(step, recording, before):
            yield _broken(path, f"step `{step.name}` {what}")
        before[step.name] = frozenset(step.outputs)
    yield from (_broken(path, what) for what in _faults_beside(recording))
    yield from _not_seen(recording, path)


def _not_seen(recording: Recording, path: Path) -> Iterator[Fault]:
    """What steps read and nobody saw: the recorder says so itself."""
    hint = "record once more, with the sources as they were; what the build itself changes, have it change in a copy"
    for step in recording.plan.steps:
        for row in step.inputs:
            if not row.digest and row.kind != "folder":
                what = f"step `{step.name}` reads {row.path!r}, and what that held was not seen when it was recorded"
                yield Fault(what, Where(path), hint, "recording/not-seen")


def _faults_beside(recording: Recording) -> Iterator[str]:
    """What is wrong with that which belongs to no step."""
    for name, folder in recording.roots.items():
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            yield f"a root cannot be called {name!r}"
        if not folder.startswith("/") or ".." in folder.split("/") or "\0" in folder:
            yield f"the root {name} is no absolute folder: {folder!r}"
    for tool in recording.tools:
        if not _DIGEST.fullmatch(tool.digest):
            yield f"the tool {tool.path!r} has a digest that is none: {tool.digest!r}"
        yield from (f"a tool {what}" for what in _faults_of_name(tool.path))
        yield from (f"a tool {what}" for what in _unknown_roots([tool.path], recording))
    for digest, text in recording.plan.texts.items():
        if hash_bytes(text.encode("utf-8", "surrogateescape")) != digest:
            yield f"a text is not what its digest says: {digest!r}"
    for probe in recording.probes:
        yield from (f"a probe {what}" for what in _faults_of_words(probe.argv, probe.env))


def _faults_of(step: Step, recording: Recording, before: dict[str, frozenset[str]]) -> Iterator[str]:
    if not re.fullmatch(r"[A-Za-z0-9][\w.+-]{0,199}", step.name, re.ASCII):
        yield "has a name that no file can have"
    if step.kind == "portwright":
        yield "is portwright's own work, which no recording has"
    if step.kind == "tool" and not (step.argv and step.argv[0]):
        yield "is a command without words"
    if step.kind == "tool" and (not step.cwd.startswith(("/", "$")) or ".." in step.cwd.split("/")):
        yield f"runs in {step.cwd!r}, which is no folder"
    for need in step.needs:
        if need not in before:
            yield f"needs `{need}`, which is no step before it"
    for row in step.inputs:
        if row.step and row.path not in before.get(row.step, frozenset()):
            yield f"reads {row.path!r} of `{row.step}`, which does not make it"
        if row.digest and not _DIGEST.fullmatch(row.digest):
            yield f"reads {row.path!r} with a digest that is none: {row.digest!r}"
    yield from _faults_of_words([*step.argv, step.cwd], step.env)
    yield from _faults_of_files(step, recording)
    yield from _faults_of_seen(step, recording)


def _faults_of_seen(step: Step, recording: Recording) -> Iterator[str]:
    seen = recording.seen.get(step.name)
    if seen is None:
        yield "has no entry in what was seen"
        return
    if sorted(row.path for row in seen.outputs) != sorted(set(step.outputs)):
        yield "was seen to leave other files than its outputs"
    for row in seen.outputs:
        if row.digest and not _DIGEST.fullmatch(row.digest):
            yield f"leaves {row.path!r} with a digest that is none: {row.digest!r}"
    for words in seen.notes:
        yield from _faults_of_name(words)
    yield from _unknown_roots(seen.notes, recording)


def _faults_of_words(argv: Iterable[str], env: Mapping[str, str]) -> Iterator[str]:
    """What no program can be given."""
    for words in [*argv, *env.values()]:
        if "\0" in words:
            yield f"has a NUL in {words!r}"
    for name in env:
        if not name or "=" in name or "\0" in name:
            yield f"has a variable that cannot be called {name!r}"


def _faults_of_files(step: Step, recording: Recording) -> Iterator[str]:
    names = [*(row.path for row in step.inputs), *step.outputs]
    for words in names:
        yield from _faults_of_name(words)
    for words in step.outputs:
        if not root_of(words) or root_of(words) == TOOL:
            yield f"leaves {words!r}, which is below no root"
        elif "/" not in words.rstrip("/"):
            yield f"leaves {words!r}, which is a root itself"
    seen = recording.seen.get(step.name, Seen(()))
    kinds = [*((row.path, row.kind) for row in step.inputs), *((row.path, row.kind) for row in seen.outputs)]
    plain = {path for path, kind in kinds if kind in ("file", "executable")}
    for words in sorted(set(names)):
        above = next((one for one in _above(words) if one in plain), "")
        if above:
            yield f"names {words!r} below the file {above!r}"
    if len(set(step.outputs)) != len(step.outputs):
        yield "leaves one file twice"
    yield from _unknown_roots([*names, *step.argv, *step.env.values(), step.cwd], recording)
    for words in (step.stdin, step.stdout):
        if words and words not in names:
            yield f"is tied to {words!r}, which is no file of its own"


def _above(words: str) -> Iterator[str]:
    while words := words.rpartition("/")[0]:
        yield words


def _faults_of_name(words: str) -> Iterator[str]:
    if words.startswith("$") and not root_of(words):
        yield f"names the file {words!r}, which begins with no root"
    if ".." in words.split("/") or not words.startswith(("/", "$")) or "\0" in words:
        yield f"names the file {words!r}, which is no normalised name"


def _unknown_roots(rows: Iterable[str], recording: Recording) -> Iterator[str]:
    for words in rows:
        for found in _ANY.finditer(words) if "$" in words else ():
            if found[1] and found[1] not in recording.roots:
                yield f"speaks of the root {found[1]}, whose folder is not said"


def _broken(path: Path, what: str) -> Fault:
    hint = "it was changed by hand or by another program: record once more"
    return Fault(what, Where(path), hint, "recording/broken")
