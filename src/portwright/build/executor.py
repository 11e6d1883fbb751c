"""Runs what a goal of a plan still needs, as far as possible at the same time, and yields events meanwhile.

One process at a time works in a plan's folder; its children hold the folder's lock as well, so that the run after
a `kill -9` waits for what the killed one left running. Nothing is done for what is done already.
"""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from portwright.base import files
from portwright.base.errors import Fault, PortwrightError, StepFailed, Where, fail
from portwright.base.events import Begun, Ended, Event, Note
from portwright.build import own_step, seeding
from portwright.build.store import Store
from portwright.build.tool import Tool
from portwright.derive.plan import Plan, Step


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run a plan: at most `jobs` processors."""

    jobs: int = os.cpu_count() or 1

    def __post_init__(self) -> None:
        if self.jobs < 1:  # nothing would ever begin
            raise fail(f"{self.jobs} processors cannot be used", None, "-j takes a number from 0 (0: all)")


@dataclass(frozen=True, slots=True)
class Done:
    """A goal that is there: the store to look its outputs up in, and the steps that had to run."""

    store: Store
    ran: tuple[str, ...]

    def out(self, name: str) -> Path:
        """The output folder of a step."""
        return self.store.out(self.store.plan.step(name))


def missing(store: Store, goal: str) -> list[Step]:
    """The steps that must run for `goal`, in the plan's order. What is done is not asked what it needs."""
    wanted: set[str] = set()

    def want(name: str) -> None:
        step = store.plan.step(name)
        if name in wanted or (step.argv and store.is_done(step)):
            return
        wanted.add(name)
        for need in step.needs:
            want(need)

    want(goal)
    return [step for step in store.plan.steps if step.name in wanted and step.argv]


def run(plan: Plan, goal: str, settings: Settings | None = None) -> Generator[Event, None, Done]:
    """Bring `goal` about; raises `StepFailed` with the faults of every step that failed."""
    store = Store(plan)
    if not missing(store, goal) and store.texts_are_there():
        return Done(store, ())
    if files.is_locked(store.lock_file):
        yield Note(f"waiting for another run that builds in {store.folder}")
    with files.lock(store.lock_file) as descriptor:
        todo = missing(store, goal)
        _check_room(store, todo)
        store.write_texts()
        with seeding.Seeding(store) as seeds:
            yield from seeds.begin(todo)
            if seeds.begun:
                yield Note(f"begun as a copy of {seeds.begun}", "debug")
            yield from _Schedule(store, todo, settings or Settings(), descriptor, seeds).run()
        store.keep_few_crates()
    return Done(store, tuple(step.name for step in todo))


def _check_room(store: Store, todo: list[Step]) -> None:
    needed = sum(max(step.room - (store.used_bytes(step) if step.place else 0), 0) for step in todo)
    free = store.free_bytes()
    if needed > free:
        what = f"the build needs about {needed / 1e6:,.0f} MB of disk, {free / 1e6:,.0f} MB are free"
        hint = "free some room, or set PORTWRIGHT_CACHE to a folder on a larger disk"
        raise PortwrightError([Fault(what, Where(store.root), hint, "build/disk-full")])


class _Schedule:
    """The steps that are waiting, running and failed."""

    def __init__(
        self, store: Store, todo: list[Step], settings: Settings, lock: int, seeds: seeding.Seeding
    ) -> None:
        self.store = store
        self.seeds = seeds
        self.waiting = list(todo)
        self.settings = settings
        self.lock = lock
        self.pending = {step.name for step in todo}
        self.failed: set[str] = set()
        self.order = [step.name for step in todo]
        self.faults: dict[str, list[Fault]] = {}

    def run(self) -> Iterator[Event]:
        with ExitStack() as ending, selectors.DefaultSelector() as selector:
            running: list[Tool] = []
            while self.waiting or running:
                for step in self._ready(len(running)):
                    self.waiting.remove(step)
                    if step.kind == "portwright":
                        yield from self._own(step)
                    else:
                        tool = ending.enter_context(self._start(step))
                        running.append(tool)
                        selector.register(tool.errors, selectors.EVENT_READ, tool)
                        yield Begun(step.name)
                if not running:
                    continue
                for key, _ in selector.select():
                    tool = key.data
                    yield from tool.read()
                    if tool.ended:
                        selector.unregister(tool.errors)
                        running.remove(tool)
                        if tool.remarks():
                            yield Note(tool.remarks(), "debug")
                        yield self._finish(tool)
        if self.faults:  # as the plan has them, whichever ended first
            raise StepFailed([fault for name in self.order for fault in self.faults.get(name, [])])

    def _ready(self, busy: int) -> list[Step]:
        """The waiting steps that can start now; forgets those that need a failed one."""
        lost = [step for step in self.waiting if self._reach(step) & self.failed]
        for step in lost:
            self.waiting.remove(step)
            self.failed.add(step.name)
            self.seeds.over(step)
        ready = [step for step in self.waiting if not self._reach(step) & self.pending]
        own = [step for step in ready if step.kind == "portwright"]
        return own[:1] or ready[: max(self.settings.jobs - busy, 0)]

    def _reach(self, step: Step) -> set[str]:
        """The steps that it needs, through those that only name others."""
        found: set[str] = set()
        for need in step.needs:
            other = self.store.plan.step(need)
            found |= {need} if other.argv else self._reach(other)
        return found

    def _start(self, step: Step) -> Tool:
        self.store.begin(step)
        return Tool(self.store, step, self.settings.jobs, self.lock)

    def _finish(self, tool: Tool) -> Event:
        step, seconds = tool.step, tool.seconds
        fault = tool.fault()
        if fault is not None:
            self.seeds.over(step)
        if fault is not None:
            self.faults[step.name] = [fault]
            self.failed.add(step.name)
            self.pending.discard(step.name)
            return Ended(step.name, "failed", seconds)
        self._settle(step, tool.argv, seconds)
        return Ended(step.name, "built", seconds)

    def _own(self, step: Step) -> Iterator[Event]:
        yield Begun(step.name)
        began = time.monotonic()
        self.store.begin(step)
        try:
            outcome = own_step.run(self.store, step)
        except PortwrightError as error:
            self.faults[step.name] = error.faults
            self.failed.add(step.name)
            self.pending.discard(step.name)
            yield Ended(step.name, "failed", time.monotonic() - began)
            return
        self._settle(step, step.argv, time.monotonic() - began)
        yield Ended(step.name, outcome, time.monotonic() - began)

    def _settle(self, step: Step, argv: tuple[str, ...], seconds: float) -> None:
        self.store.write_record(step, done=True, argv=argv, seconds=seconds)
        self.seeds.over(step)
        self.store.keep_few(step)
        self.pending.discard(step.name)
