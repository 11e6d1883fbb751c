"""Makes calls fail as rules say: decides for each call, once, before anything of it is done.

A call that a rule aims at is performed through this; all others do not come here. Counting is for the whole run,
so that one plan serves all processes and threads of it.
"""

from __future__ import annotations

import fnmatch
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from portwright.describe.operation import Operation
from portwright.run.events import Injected
from portwright.run.failure import Failed, Failure
from portwright.run.fault_rule import Rule, Shape, shape
from portwright.run.process import Process
from portwright.run.thread import Thread
from portwright.run.waiting import Wait

Perform = Callable[..., int | Failure]


@dataclass(slots=True)
class _Armed:
    """A rule at work: how many calls matched, how many it struck, how many bytes went by."""

    rule: Rule
    choices: random.Random
    matched: int = 0
    struck: int = 0
    moved: int = 0

    def strikes(self, asked: int) -> bool:
        """Whether the call that has just matched is to fail (to do less, where bytes are left before `after`)."""
        rule = self.rule
        if self.matched < rule.first or (rule.last is not None and self.matched > rule.last):
            return False
        if (self.matched - rule.first + 1) % rule.every:
            return False
        if rule.times is not None and self.struck >= rule.times:
            return False
        if rule.after is not None and self.moved + asked <= rule.after:
            return False
        # Drawn last: a call that another condition excludes costs none of the choices.
        return rule.probability is None or self.choices.random() < rule.probability


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What becomes of one call. `room`: the most bytes that it may move; then nothing fails."""

    rule: Rule
    room: int | None = None


class FaultPlan:
    """The faults of one run."""

    def __init__(self, rules: Sequence[Rule], seed: int) -> None:
        self._armed = [
            _Armed(rule, random.Random(f"{seed if rule.seed is None else rule.seed}/fault {number}"))
            for number, rule in enumerate(rules)
        ]
        self._last: Rule | None = None
        self._held: dict[Thread, tuple[list[_Armed], _Verdict | None]] = {}

    def arm(self, call: str, operation: Operation, perform: Perform) -> Perform:
        """How a call is performed under the plan: as before where no rule aims at it."""
        mine = [armed for armed in self._armed if armed.rule.aims_at(call, operation.name)]
        if not mine:
            return perform
        form = shape(operation)

        def faulted(process: Process, *values: Any) -> int | Failure:
            thread = process.thread
            held = self._held.pop(thread, None)
            if held is None or not thread.waited:
                matching = [armed for armed in mine if _matches(armed.rule, form, values)]
                held = matching, self._verdict(matching, form, _asked(form, values))
            try:
                return self._perform(*held, form, perform, process, values)
            except Wait:
                self._held[thread] = held  # served again, and then not counted again
                self._last = None
                raise

        return faulted

    def _perform(
        self,
        matching: list[_Armed],
        verdict: _Verdict | None,
        form: Shape,
        perform: Perform,
        process: Process,
        values: tuple[Any, ...],
    ) -> int | Failure:
        if verdict is not None:
            self._last = verdict.rule
            error = verdict.rule.error
            if verdict.room is None and error is not None:
                return _late(perform, process, values, error) if verdict.rule.late else Failure(error)
            if form.length is not None and verdict.room is not None:
                values = (*values[: form.length], verdict.room, *values[form.length + 1 :])
        outcome = perform(process, *values)
        if not isinstance(outcome, Failure):
            for armed in matching:
                armed.moved += outcome if form.counted else _asked(form, values)
        return outcome

    def _verdict(self, matching: list[_Armed], form: Shape, asked: int) -> _Verdict | None:
        """Every rule counts the call; the first that strikes decides."""
        found: _Verdict | None = None
        for armed in matching:
            armed.matched += 1
            if found is not None or not armed.strikes(asked):
                continue
            rule = armed.rule
            if rule.short is not None:
                found = _Verdict(rule, rule.short) if asked > rule.short else None
            elif rule.after is not None and form.partial and armed.moved < rule.after:
                found = _Verdict(rule, rule.after - armed.moved)
            else:
                found = _Verdict(rule)
            armed.struck += found is not None
        return found

    def take(self) -> Rule | None:
        """The rule that struck the call which has just been performed; asked once."""
        last, self._last = self._last, None
        return last

    def seen(self) -> tuple[Injected, ...]:
        """What came of each rule so far."""
        return tuple(Injected(str(armed.rule), armed.matched, armed.struck) for armed in self._armed)


def _asked(form: Shape, values: tuple[Any, ...]) -> int:
    return 0 if form.length is None else int(values[form.length])


def _late(perform: Perform, process: Process, values: tuple[Any, ...], error: str) -> int | Failure:
    """The call is done, and says that it failed; where it fails by itself, that is its answer."""
    try:
        outcome = perform(process, *values)
    except Failed as failed:
        return Failure(failed.name)
    return outcome if isinstance(outcome, Failure) else Failure(error)


def _matches(rule: Rule, form: Shape, values: tuple[Any, ...]) -> bool:
    if rule.short is not None and not form.shortens:
        return False
    if rule.after is not None and form.length is None:
        return False
    if rule.fd is not None and not any(_within(values[index], *rule.fd) for index in form.fds):
        return False
    return rule.path is None or any(
        fnmatch.fnmatchcase(os.fsdecode(values[index]), rule.path) for index in form.paths
    )


def _within(number: int, low: int, high: int | None) -> bool:
    return low <= number and (high is None or number <= high)
