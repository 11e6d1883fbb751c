"""Replays a recording: every step in dependency order, as far as possible at once, its outputs held against those seen.

What a step made is kept by all that went into it. So a step whose inputs are what they were does not run again, and
where an input came out equal after all, what depends on it stays as well.
"""

from __future__ import annotations

import os
import selectors
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from portwright.base import files, namespaces
from portwright.base.errors import Where, fail
from portwright.base.events import Advanced, Begun, Ended, Event, Note
from portwright.build import replay_inputs, replay_run
from portwright.build.contents import Content
from portwright.build.hash_memory import HashMemory
from portwright.build.recording_file import RecordingFile
from portwright.build.remapping import cures
from portwright.build.replay_driver import DriversWork
from portwright.build.replay_result import Replayed, judge
from portwright.build.replay_run import Ran, Running
from portwright.build.replay_store import Action, ReplayStore, hash_of, say_parts
from portwright.build.step_room import Room, Roots
from portwright.derive.plan import Step
from portwright.derive.recording import expand

Isolation = Literal["auto", "namespace", "links"]
VERSION = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """How to replay. `roots` says where roots lie now, if not where they lay; `again`: as if nothing were kept;
    `update`: sources that changed are taken as they are."""

    jobs: int = os.cpu_count() or 1
    isolation: Isolation = "auto"
    update: bool = False
    tools_may_differ: bool = False
    again: bool = False
    roots: Mapping[str, str] = field(default_factory=dict)


