"""Makes of a recording what emitters read, or says everything that stands against emitting it.

What would not give the recorded bytes is refused: paths that were not remapped, network, secrets taken out, files
written outside every root. What may is noted: a build cut off, reads outside the roots, a changed toolchain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path

from portwright.base.errors import Fault, Where
from portwright.build import step_ids
from portwright.build.emission import (
    TOOL,
    Emission,
    Given,
    Job,
    Kept,
    Layout,
    Parameter,
    Sets,
    SourceFile,
    SourceKey,
    faults_of,
    unknown,
)
from portwright.build.recorded_files import RecordedFiles, changed_tools
from portwright.build.remapping import NOT_PORTABLE, cures
from portwright.build.shell_words import roots_in
from portwright.derive.plan import Input, Step
from portwright.derive.recording import Output, Recording, Seen

REFUSED = {
    "network": "used the network",
    "secret": "was given a secret, which is not in the recording",
    "wrote-outside": "wrote outside of every root",
}
"""Impurities for which a step cannot be run again to the same end."""

FIRST = 3
"""How many impurities of one kind a note names."""

Draft = tuple[Given, SourceKey | None]
"""What a step is given; for a source the key that says in which set it will be."""

AS_FOUND = Parameter(
    "host", "", "a folder that holds the machine's own tools; empty: they are used where they lie"
)


def emission(recording: Recording, file: Path) -> Emission:
    """What to emit of the recording whose document is `file`; raises `BadInput` with every reason not to."""
    faults_of(refusals(recording, file))
    return _Making(recording, file).emission()


def draft(recording: Recording) -> Emission:
    """A recording that is only shown: whatever stands against building it again, and wherever its files are."""
    steps = recording.plan.steps
    names = step_ids.ids(steps)
    jobs = tuple(
        Job(
            names[step.name],
            step_ids.number(index, len(steps)),
            _title(step),
            step,
            (),
            (),
            (),
            tuple(names[need] for need in step.needs),
            (),
            _seen(recording, step).status or 0,
        )
        for index, step in enumerate(steps)
    )
    title = " ".join(recording.command)
    return Emission(title, recording.plan, jobs, (), (), {}, tuple(notes(recording)), recording)


def refusals(recording: Recording, file: Path) -> Iterator[Fault]:
    """Why the recording cannot be built elsewhere to the same bytes."""
    where = Where(file)
    unportable = [(step, one) for step in recording.plan.steps for one in _seen(recording, step).impurities]
    unportable = [(step, one) for step, one in unportable if one.kind == NOT_PORTABLE]
    for step, impurity in unportable:
        what = f"the step `{step.name}` is not portable: {impurity.what}"
        yield Fault(what, where, cures([impurity]), "emit/not-portable")
    if not recording.portable and not unportable:
        what = "the recording is not portable: its bytes depend on the folder that it was made in"
        yield Fault(what, where, "record again without --not-portable", "emit/not-portable")
    if recording.status != 0 and recording.ended:
        what = f"the recorded command failed, with status {recording.status}"
        yield Fault(what, where, "mend the build and record it again", "emit/failed")
    for step in recording.plan.steps:
        for impurity in _seen(recording, step).impurities:
            if impurity.kind in REFUSED:
                what = f"the step `{step.name}` {REFUSED[impurity.kind]}: {impurity.what}"
                yield Fault(what, where, _mending(impurity.kind), f"emit/{impurity.kind}")


def _mending(kind: str) -> str:
    return {
        "network": "fetch first, then record the build offline",
        "secret": "record a build that needs no secret on a command line or in its environment",
        "wrote-outside": "name the folder with `--root NAME=DIR` when recording",
    }[kind]


def _seen(recording: Recording, step: Step) -> Seen:
    return recording.seen.get(step.name, Seen(()))


def notes(recording: Recording) -> Iterator[str]:
    """What a reader should know before trusting what is emitted."""
    if not recording.ended:
        yield "the recording was cut off: these are the steps that were whole by then"
    for impurity in recording.impurities:
        yield f"the recording is impure ({impurity.kind}): {impurity.what}"
    for step in recording.plan.steps:
        kinds: dict[str, list[str]] = {}
        for impurity in _seen(recording, step).impurities:
            if impurity.kind not in (*REFUSED, NOT_PORTABLE):
                kinds.setdefault(impurity.kind, []).append(impurity.what)
        for kind, what in kinds.items():
            more = f" and {len(what) - FIRST} more" if len(what) > FIRST else ""
            yield f"{step.name} is impure ({kind}): {', '.join(what[:FIRST])}{more}"
    changed = changed_tools(recording)
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        yield f"the toolchain is not the one that was recorded: {', '.join(changed[:3])}{more} changed"


class _Making:
    def __init__(self, recording: Recording, file: Path) -> None:
        self.recording, self.file = recording, file
        self.files = RecordedFiles(recording, file)
        self.steps = recording.plan.steps
        self.ids = step_ids.ids(self.steps)
        self.sets = Sets()
        self.layout = Layout(recording.roots)
        self.tools = {tool.digest: tool.path for tool in recording.tools}
        self.faults: list[Fault] = []
        self._sources: dict[tuple[str, str, str], Draft | None] = {}
        self._givens: dict[tuple[str, str, SourceKey], Given] = {}
        self.outputs = {
            step.name: {output.path: output for output in _seen(recording, step).outputs}
            for step in self.steps
        }

    def emission(self) -> Emission:
        """All jobs; raises where something that they need is not there."""
        drafts = [self._draft(index, step) for index, step in enumerate(self.steps)]
        sets, where = self.sets.made(self.ids.values())
        names = {row.id for row in sets}
        jobs = tuple(self._job(index, draft, where, names) for index, draft in enumerate(drafts))
        faults_of([*self.faults, *self.files.faults])
        recording = self.recording
        default = recording.roots.get(TOOL, "/usr")
        tool = Parameter("tool", default, "the Rust toolchain: the folder that `rustc --print sysroot` names")
        return Emission(
            " ".join(recording.command),
            recording.plan,
            jobs,
            sets,
            (tool, AS_FOUND),
            self.layout.folders,
            tuple(notes(recording)),
            recording,
        )

    def _draft(self, index: int, step: Step) -> list[Draft]:
        if step.kind == "files":
            return list(self._contents(index, step))
        made = set(step.outputs)
        found: list[Draft] = []
        for row in step.inputs:
            place = self.layout.place(row.path)
            if place is not None:
                found += self._input(index, step, row, place, row.path in made)
            elif row.path.startswith("$") and not row.path.startswith((f"${TOOL}", "$$")):
                self.faults.append(unknown(step, "reads a file whose name is not plain", row.path))
        return found

    def _input(self, index: int, step: Step, row: Input, place: str, rewritten: bool) -> Iterator[Draft]:
        if row.kind == "folder":
            yield Given(row.path, "folder"), None
        elif row.step:
            output = self.outputs.get(row.step, {}).get(row.path)
            if output is None or output.digest != row.digest:
                self.faults.append(unknown(step, f"reads what `{row.step}` did not make", row.path))
                return
            text = self.files.text(row.digest) if output.kind == "symlink" else None
            if text is not None:
                yield Given(row.path, "symlink", text=text), None
                return
            copied = rewritten or output.kind == "executable"
            holder = self.ids[row.step]
            yield Given(row.path, output.kind, holder, place, "", copied), None
        elif row.kind == "symlink":
            target = self.files.target(row.path, row.digest)
            if target is not None:
                yield Given(row.path, "symlink", text=target), None
        else:
            draft = self._plain(row, place)
            if draft is not None and draft[1] is not None:
                self.sets.add(index, draft[1])
                yield draft

    def _plain(self, row: Input, place: str) -> Draft | None:
        """A source: looked at once, however many steps read it."""
        known = (row.path, row.digest, row.kind)
        if known not in self._sources:
            content = self.files.of(row.path, row.digest)
            self._sources[known] = None
            if content is not None:
                key = self.sets.hold(SourceFile(place, content, row.kind == "executable", row.digest))
                self._sources[known] = Given(row.path, row.kind, "", place, "", True), key
        return self._sources[known]

    def _contents(self, index: int, step: Step) -> Iterator[Draft]:
        """What a driver's own work needs: for each of its outputs the content, from wherever it comes."""
        at_hand = {(row.digest, row.kind == "symlink"): row for row in step.inputs if row.kind != "folder"}
        for output in self.outputs[step.name].values():
            row = at_hand.get((output.digest, output.kind == "symlink"))
            if output.kind == "folder":
                continue
            if row is None:
                yield from self._at_hand(index, step, output)
                continue
            place = self.layout.place(row.path) or f"contents/{row.digest}"
            for given, key in self._input(index, step, row, place, False):
                yield replace(given, target=output.path, kind=output.kind), key

    def _at_hand(self, index: int, step: Step, output: Output) -> Iterator[Draft]:
        """A content that no input has: a text of the plan, a file beside the recording, one of the toolchain."""
        content = self.files.kept(output.digest)
        if content is None and output.digest in self.tools:
            yield Given(output.path, output.kind, text=self.tools[output.digest]), None
        elif content is None:
            what = f"leaves a content that is not kept: {output.digest[:12]}"
            self.faults.append(unknown(step, what, output.path))
        elif output.kind == "symlink":
            data = content if isinstance(content, bytes) else content.read_bytes()
            text = data.decode("utf-8", "surrogateescape")
            yield Given(output.path, "symlink", text=text), None
        else:
            place = f"contents/{output.digest}"
            key = self.sets.hold(SourceFile(place, content, False, output.digest))
            self.sets.add(index, key)
            yield Given(output.path, output.kind, "", place, "", True), key

    def _job(
        self, index: int, draft: Sequence[Draft], where: Mapping[SourceKey, tuple[str, str]], sets: Set[str]
    ) -> Job:
        step = self.steps[index]
        given = tuple(row if key is None else self._held(row, key, where) for row, key in draft)
        holders = dict.fromkeys(row.holder for row in given if row.holder)
        kept = tuple(self._kept(step, output) for output in self.outputs[step.name].values())
        return Job(
            self.ids[step.name],
            step_ids.number(index, len(self.steps)),
            _title(step),
            step,
            _roots(step, given),
            given,
            tuple(row for row in kept if row is not None),
            tuple(name for name in holders if name not in sets),
            tuple(name for name in holders if name in sets),
            _seen(self.recording, step).status or 0,
            notes=_seen(self.recording, step).notes,
        )

    def _held(self, row: Given, key: SourceKey, where: Mapping[SourceKey, tuple[str, str]]) -> Given:
        known = (row.target, row.kind, key)
        if known not in self._givens:
            holder, place = where[key]
            self._givens[known] = replace(row, holder=holder, place=place)
        return self._givens[known]

    def _kept(self, step: Step, output: Output) -> Kept | None:
        place = self.layout.place(output.path)
        if place is None:
            self.faults.append(unknown(step, "leaves a file outside of every root", output.path))
            return None
        return Kept(place, output)


def _title(step: Step) -> str:
    what = step.outputs[0].rpartition("/")[2] if step.outputs else ""
    more = f" and {len(step.outputs) - 1} more" if len(step.outputs) > 1 else ""
    return f"{step.type or step.kind} {what}{more}".strip()


def _roots(step: Step, given: Sequence[Given]) -> tuple[str, ...]:
    """The roots that move which a step speaks of."""
    words = [*step.argv, *step.env.values(), step.cwd, step.stdin, step.stdout, *step.outputs]
    words += [row.path for row in step.inputs]
    words += [row.text for row in given]
    return tuple(sorted({root for text in words if "$" in text for root in roots_in(text)} - {TOOL}))
