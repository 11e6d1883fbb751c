"""Explanations: after each kind of change, the step says what changed, and only steps that would run say so."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from portwright.base.errors import StepFailed
from portwright.build import executor
from portwright.build.explain import explain
from portwright.build.store import Store
from portwright.derive.plan import Input, Plan, Step

FIRST = Step(
    "first",
    ("/bin/sh", "-c", "echo >{out}/made"),
    "makes something",
    env={"A": "1"},
    inputs=(Input("source", "/s", "1" * 64),),
    outputs=("made",),
    place="first",
)
SECOND = dataclasses.replace(FIRST, name="second", needs=("first",), place="second")


def run(plan: Plan) -> None:
    for _ in executor.run(plan, plan.steps[-1].name):
        pass


def said(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Step -> reasons, of those that would run."""
    rows = explain(plan, plan.steps[-1].name)
    assert all(bool(row.because) == (row.state == "would-run") for row in rows)
    return {row.step: row.because for row in rows if row.state == "would-run"}


@pytest.fixture
def built(fresh_cache: Path) -> Plan:
    """A plan that was run."""
    plan = Plan("t", (FIRST, SECOND), {}, "t")
    assert said(plan) == {"first": ("it was never done here",), "second": ("it was never done here",)}
    run(plan)
    assert said(plan) == {}
    return plan


CHANGES: list[tuple[Callable[[Step], Step], str]] = [
    (
        lambda s: dataclasses.replace(s, inputs=(Input("source", "/s", "2" * 64),)),
        f"input `source` changed (/s: {'1' * 12} -> {'2' * 12})",
    ),
    (lambda s: dataclasses.replace(s, inputs=()), "input `source` is no more"),
    (
        lambda s: dataclasses.replace(s, inputs=(Input("source", "/t", "1" * 64),)),
        "input `source` moved (/s -> /t)",
    ),
    (lambda s: dataclasses.replace(s, argv=(*s.argv, "more")), "the command changed: nothing -> more"),
    (lambda s: dataclasses.replace(s, env={"A": "2"}), "A changed: 1 -> 2"),
    (lambda s: dataclasses.replace(s, env={}), "A changed: 1 -> unset"),
    (lambda s: dataclasses.replace(s, cwd="/"), "the folder that it runs in changed"),
    (lambda s: dataclasses.replace(s, fingerprint="x"), "portwright's own code for it changed"),
    (
        lambda s: dataclasses.replace(s, cached=False),
        "what it reads is not known beforehand: the tool is asked every time",
    ),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES, ids=[reason for _, reason in CHANGES])
def test_each_change_is_named(built: Plan, change: Callable[[Step], Step], reason: str) -> None:
    changed = dataclasses.replace(built, steps=(change(FIRST), SECOND))
    assert said(changed) == {"first": (reason,), "second": ("`first` would run",)}


def test_an_end_that_was_not_reached_and_an_output_that_is_gone(built: Plan) -> None:
    (Store(built).out(FIRST) / "made").unlink()
    assert {row.step: row.state for row in explain(built, "second")} == {
        "first": "not-asked",
        "second": "done",
    }
    assert {row.step: row.because for row in explain(built, "first")} == {
        "first": ("its output is gone: made",)
    }
    broken = dataclasses.replace(FIRST, argv=("/bin/sh", "-c", "exit 1"))
    with pytest.raises(StepFailed):
        run(Plan("t", (broken,), {}, "t"))
    assert "its last run did not get to its end" in said(Plan("t", (broken,), {}, "t"))["first"]


def test_a_change_of_words_that_do_not_matter_runs_nothing(built: Plan) -> None:
    reworded = dataclasses.replace(FIRST, why="other words", room=5)
    assert said(dataclasses.replace(built, steps=(reworded, SECOND))) == {}