class Replay:
    """One replay; a context, which holds the lock of the build's folder in the cache."""

    def __init__(self, file: RecordingFile, settings: Settings) -> None:
        self.file, self.recording, self.settings = file, file.recording, settings
        self.plan = self.recording.plan
        unknown = sorted(set(settings.roots) - set(self.recording.roots))
        if unknown:
            known = ", ".join(self.recording.roots)
            raise fail(f"the recording has no root {', '.join(unknown)}", None, f"its roots: {known}")
        self.roots = Roots(self.recording.roots, {**self.recording.roots, **settings.roots})
        self.store = ReplayStore(self.recording)
        self.contents = self.store.contents
        self.old_places = not self.recording.portable
        self.done: dict[str, Replayed] = {}
        self.outputs: dict[str, Mapping[str, Content]] = {}
        self._keys: list[str] = []
        self._stack = ExitStack()
        self._lock = -1
        if self.old_places and self._refused():
            what = (
                f"the recording is not portable, and its old folders cannot be shown here: {self._refused()}"
            )
            said = [one for seen in self.recording.seen.values() for one in seen.impurities]
            hint = f"{cures(said) or 'record it without --not-portable'}; or replay where mount namespaces are allowed"
            raise fail(what, Where(file.path), hint, "replay/not-portable")
        if settings.isolation == "namespace" and self._refused():
            raise fail(f"this machine allows no namespaces: {self._refused()}", None, "--isolation links")

    def _refused(self) -> str:
        if self.settings.isolation == "links":
            return "--isolation links"
        return namespaces.refused()

    @property
    def hidden(self) -> bool:
        """Whether steps are shut in: the rest of this machine's files is hidden from them."""
        return not self._refused()

    @property
    def why_not_hidden(self) -> str:
        """Why steps are not shut in, where they are not."""
        return self._refused()

    def __enter__(self) -> Replay:
        self._lock = self._stack.enter_context(files.lock(self.store.lock_file))
        self.store.sweep()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self) -> Generator[Event, None, tuple[Replayed, ...]]:
        """Replay; the steps in the plan's order. Raises `BadInput` where sources or tools are not what they were."""
        with files.disk_errors(self.store.folder):
            self.found = replay_inputs.look(
                self.file,
                self.roots.now,
                HashMemory(self.store.hashes),
                update=self.settings.update,
                tools_may_differ=self.settings.tools_may_differ,
            )
            self.drivers = DriversWork(self.file, self.contents, self.found.origins)
            yield from _Schedule(self).run()
            return tuple(self.done[step.name] for step in self.plan.steps)

    def finish(self) -> None:
        """Forget what only older runs used; nothing can be looked at afterwards."""
        digests = {content.digest for row in self.outputs.values() for content in row.values()}
        digests |= {content.digest for content in self.found.sources.values()}
        self.store.keep_few(self._keys, digests)

    def inputs(self, step: Step) -> dict[str, Content]:
        """What a step reads now; KeyError for what did not come out."""
        return {
            row.path: self.outputs[row.step][row.path] if row.step else self.found.sources[row.path]
            for row in step.inputs
        }

    def parts(self, step: Step, inputs: Mapping[str, Content]) -> dict[str, object]:
        """All that goes into a step, in the parts that an explanation names."""
        places = sorted(self.recording.roots.items()) if self.old_places else []
        notes = sorted(self.recording.seen[step.name].notes)
        command = [VERSION, step.argv, step.cwd, step.stdin, step.stdout, step.outputs, notes, places]
        return {
            "command": hash_of(command),
            "environment": hash_of(sorted(step.env.items())),
            "tools": self.found.tools,
            "inputs": {path: f"{content.kind} {content.digest}" for path, content in inputs.items()},
        }

    def start(self, step: Step, inputs: Mapping[str, Content]) -> Running:
        """Start a step in a room of its own."""
        room = self._room(step, inputs)
        view = None
        if self.hidden:
            view = replay_run.shut_in(self.recording, self.roots, room, old_places=self.old_places)
        return Running(room, view, self._lock)

    def _room(self, step: Step, inputs: Mapping[str, Content]) -> Room:
        room = Room(self.store.room(), step, self.roots, self.contents, old_places=self.old_places)
        for content in inputs.values():
            self.drivers.bring(content)
        room.fill(inputs)
        return room

    def once_more(self, name: str) -> Ran:
        """Run a step again, for evidence: nothing is kept of it but the contents."""
        step = self.plan.step(name)
        with self.start(step, self.inputs(step)) as running:
            return running.ended()

    def undeclared(self, name: str) -> list[str]:
        """What lies beside a step's inputs on this machine and is not declared, as the recording calls it."""
        step = self.plan.step(name)
        room = self._room(step, self.inputs(step))
        try:
            return [room.normalised(here) for here, _ in room.more()]
        finally:
            files.remove_tree(room.folder)

    def given(self, name: str, more: Collection[str]) -> Ran:
        """Run a step with files that it does not declare, and with nothing of this machine hidden from it."""
        step = self.plan.step(name)
        room = self._room(step, self.inputs(step))
        for here, there in room.more():
            if room.normalised(here) in more:
                os.symlink(there, here)  # noqa: PTH211 - names that are no UTF-8
        with Running(room, None, self._lock) as running:
            return running.ended()

    def settle(self, step: Step, row: Replayed, outputs: Mapping[str, Content]) -> None:
        """A step is done: what it made is there for others."""
        self.done[step.name] = row
        self.outputs[step.name] = outputs

    def judged(
        self,
        step: Step,
        ran: Ran,
        inputs: Mapping[str, Content],
        why: tuple[str, ...] = (),
        *,
        did: bool = False,
    ) -> Replayed:
        """What became of a step."""
        anew = self.settings.update and bool(self.found.changed)
        return judge(step, self.recording.seen[step.name], ran, inputs, why, did=did, anew=anew)

    def use(self, key: str) -> None:
        """Remember that this run uses a kept result."""
        self._keys.append(key)

    def put_out(self, folder: Path) -> int:
        """Write the last version of every output below a folder; how many files that are."""
        last: dict[str, Content] = {}
        for step in self.plan.steps:
            last |= self.outputs.get(step.name, {})
        tops = {words.split("/")[0] for words in last}
        for words, content in sorted(last.items()):
            top, _, rest = words.partition("/")
            inner = f"{top.removeprefix('$').lower()}/{rest}" if len(tops) > 1 else rest
            self._put(folder / inner.replace("$$", "$"), content)
        return sum(content.kind != "folder" for content in last.values())

    def _put(self, path: Path, content: Content) -> None:
        if content.kind == "folder":
            path.mkdir(parents=True, exist_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".new-{os.getpid()}")
        fresh.unlink(missing_ok=True)
        if content.kind == "symlink":
            fresh.symlink_to(expand(content.target, self.roots.now))
        else:
            self.drivers.bring(content)
            self.contents.lay(content, str(fresh), own=True)
        fresh.replace(path)


