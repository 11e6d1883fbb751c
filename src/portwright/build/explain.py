"""Says of each step of a goal whether it would run, and because of what: the second reader of the cache's records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from portwright.build.executor import missing
from portwright.build.store import Record, Store
from portwright.derive.plan import Plan, Step


@dataclass(frozen=True, slots=True)
class Explained:
    """A step of a goal: `done`, `would-run`, or `not-asked` (what needs it is done already)."""

    step: str
    state: Literal["done", "would-run", "not-asked"]
    why: str
    because: tuple[str, ...] = ()
    seconds: float | None = None


def explain(plan: Plan, goal: str) -> list[Explained]:
    """Every step that the goal needs, in order; `seconds` is what the last run took."""
    store = Store(plan)
    todo = {step.name for step in missing(store, goal)}
    rows = []
    for step in plan.closure(goal):
        if not step.argv:
            continue
        record = store.record(step)
        seconds = record.seconds if record and record.done else None
        if step.name in todo:
            rows.append(
                Explained(
                    step.name, "would-run", step.why, tuple(_because(store, step, record, todo)), seconds
                )
            )
        else:
            state: Literal["done", "not-asked"] = "done" if store.is_done(step) else "not-asked"
            rows.append(Explained(step.name, state, step.why, (), seconds))
    return rows


def _because(store: Store, step: Step, record: Record | None, todo: set[str]) -> Iterator[str]:
    if not step.cached:
        yield "what it reads is not known beforehand: the tool is asked every time"
        return
    if record is None:
        yield "it was never done here"
        return
    if not record.done:
        yield "its last run did not get to its end"
    said = asdict(step)
    yield from _inputs(record.step.get("inputs", ()), said["inputs"])
    yield from _words("the command", record.step.get("argv", ()), step.argv)
    yield from _environment(record.step.get("env", {}), step.env)
    for name, what in (
        ("cwd", "the folder that it runs in"),
        ("fingerprint", "portwright's own code for it"),
        ("outputs", "what it must make"),
        ("place", "where it is made"),
        ("start_over", "what it must start over for"),
    ):
        if _plain(record.step.get(name)) != _plain(said[name]):
            yield f"{what} changed"
    for need in step.needs:
        if record.needs.get(need) != store.keys[need]:
            yield f"`{need}` {'would run' if need in todo else 'changed'}"
    out = store.out(step)
    absent = [name for name in step.outputs if not (out / name).exists()]
    if absent and record.done:
        yield f"its output is gone: {', '.join(absent)}"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _inputs(was: Sequence[Mapping[str, str]], now: Sequence[Mapping[str, str]]) -> Iterator[str]:
    before = {row["name"]: row for row in was}
    after = {row["name"]: row for row in now}
    for name in sorted({*before, *after}):
        if name not in before:
            yield f"input `{name}` is new"
        elif name not in after:
            yield f"input `{name}` is no more"
        elif before[name]["digest"] != after[name]["digest"]:
            old, new = before[name]["digest"][:12] or "nothing", after[name]["digest"][:12] or "nothing"
            yield f"input `{name}` changed ({after[name]['path']}: {old} -> {new})"
        elif before[name] != after[name]:
            yield f"input `{name}` moved ({before[name]['path']} -> {after[name]['path']})"


def _words(what: str, was: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    gone = [word for word in was if word not in now]
    new = [word for word in now if word not in was]
    if gone or new:
        yield f"{what} changed: {' '.join(gone) or 'nothing'} -> {' '.join(new) or 'nothing'}"
    elif list(was) != list(now):
        yield f"{what} has its words in another order"


def _environment(was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            yield f"{name} changed: {was.get(name, 'unset')} -> {now.get(name, 'unset')}"
