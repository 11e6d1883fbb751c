"""A plan as a graph for Graphviz: an arrow from each step to those that need it."""

from __future__ import annotations

import json

from portwright.derive.plan import Plan


def emit(plan: Plan) -> str:
    """The graph; `dot -Tsvg` draws it."""
    lines = [f"digraph {json.dumps(plan.target)} {{", "    rankdir = LR;", "    node [shape = box];"]
    for step in plan.steps:
        shape = "" if step.argv else ", shape = plaintext"
        lines.append(f"    {json.dumps(step.name)} [tooltip = {json.dumps(step.why)}{shape}];")
    lines += [
        f"    {json.dumps(need)} -> {json.dumps(step.name)};" for step in plan.steps for need in step.needs
    ]
    return "\n".join([*lines, "}"]) + "\n"