class _Schedule:
    """The steps that wait, run and are done, the longest way to the end first."""

    def __init__(self, replay: Replay) -> None:
        self.replay, self.plan, self.store = replay, replay.plan, replay.store
        self.needs = {
            step.name: {*step.needs, *(row.step for row in step.inputs if row.step)}
            for step in self.plan.steps
        }
        self.users: dict[str, list[str]] = {name: [] for name in self.needs}
        for name, needs in self.needs.items():
            for need in needs:
                self.users[need].append(name)
        self.left = {name: len(needs) for name, needs in self.needs.items()}
        self.steps = {step.name: step for step in self.plan.steps}
        self.rank = self._ranks()
        self.ready = [name for name, count in self.left.items() if not count]
        self.inputs: dict[str, dict[str, Content]] = {}
        self.why: dict[str, tuple[str, ...]] = {}
        self.keys: dict[str, str] = {}

    def _ranks(self) -> dict[str, float]:
        """How long it takes from a step to the end, as it was recorded."""
        rank: dict[str, float] = {}
        for step in reversed(self.plan.steps):
            seconds = self.replay.recording.seen[step.name].seconds
            rank[step.name] = seconds + max((rank[user] for user in self.users[step.name]), default=0.0)
        return rank

    def run(self) -> Iterator[Event]:
        yield Begun("replay", len(self.steps))
        with ExitStack() as ending, selectors.DefaultSelector() as selector:
            running: dict[str, Running] = {}
            while self.ready or running:
                while self.ready and len(running) < self.replay.settings.jobs:
                    self.ready.sort(key=lambda name: self.rank[name])
                    step = self.steps[self.ready.pop()]
                    started = self._begin(step)
                    if started is None:
                        yield from self._told(step)
                        continue
                    ending.callback(started.close)
                    running[step.name] = started
                    if started.handle >= 0:
                        selector.register(started.handle, selectors.EVENT_READ, step.name)
                    yield Begun(step.name)
                ended = [name for name, one in running.items() if one.handle < 0]
                if not ended and running:
                    ended = [key.data for key, _ in selector.select()]
                for name in ended:
                    one = running.pop(name)
                    if one.handle >= 0:
                        selector.unregister(one.handle)
                    self._finish(one)
                    yield Ended(name, self.replay.done[name].outcome, self.replay.done[name].seconds)
                    yield from self._told(one.step)
        yield Ended("replay", "done", 0.0)

    def _told(self, step: Step) -> Iterator[Event]:
        row = self.replay.done[step.name]
        yield Advanced("replay", len(self.replay.done), step.name)
        if row.strays:
            shown = ", ".join(row.strays[:5]) + (" ..." if len(row.strays) > 5 else "")
            yield Note(f"{step.name} wrote what the recording does not know: {shown}", "warning")

    def _begin(self, step: Step) -> Running | None:
        """Start a step, or settle it at once: because it is kept, a driver's own work, or cannot run."""
        replay = self.replay
        try:
            inputs = replay.inputs(step)
        except KeyError:
            self._block(step)
            return None
        lost = [need for need in step.needs if replay.done[need].outcome in ("blocked", "unjudged")]
        if lost:
            self._block(step)
            return None
        if step.kind == "files":
            ran = replay.drivers.do(step, inputs)
            self._settle(step, replay.judged(step, ran, inputs), ran)
            return None
        parts = replay.parts(step, inputs)
        key = self.keys[step.name] = hash_of(parts)
        kept = None if replay.settings.again else self.store.action(key)
        if kept is not None and (kept.hidden or not replay.hidden):
            ran = Ran(kept.status, kept.outputs, kept.strays, "", 0.0)
            replay.use(key)
            self._settle(step, replay.judged(step, ran, inputs), ran)
            return None
        self.why[step.name] = self._why(step, parts, kept)
        self.inputs[step.name] = inputs
        return replay.start(step, inputs)

    def _why(self, step: Step, parts: Mapping[str, object], kept: Action | None) -> tuple[str, ...]:
        makers = {row.path: row.step for row in step.inputs}
        last = self.store.parts(step.name)
        found = say_parts(last, parts, makers)
        if not found and self.replay.settings.again:
            found = ["--again was said"]
        if not found:
            found = ["its last run did not end as it was recorded, or what it made is gone"]
            if kept is not None:
                found = ["it was not shut in when it was replayed last"]
        return tuple(found)

    def _finish(self, running: Running) -> None:
        step, replay = running.step, self.replay
        inputs = self.inputs.pop(step.name)
        try:
            ran = running.ended(replay.recording.seen[step.name].notes)
        finally:
            running.close()
        row = replay.judged(step, ran, inputs, self.why.pop(step.name), did=True)
        if row.outcome not in ("failed", "unjudged"):
            key = self.keys[step.name]
            seconds = round(ran.seconds, 3)
            self.store.keep(key, Action(ran.outputs, replay.hidden, ran.status, seconds, ran.strays))
            self.store.keep_parts(step.name, replay.parts(step, inputs))
            replay.use(key)
        self._settle(step, row, ran)

    def _block(self, step: Step) -> None:
        lost = {
            row.path: row.step
            for row in step.inputs
            if row.step and row.path not in self.replay.outputs.get(row.step, {})
        }
        lost |= {
            need: need
            for need in step.needs
            if self.replay.done[need].outcome in ("blocked", "unjudged") and need not in lost.values()
        }
        self._settle(step, Replayed(step, "blocked", False, (), inputs=lost), None)

    def _settle(self, step: Step, row: Replayed, ran: Ran | None) -> None:
        self.replay.settle(step, row, ran.outputs if ran is not None else {})
        for user in self.users[step.name]:
            self.left[user] -= 1
            if not self.left[user]:
                self.ready.append(user)
