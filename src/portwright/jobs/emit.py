"""Write a recording, or a port's plan, as Nix derivations, a build.ninja, shell scripts, JSON, a graph or a timeline.

nix, ninja and sh build again what was recorded, each step from its declared inputs alone, without portwright; --verify
does so at once and compares every output byte by byte. What would not give the recorded bytes is refused, with the
reason. See docs/emit.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from portwright.base import rooms
from portwright.base.errors import Where, closest, fail
from portwright.base.events import Event, Note
from portwright.build import emit_folder, emit_port, emit_recording, goals, recording_file
from portwright.build.emission import Emission
from portwright.build.emit_folder import Difference
from portwright.build.emitters import Emitted
from portwright.derive.recording import Recording, Seen
from portwright.describe import port as ports
from portwright.jobs import Arg
from portwright.judge import page_timeline
from portwright.judge.timeline import Ran, Timeline

VERB = "emit"
EMITTERS = "portwright.build.emitters"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What to write, how, and where."""

    subject: Annotated[
        str,
        Arg("What `portwright record` wrote, or a port.", positional=True, metavar="RECORDING|PORT"),
    ]
    output: Annotated[Path, Arg("The folder to write.", short="o", metavar="DIR")]
    to: Annotated[str, Arg("How: nix, ninja, sh, json, dot, timeline.", metavar="FORM")]
    verify: Annotated[bool, Arg("Build what was written and compare every output with the recording.")] = (
        False
    )
    drv: Annotated[bool, Arg("nix: put the derivations into the store too, without evaluating.")] = False
    goal: Annotated[str, Arg("What of a port.", metavar="GOAL")] = "programs"


@dataclass(frozen=True, slots=True)
class Result:
    """What was written. `differences` are outputs that came out otherwise than recorded; `compared` counts outputs that
    were compared; `derivation` is what builds all steps, where --drv put it into the store."""

    form: str
    folder: Path
    steps: int
    files: int
    changed: int
    notes: tuple[str, ...] = ()
    verified: bool = False
    compared: int = 0
    differences: tuple[Difference, ...] = ()
    derivation: str = ""

    @property
    def status(self) -> int:
        """0, and 1 where what was built is not what was recorded."""
        return 1 if self.differences else 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Write the folder; build and compare where that is asked for."""
    entry = _entry(arguments)
    subject = _subject(arguments, entry)
    for note in subject.notes:
        yield Note(note, "warning")
    files, changed = emit_folder.write(arguments.output, arguments.to, entry.write(subject))
    result = Result(arguments.to, arguments.output, len(subject.jobs), files, changed, subject.notes)
    folder = arguments.output.resolve()
    if arguments.drv:
        result = replace(result, derivation=entry.add(folder, subject))
    if arguments.verify:
        said = entry.said(subject) if hasattr(entry, "said") else subject
        with tempfile.TemporaryDirectory(prefix="portwright-") as keep:
            built = yield from entry.build(folder, subject, Path(keep))
            differences = tuple(emit_folder.compare(said, built))
        compared = sum(len(job.kept) for job in said.jobs)
        result = replace(result, verified=True, compared=compared, differences=differences)
    return result


class _Timeline:
    """The one form that judges, and so is none of the build's: written like any other."""

    DRAFTS = True

    @staticmethod
    def write(emission: Emission) -> Iterator[Emitted]:
        """timeline.html."""
        if emission.recording is None:
            hint = "record a build of the port, and emit the recording"
            raise fail("a port's plan has no times", None, hint, "emit/option")
        yield Emitted("timeline.html", page_timeline.page(_times(emission, emission.recording)).encode())


def _times(emission: Emission, recording: Recording) -> Timeline:
    rows = []
    for job in emission.jobs:
        seen = recording.seen.get(job.step.name, Seen(()))
        kind = job.step.type or job.step.kind
        times = (seen.began, seen.seconds, seen.cpu, seen.peak)
        rows.append(Ran(job.id, job.number, job.title, kind, *times, job.needs, seen.status or 0))
    return Timeline(emission.title, tuple(rows), recording.seconds, emission.notes)


def _entry(arguments: Arguments) -> Any:
    """The emitter; raises where it is none, or cannot do what is asked of it."""
    entries: dict[str, Any] = {
        name: entry for name, entry in rooms.load_all(EMITTERS).items() if hasattr(entry, "write")
    }
    entries["timeline"] = _Timeline
    if arguments.to not in entries:
        near = closest(arguments.to, entries)
        hint = f"did you mean `{near}`? " if near else ""
        raise fail(
            f"nothing writes `{arguments.to}`", None, f"{hint}there are: {', '.join(entries)}", "emit/form"
        )
    entry = entries[arguments.to]
    for asked, option, needed in ((arguments.verify, "--verify", "build"), (arguments.drv, "--drv", "add")):
        if asked and not hasattr(entry, needed):
            able = _list(name for name, other in entries.items() if hasattr(other, needed))
            raise fail(f"{option} is not for `{arguments.to}`", None, f"it is for {able}", "emit/option")
    return entry


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _subject(arguments: Arguments, entry: Any) -> Emission:
    path = Path(arguments.subject)
    if path.is_file():
        file = recording_file.load(path)
        if getattr(entry, "DRAFTS", False):
            return emit_recording.draft(file.recording)
        return emit_recording.emission(file.recording, path)
    if not path.exists() and (path.suffix == ".json" or len(path.parts) > 1):
        hint = "name a file that `portwright record -o FILE` wrote, or a port"
        raise fail("there is no such file", Where(path), hint, "emit/no-file")
    if arguments.verify:
        hint = "record a build of the port, and emit the recording"
        raise fail(
            "--verify compares with a recording, and a port's plan has none", None, hint, "emit/option"
        )
    return emit_port.emission(goals.plan(ports.load(arguments.subject), arguments.goal))
