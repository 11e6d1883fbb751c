"""JSON for tools: a plan as it is, and a build's commands as document 004 wants them, one object per call.

An object has `command`, `args`, `env`, `cwd` and a `type` such as `rust_compiler_invocation`; and, so that it can be
worked with, an `id` that stays the same when contents change, the `step` by number, and what it needs, reads and makes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from portwright.build.emission import Emission, Job
from portwright.build.emitted_parts import encoded
from portwright.build.emitters import Emitted
from portwright.derive.plan import Plan

DRAFTS = True
MAIN = "calls.json"
SCHEMA = 1
TYPES = {
    "rustc": "rust_compiler_invocation",
    "cc": "c_compiler_invocation",
    "ar": "archiver_invocation",
    "ld": "linker_invocation",
    "build-script": "build_script_invocation",
    "files": "file_operation",
}
"""What a call is, by its trade; another trade `x` is `x_invocation`."""


def emit(plan: Plan) -> str:
    """The document; `derive.plan.from_json` reads it back."""
    return plan.to_json()


def write(emission: Emission) -> Iterator[Emitted]:
    """calls.json and its schema."""
    makers = {job.step.name: job.id for job in emission.jobs}
    value = {
        "schema": SCHEMA,
        "title": emission.title,
        "notes": list(emission.notes),
        "roots": dict(emission.recording.roots) if emission.recording else {},
        "calls": [_call(job, emission, makers) for job in emission.jobs],
    }
    yield Emitted(MAIN, encoded(json.dumps(value, indent=1, sort_keys=True) + "\n"))
    yield Emitted("calls.schema.json", encoded(json.dumps(schema(), indent=1, sort_keys=True) + "\n"))


def _call(job: Job, emission: Emission, makers: dict[str, str]) -> dict[str, Any]:
    step = job.step
    seen = emission.recording.seen.get(step.name) if emission.recording else None
    outputs = (
        [{"path": row.path, "sha256": row.digest, "kind": row.kind} for row in seen.outputs] if seen else []
    )
    return {
        "id": job.id,
        "step": job.number,
        "type": kind(step.type or step.kind),
        "command": step.argv[0] if step.argv else "",
        "args": list(step.argv[1:]),
        "env": dict(step.env),
        "cwd": step.cwd,
        "stdin": step.stdin,
        "stdout": step.stdout,
        "needs": list(job.needs),
        "inputs": [
            {"path": row.path, "sha256": row.digest, "kind": row.kind, "made_by": makers.get(row.step, "")}
            for row in step.inputs
        ],
        "outputs": outputs or [{"path": name, "sha256": "", "kind": "file"} for name in step.outputs],
        "status": seen.status if seen else None,
        "seconds": seen.seconds if seen else None,
    }


def kind(trade: str) -> str:
    """The type of a trade's calls."""
    return TYPES.get(trade, f"{trade.replace('-', '_')}_invocation")


def schema() -> dict[str, Any]:
    """The JSON Schema of calls.json."""
    text = {"type": "string"}
    file = _object(
        {
            "path": {**text, "description": "The file's name, with the root that it lies below: $SRC/a.c"},
            "sha256": {**text, "description": "Its content's hash (of a symlink: of its target), or empty"},
            "kind": {"enum": ["file", "executable", "symlink", "folder"]},
        }
    )
    reading = _object(
        {**file["properties"], "made_by": {**text, "description": "The call that made it, or empty"}}
    )
    call = _object(
        {
            "id": {
                "type": "string",
                "pattern": "^[a-z][a-z0-9_]*$",
                "description": "A short name that stays the same when contents change",
            },
            "step": {"type": "string", "pattern": "^step[0-9]+$", "description": "Its place in the build"},
            "type": {
                **text,
                "description": "What it is: rust_compiler_invocation, c_compiler_invocation ...",
            },
            "command": {**text, "description": "The program; empty for what a driver did itself"},
            "args": {
                "type": "array",
                "items": text,
                "description": "Its arguments; $SRC and $OUT are roots, $$ a $",
            },
            "env": {"type": "object", "additionalProperties": text, "description": "Its whole environment"},
            "cwd": {**text, "description": "Where it ran"},
            "stdin": {**text, "description": "The file that was its standard input, or empty"},
            "stdout": {**text, "description": "The file that took its standard output, or empty"},
            "needs": {
                "type": "array",
                "items": text,
                "description": "The calls that must be done before, by id",
            },
            "inputs": {"type": "array", "items": reading, "description": "What it reads"},
            "outputs": {"type": "array", "items": file, "description": "What it leaves"},
            "status": {"type": ["integer", "null"], "description": "How it ended; minus a signal's number"},
            "seconds": {"type": ["number", "null"], "description": "How long it took"},
        }
    )
    whole = _object(
        {
            "schema": {"const": SCHEMA},
            "title": {**text, "description": "The command that was recorded"},
            "notes": {"type": "array", "items": text, "description": "What to know before trusting it"},
            "roots": {"type": "object", "additionalProperties": text, "description": "Where each root lay"},
            "calls": {"type": "array", "items": call, "description": "Every call, each after what it needs"},
        }
    )
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, "title": "The calls of a build, as portwright emit writes them", **whole}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }
