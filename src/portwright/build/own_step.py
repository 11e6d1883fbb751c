"""Runs a step that is done by portwright's own code (an entry of `steps/`), and knows what code that is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from portwright.base import rooms
from portwright.base.errors import Fault, PortwrightError
from portwright.base.files import disk_errors, folder_atomic
from portwright.base.hashing import hash_file, hash_value
from portwright.build.steps import Call
from portwright.build.store import Store
from portwright.derive.plan import Step

ROOM = "portwright.build.steps"


@cache
def fingerprint(entry: str) -> str:
    """The hash of the code that a step's entry runs: its own module and those that it names."""
    package = Path(__file__).resolve().parents[1]
    modules = [f"build.steps.{rooms.module_name(entry)}", *rooms.load(ROOM, entry).MODULES]
    return hash_value([[name, hash_file(package / f"{name.replace('.', '/')}.py")] for name in modules])


def run(store: Store, step: Step) -> str:
    """Run the step; its folder is there whole or not at all, unless it is updated in place."""
    entry = rooms.load(ROOM, step.argv[1])
    final = store.out(step)
    if step.place:
        with disk_errors(final):
            final.mkdir(parents=True, exist_ok=True)
            return str(entry.run(_call(store, step, final)))
    with folder_atomic(final) as out:
        outcome = entry.run(_call(store, step, out))
        absent = [name for name in step.outputs if not (out / name).exists()]
        if absent:
            raise PortwrightError([Fault(f"the step `{step.name}` made no {', '.join(absent)}")])
    return str(outcome)


def _call(store: Store, step: Step, out: Path) -> Call:
    words = [store.fill_in(word, out) for word in step.argv[2:]]
    options = {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)}
    return Call(options, dict(step.env), out, store.out(step), store.keys[step.name])
