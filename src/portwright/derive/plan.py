"""Plans: pure data about what is to be done. Same description, same plan, byte for byte.

Run, dry run, explanation, cache key and every emitter read this one value. Nothing here does anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from portwright.base.hashing import hash_value

PORTWRIGHT = "portwright"

NOT_IN_KEY = ("why", "room")
"""What of a step does not change what it makes."""


@dataclass(frozen=True, slots=True)
class Input:
    """What a step reads: a file or folder by path with its content hash, or another step's output by name."""

    name: str
    path: str = ""
    digest: str = ""
    step: str = ""
    kind: Literal["file", "executable", "symlink", "folder"] = "file"


@dataclass(frozen=True, slots=True)
class Step:
    """One command.

    `argv[0] == "portwright"` means work done by portwright's own code: `argv[1]` names an entry of
    `build/steps/`, and `fingerprint` is the hash of the code that it runs. `env` is the whole environment
    but for what the executor adds (HOME, PATH, TMPDIR). `outputs` are names below the step's output folder.
    In argv, env and cwd, `{out}` stands for the step's output folder, `{STEP}` for that of step STEP, and
    `{texts}` for the folder of the plan's texts. `needs` names steps that must be done before; `why` is one
    sentence for `--explain`. A step without argv does nothing itself: it is a name for what it needs.

    The output folder is named by the step's key and made whole or not at all; with `place`, it is that folder
    below the plan's own, updated in place (cargo's target folder: what is still right is not built again) and
    emptied first where `start_over` is not what it was. `stdout` names an output that takes what the command
    prints. `room` is how many bytes of disk the step may need.

    Steps of a recording (see `derive/recording.py`) also have: the kind `files`, a driver's own work; a `type`, the
    trade of their command; `stdin`, an input that the command reads from there.
    """

    name: str
    argv: tuple[str, ...]
    why: str
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "{out}"
    inputs: tuple[Input, ...] = ()
    outputs: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    fingerprint: str = ""
    kind: Literal["tool", "portwright", "files"] = "tool"
    cached: bool = True
    place: str = ""
    start_over: str = ""
    stdout: str = ""
    room: int = 0
    type: str = ""
    stdin: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """An ordered set of steps (each after all it needs) and the generated texts that they read.

    `identity` names the folder that holds the texts and what is updated in place: one per port and variant.
    """

    target: str
    steps: tuple[Step, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""

    def step(self, name: str) -> Step:
        """The step of that name; KeyError where there is none."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def key(self, name: str) -> str:
        """The cache key of a step: a hash over all it says and over the keys of the steps that it needs."""
        return self.keys()[name]

    def keys(self) -> dict[str, str]:
        """The cache key of every step."""
        keys: dict[str, str] = {}
        for step in self.steps:
            said = {name: value for name, value in step_value(step).items() if name not in NOT_IN_KEY}
            keys[step.name] = hash_value([said, [[need, keys[need]] for need in step.needs]])
        return keys

    def closure(self, goal: str) -> tuple[Step, ...]:
        """The steps that `goal` needs, itself last, in the plan's order."""
        wanted = {goal}
        for step in reversed(self.steps):
            if step.name in wanted:
                wanted.update(step.needs)
        return tuple(step for step in self.steps if step.name in wanted)

    def to_json(self) -> str:
        """The plan as one stable JSON document."""
        return json.dumps(plan_value(self), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def step_value(step: Step) -> dict[str, Any]:
    """The step as a JSON value; what only recordings say is left out where nothing is said."""
    value = asdict(step)
    for name in ("type", "stdin"):
        if not value[name]:
            del value[name]
    for row in value["inputs"]:
        if row["kind"] == "file":
            del row["kind"]
    return value


def plan_value(plan: Plan) -> dict[str, Any]:
    """The plan as a JSON value."""
    return {
        "target": plan.target,
        "steps": [step_value(step) for step in plan.steps],
        "texts": dict(plan.texts),
        "identity": plan.identity,
    }


def from_json(text: str) -> Plan:
    """The plan of a JSON document that `to_json` wrote."""
    return plan_from(json.loads(text))


def plan_from(value: Mapping[str, Any]) -> Plan:
    """The plan of the JSON value that `plan_value` gave."""
    steps = tuple(
        Step(
            **{
                **step,
                "argv": tuple(step["argv"]),
                "inputs": tuple(Input(**row) for row in step["inputs"]),
                "outputs": tuple(step["outputs"]),
                "needs": tuple(step["needs"]),
            }
        )
        for step in value["steps"]
    )
    return Plan(value["target"], steps, value["texts"], value["identity"])
