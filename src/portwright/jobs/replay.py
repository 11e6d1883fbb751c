"""Do the steps of a recording again, each in an empty folder, and hold every output against the recorded one.

Where namespaces are allowed, a step sees nothing of this machine but the system, its tools and the inputs that the
recording declares for it; elsewhere it runs in a folder of links to those. What came out otherwise is given a cause:
a path, the time, an order, randomness, an input that was not declared. What was replayed before, with the same
inputs, is not run again.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.errors import fail
from portwright.base.events import Ended, Event, Note
from portwright.base.files import disk_errors
from portwright.base.hashing import hash_file
from portwright.build import recording_file
from portwright.build.contents import Content
from portwright.build.remapping import NOT_REMAPPED, cures
from portwright.build.replay import Replay, Settings
from portwright.build.replay_result import Differing, Outcome, Replayed
from portwright.derive.plan import Step
from portwright.derive.recording import Impurity, expand, normalise
from portwright.jobs import Arg
from portwright.judge import replay_cause
from portwright.judge.replay_cause import CURES, Cause

VERB = "replay"
MOST_RUNS = 40
"""How many runs a replay may add to find causes."""
ANOTHER_SECOND = 1.1
"""Seconds to wait before a second run: what writes down the time shall write another."""
TROUBLES = {
    "killed": "see who killed it (for memory: fewer at once with -j), and replay once more",
    "disk-full": "free some room, or set PORTWRIGHT_CACHE to a folder on a larger disk",
    "tool": "install it, and replay once more",
    "view": "replay with --isolation links",
}


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright replay` can be told."""

    recording: Annotated[Path, Arg("What `portwright record` wrote.", positional=True)]
    output: Annotated[Path | None, Arg("Put what the build made there.", short="o", metavar="DIR")] = None
    jobs: Annotated[
        int, Arg("How many steps at once (0: as many as processors).", short="j", metavar="N")
    ] = 0
    update: Annotated[bool, Arg("Take changed sources as they are, and run what depends on them.")] = False
    explain: Annotated[bool, Arg("Say of each step why it ran or did not.")] = False
    again: Annotated[bool, Arg("Run every step, also those that were replayed before.")] = False
    tools_may_differ: Annotated[bool, Arg("Go on with tools that are not the recorded ones.")] = False
    isolation: Annotated[
        str,
        Arg(
            "What hides the rest of the machine from a step: a mount namespace, or only the folder of links.",
            choices=("auto", "namespace", "links"),
        ),
    ] = "auto"
    root: Annotated[tuple[str, ...], Arg("Where a root of the recording lies now.", metavar="NAME=DIR")] = ()


