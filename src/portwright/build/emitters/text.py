"""A plan as text for people: each step with its reason, command, environment, inputs and outputs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from portwright.base.hashing import hash_bytes
from portwright.derive.plan import Plan, Step


def emit(plan: Plan) -> str:
    """The text; the same plan gives the same text."""
    lines = [f"plan for {plan.target} ({plan.identity})", ""]
    for name, text in plan.texts.items():
        lines.append(f"text {name}: {len(text.encode())} bytes, {hash_bytes(text.encode())[:12]}")
    for step in plan.steps:
        lines += ["", *_step(step)]
    return "\n".join(lines) + "\n"


def _step(step: Step) -> Iterator[str]:
    yield f"{step.name}: {step.why}"
    if step.needs:
        yield f"  needs    {', '.join(step.needs)}"
    for row in step.inputs:
        yield f"  input    {row.name}: {row.path} {row.digest[:12] or '(asked every time)'}"
    if step.argv:
        yield f"  run      {shlex.join(step.argv)}"
        yield f"  in       {step.cwd}"
    for name, value in sorted(step.env.items()):
        yield f"  env      {name}={value}"
    if step.fingerprint:
        yield f"  code     {step.fingerprint[:12]}"
    if step.outputs:
        where = f"{step.place}/, updated in place" if step.place else "a folder named by the step's key"
        yield f"  output   {', '.join(step.outputs)} in {where}"
    if step.start_over:
        yield f"  afresh   when {step.start_over[:12]} changes"
