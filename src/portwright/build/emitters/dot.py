"""A plan as a graph for Graphviz: an arrow from each step to those that need it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from portwright.build.emission import Emission
from portwright.build.emitted_parts import encoded
from portwright.build.emitters import Emitted
from portwright.derive.plan import Plan

DRAFTS = True
COLOURS = ("#8fb8de", "#a9d18e", "#f4b183", "#ffd966", "#c5a5cf", "#9fd3c7", "#d0cece", "#e6a5a5")


def write(emission: Emission) -> Iterator[Emitted]:
    """The same of a build: a node says what is made, its colour the trade, its height the time that it took."""
    yield Emitted("plan.dot", encoded(_build(emission)))


def _build(emission: Emission) -> str:
    trades = list(dict.fromkeys(job.step.type or job.step.kind for job in emission.jobs))
    seen = emission.recording.seen if emission.recording else {}
    lines = [
        f"digraph {_quoted(emission.title)} {{",
        "    rankdir = LR;",
        "    node [shape = box, style = filled];",
    ]
    for job in emission.jobs:
        took = seen[job.step.name].seconds if job.step.name in seen else 0.0
        colour = COLOURS[trades.index(job.step.type or job.step.kind) % len(COLOURS)]
        label = _quoted(f"{job.number}\n{job.title}" + (f"\n{took:.2f} s" if took else ""))
        height = f"{min(0.5 + took / 10, 4):.2f}"
        lines.append(f'    {job.id} [label = {label}, height = {height}, fillcolor = "{colour}"];')
    lines += [f"    {need} -> {job.id};" for job in emission.jobs for need in job.needs]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    """A text as dot reads it: what cannot be shown is a question mark, a line ends with \\n."""
    shown = "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


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