@dataclass(frozen=True, slots=True)
class OutputRow:
    """An output that is not as recorded, and why."""

    path: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Row:
    """A step: what became of it, whether it ran and why, what differs, and files that it wrote beside its outputs."""

    name: str
    type: str
    outcome: Outcome
    ran: bool
    why: tuple[str, ...]
    seconds: float
    status: int
    recorded_status: int | None
    causes: tuple[OutputRow, ...] = ()
    strays: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """Every step in the recording's order. `isolation`: how they were shut in (empty: none ran)."""

    recording: str
    steps: tuple[Row, ...]
    outputs: int
    ended: bool
    isolation: str = ""
    why_links: str = ""
    changed: tuple[str, ...] = ()
    changed_tools: tuple[str, ...] = ()
    folder: Path | None = None
    written: int = 0
    explained: bool = False

    def count(self, *outcomes: Outcome) -> int:
        """How many steps came out so."""
        return sum(row.outcome in outcomes for row in self.steps)

    @property
    def status(self) -> int:
        """0 where all is the same (or rebuilt), 1 where something differs, 2 where that could not be judged."""
        if self.count("differs", "failed"):
            return 1
        return 2 if self.count("unjudged", "blocked") else 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Replay, then look for the causes of what differs."""
    began = time.monotonic()
    file = recording_file.load(arguments.recording)
    if not file.recording.ended:
        yield Note("the recording was cut off: it is replayed up to its last whole step", "warning")
    settings = Settings(
        jobs=arguments.jobs if arguments.jobs > 0 else os.cpu_count() or 1,
        isolation=arguments.isolation,  # type: ignore[arg-type]
        update=arguments.update,
        tools_may_differ=arguments.tools_may_differ,
        again=arguments.again,
        roots=dict(_root(words) for words in arguments.root),
    )
    with Replay(file, settings) as replay:
        rows = yield from replay.run()
        ran = any(row.ran for row in rows)
        evidence = _Evidence(replay)
        steps = [_row(row, tuple(evidence.causes(row))) for row in rows]
        written = 0
        if arguments.output is not None:
            with disk_errors(arguments.output, "name a folder"):
                written = replay.put_out(arguments.output.absolute())
        replay.finish()
        result = Result(
            str(arguments.recording),
            tuple(steps),
            sum(len(file.recording.seen[row.step.name].outputs) for row in rows),
            file.recording.ended,
            ("namespace" if replay.hidden else "links") if ran else "",
            replay.why_not_hidden if ran and not replay.hidden else "",
            replay.found.changed,
            replay.found.changed_tools,
            arguments.output,
            written,
            arguments.explain,
        )
    yield Ended("replay", "the same" if result.status == 0 else "not the same", time.monotonic() - began)
    return result


def _root(words: str) -> tuple[str, str]:
    name, equals, folder = words.partition("=")
    if not equals or not name or not folder:
        raise fail(f"`--root {words}` names no folder", None, "--root SRC=/where/it/lies/now")
    return name.removeprefix("$"), str(Path(folder).absolute())


def _row(row: Replayed, causes: tuple[OutputRow, ...]) -> Row:
    step = row.step
    why = row.why or (("nothing that it reads has changed",) if row.outcome != "blocked" else ())
    return Row(
        step.name,
        step.type or step.kind,
        row.outcome,
        row.ran,
        why if step.kind != "files" else (),
        round(row.seconds, 3),
        row.status,
        row.recorded_status,
        causes,
        row.strays,
        row.words,
    )


class _Evidence:
    """Finds causes; runs a step again for that, a bounded number of times in all."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self._left, self._since = MOST_RUNS, time.monotonic()
        self._room = re.compile(rb"rooms/\d+/at(/[\x20-\x7e]*)")

    def causes(self, row: Replayed) -> Iterator[OutputRow]:
        """Why a step is not as recorded: for each output, or (empty path) for the step as a whole."""
        if row.outcome in ("same", "rebuilt"):
            return
        secret = [one.what for one in self._impurities(row) if one.kind == "secret"]
        if row.outcome == "blocked":
            what = "; ".join(f"{path} of {maker} did not come out" for path, maker in row.inputs.items())
            yield OutputRow("", Cause("blocked", what, "see what became of that step"))
        elif row.outcome == "unjudged":
            yield OutputRow("", Cause(row.trouble, row.words.splitlines()[-1], TROUBLES[row.trouble]))
        elif row.inputs:
            for one in row.differing or (None,):
                shown = ", ".join(
                    f"{path} of {maker}" if maker else path for path, maker in row.inputs.items()
                )
                what = f"what it reads is not as recorded: {shown}"
                yield OutputRow(
                    one.path if one else "", Cause("input", what, "see the first step that differs")
                )
        elif self.replay.found.changed_tools:
            what = f"another toolchain: {', '.join(self.replay.found.changed_tools[:3])}"
            yield OutputRow("", Cause("tools", what, "use the recorded one"))
        elif secret:
            what = f"its command or environment held a value that is not in the recording: {secret[0]}"
            yield OutputRow("", Cause("secret", what, "hand it over in a file"))
        elif row.outcome == "failed":
            yield self._failure(row)
        else:
            yield from self._differences(row)

    def _impurities(self, row: Replayed) -> tuple[Impurity, ...]:
        return self.replay.recording.seen[row.step.name].impurities

    def _failure(self, row: Replayed) -> OutputRow:
        """A status that is not the recorded one, or outputs that were not made."""
        lost = [one.path for one in row.differing if one.now is None]
        path = row.differing[0].path if len(row.differing) == 1 else ""
        if row.step.kind == "files":
            return OutputRow(path, Cause("content", "its content is neither in the recording nor beside it"))
        ended = f"status {row.status}, {row.recorded_status} was recorded"
        what = f"it did not make {', '.join(lost)}" if row.status == row.recorded_status else ended
        names = list(replay_cause.undeclared(row.words, lambda word: self._old_name(row.step, word)))
        if names:
            shown = f"it reads {', '.join(names)}, which the recording does not declare"
            return OutputRow(path, Cause("undeclared-input", f"{what}: {shown}", CURES["undeclared-input"]))
        hidden = self._undeclared(row, [one.path for one in row.differing])
        if hidden is not None:
            shown = f"it reads {hidden}, which the recording does not declare"
            return OutputRow(path, Cause("undeclared-input", f"{what}: {shown}", CURES["undeclared-input"]))
        network = [one.what for one in self._impurities(row) if one.kind == "network"]
        if network:
            return OutputRow(
                path, Cause("network", f"{what}; the recorded one used the network: {network[0]}")
            )
        return OutputRow(path, Cause("status" if ended == what else "missing-output", what))

    def _old_name(self, step: Step, word: str) -> str | None:
        """What a file that a step speaks of is called in the recording, if it was there and is not declared."""
        replay, then = self.replay, self.replay.roots.now
        inner = self._room.search(os.fsencode(word))
        if inner:
            word = os.fsdecode(inner[1])
            word = next(
                (then[n] + word[len(f) :] for n, f in replay.roots.then.items() if _in(word, f)), word
            )
        path = os.path.normpath(os.path.join(expand(step.cwd, then), word))  # noqa: PTH118
        name = normalise(path, {name: folder for name, folder in then.items() if name != recording_file.TOOL})
        if not name.startswith("$") or name in {*(row.path for row in step.inputs), *step.outputs}:
            return None
        return name if Path(path).is_file() else None

    def _undeclared(self, row: Replayed, paths: list[str]) -> str | None:
        """The file that is not declared and with which these outputs are as recorded; None where that is not it."""
        if self.replay.old_places or not self._as_recorded(row, paths, ()):
            names = [] if self.replay.old_places else self.replay.undeclared(row.step.name)
            if not names or not self._as_recorded(row, paths, names):
                return None
        else:
            return "something outside the recording's roots"
        while len(names) > 1:
            half = len(names) // 2
            part = next((p for p in (names[:half], names[half:]) if self._as_recorded(row, paths, p)), None)
            if part is None:
                break
            names = part
        return ", ".join(names[:5]) + (" or what lies beside them" if len(names) > 5 else "")

    def _as_recorded(self, row: Replayed, paths: list[str], more: Collection[str]) -> bool:
        """Whether outputs are as recorded when nothing is hidden and the step is given more."""
        if self._left <= 0:
            return False
        self._left -= 1
        ran = self.replay.given(row.step.name, more)
        seen = self.replay.recording.seen[row.step.name]
        if seen.status is not None and ran.status != seen.status:
            return False
        made = {path: (one.kind, one.digest) for path, one in ran.outputs.items()}
        return all(made.get(one.path) == (one.kind, one.digest) for one in seen.outputs if one.path in paths)

    def _differences(self, row: Replayed) -> Iterator[OutputRow]:
        replay, again = self.replay, None
        if self._left > 0:
            self._left -= 1
            if row.ran:
                time.sleep(max(0.0, self._since + ANOTHER_SECOND - time.monotonic()))
            again = replay.once_more(row.step.name).outputs
        for one in row.differing:
            now, later = one.now, (again or {}).get(one.path)
            assert now is not None
            if one.kind != now.kind or "symlink" in (one.kind, now.kind):
                words = f" to {now.target}" if now.target else ""
                yield OutputRow(one.path, Cause("kind", f"a {one.kind} then, a {now.kind}{words} now"))
                continue
            cause = replay_cause.explain(
                replay.contents.path(now),
                self._then(one),
                replay.contents.path(later) if later is not None and later.kind == now.kind else None,
                self._room,
                lambda path=one.path: self._undeclared(row, [path]),  # type: ignore[misc]
            )
            network = [impurity.what for impurity in self._impurities(row) if impurity.kind == "network"]
            if cause.name == "unknown" and network:
                cause = Cause("network", f"the recorded one used the network: {network[0]}", cause.cure)
            past, cure = [i.what for i in self._impurities(row) if i.kind == NOT_REMAPPED], CURES["path"]
            if past and cause.name in ("unknown", "path"):
                cause = Cause("path", f"{past[0]}; {cause.what}", cures(self._impurities(row)) or cure)
            yield OutputRow(one.path, cause)

    def _then(self, one: Differing) -> Path | None:
        """The recorded file, where its content still lies somewhere."""
        places = (
            Path(expand(one.path, self.replay.roots.now)),
            self.replay.file.contents / one.digest,
            self.replay.contents.path(
                Content("executable" if one.kind == "executable" else "file", one.digest)
            ),
        )
        for path in places:
            if path.is_file() and hash_file(path) == one.digest:
                return path
        return None


def _in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
