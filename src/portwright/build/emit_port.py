"""Makes of a port's plan what emitters read: the plan's own steps, each with its result folder.

A plan says what is to be done on this machine, so its tools and source trees are named by their paths here; what they
hashed to stands in each step. Steps of the kind portwright call portwright: the Python and the package that they need
are parameters, and they are marked. A step that needs the network is refused.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from portwright.base import rooms
from portwright.base.errors import Fault, Where
from portwright.build import step_ids
from portwright.build.emission import Emission, Job, Parameter, SourceFile, SourceSet, faults_of
from portwright.build.own_step import ROOM
from portwright.build.shell_words import Part, Var, comment, word
from portwright.build.step_script import wrapped
from portwright.build.tool import environment
from portwright.derive.plan import Plan, Step

TEXTS = "sources_texts"
MARK = "runs portwright: set the parameters python and portwright"
LEFT_TO_THE_MACHINE = ("HOME", "PATH", "TMPDIR")


def emission(plan: Plan) -> Emission:
    """What to emit of a plan; raises where a step of it cannot work elsewhere."""
    faults_of(_refusals(plan))
    steps = [step for step in plan.steps if step.argv]
    texts = tuple(
        SourceFile(name, text.encode("utf-8", "surrogateescape"), False, "")
        for name, text in plan.texts.items()
    )
    names = step_ids.ids(steps)
    jobs = tuple(_job(index, step, plan, names) for index, step in enumerate(steps))
    package = Path(__file__).resolve().parents[2]
    parameters = (
        Parameter("python", sys.executable, "a Python that has what portwright depends on"),
        Parameter(
            "portwright", str(package), "the folder that holds the package portwright: an unpacked wheel"
        ),
    )
    sets = (SourceSet(TEXTS, texts),) if texts else ()
    return Emission(plan.target, plan, jobs, sets, parameters, {}, tuple(_notes(plan)))


def _refusals(plan: Plan) -> Iterator[Fault]:
    for step in plan.steps:
        if step.kind == "portwright":
            why = getattr(rooms.load(ROOM, step.argv[1]), "NETWORK", "")
            if why:
                hint = "emit a goal that does not need it"
                yield Fault(f"the step `{step.name}` {why}", Where(plan.identity), hint, "emit/network")


def _notes(plan: Plan) -> Iterator[str]:
    own = [step.name for step in plan.steps if step.kind == "portwright"]
    if own:
        yield f"these steps run portwright itself: {', '.join(own)}"
    outside = {row.path for step in plan.steps for row in step.inputs if row.path.startswith("/")}
    if outside:
        yield f"these are read by path, where they lie on this machine: {', '.join(sorted(outside))}"
    yield "nothing was recorded, so there is nothing to compare with"


def _job(index: int, step: Step, plan: Plan, names: Mapping[str, str]) -> Job:
    needs = tuple(dict.fromkeys(names[need] for need in _reach(step, plan)))
    speaks = " ".join([*step.argv, *step.env.values(), step.cwd])
    texts = (TEXTS,) if "{texts}" in speaks else ()
    title = f"{step.name}: {step.why}"
    number = step_ids.number(index, len(names))
    marked = MARK if step.kind == "portwright" else ""
    lines = [
        f"# {comment(names[step.name])}: {comment(title)} ({number})",
        *_inputs(step),
        *_lines(step, names),
    ]
    return Job(
        names[step.name], number, title, step, (), (), (), needs, texts, 0, marked, "\n".join(lines) + "\n"
    )


def _reach(step: Step, plan: Plan) -> Iterator[str]:
    """The steps that it needs, through those that only name others."""
    for need in step.needs:
        other = plan.step(need)
        if other.argv:
            yield need
        else:
            yield from _reach(other, plan)


def _inputs(step: Step) -> Iterator[str]:
    """What it reads by path: a change of it is a change of the script, once emitted again."""
    for row in step.inputs:
        yield f"# reads {comment(row.name)}: {comment(row.path)} {row.digest or '(asked every time)'}"


def _lines(step: Step, names: Mapping[str, str]) -> Iterator[str]:
    def words(text: str) -> list[Part]:
        return _parts(text, names)

    yield "set -eu"
    yield "umask 022"
    yield "work=$PWD"
    folders = [word([Var("out")]), word([Var("work"), "/.home"]), word([Var("work"), "/.tmp"])]
    yield f"mkdir -p {' '.join(folders)}"
    yield f"cd {word(words(step.cwd))}"
    rows = ["env -i", f"HOME={folders[1]}", f"TMPDIR={folders[2]}"]
    whole = environment(dict(step.env), 1)
    for name in LEFT_TO_THE_MACHINE:
        own = step.env.get(name)
        whole.pop(name, None)
        if name == "PATH":
            rows.append(f"PATH={word([*(words(own + ':') if own else []), Var('PATH')])}")
    rows += [f"{word([name])}={word(words(value)) if value else ''}" for name, value in sorted(whole.items())]
    if step.kind == "portwright":
        rows += [
            f"PYTHONPATH={word([Var('portwright')])}",
            word([Var("python")]),
            "-P -m portwright.build.run_step",
        ]
        rows += [word([Var("out")]), *(word(words(text)) for text in step.argv[1:])]
    else:
        rows += [word(words(text)) for text in step.argv]
    rows.append("< /dev/null")
    if step.stdout:
        rows.append(f"> {word([Var('out'), f'/{step.stdout}'])}")
    yield wrapped(rows)
    yield from _there(step.outputs)


def _there(outputs: Sequence[str]) -> Iterator[str]:
    """A step that ends well and did not make what it says has failed."""
    for name in outputs:
        yield f"test -e {word([Var('out'), f'/{name}'])}"


def _parts(text: str, names: Mapping[str, str]) -> list[Part]:
    """The words with `{out}`, `{texts}` and `{STEP}` as variables."""
    variables = {"out": "out", "texts": TEXTS, **names}
    found = re.compile(rf"\{{({'|'.join(map(re.escape, variables))})\}}")
    parts: list[Part] = []
    end = 0
    for place in found.finditer(text):
        parts += [text[end : place.start()], Var(variables[place[1]])]
        end = place.end()
    return [part for part in [*parts, text[end:]] if part != ""]
