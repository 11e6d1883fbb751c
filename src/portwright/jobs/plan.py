"""Show what a build of a port would do: each step with its command, its inputs and why it is there.

With --explain: which steps are done already, and for each of the others what changed since its last run.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

from portwright.base import rooms
from portwright.base.errors import fail
from portwright.base.events import Event
from portwright.build import goals
from portwright.build.explain import Explained
from portwright.describe import port as ports
from portwright.jobs import Arg

VERB = "plan"
EMITTERS = "portwright.build.emitters"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright plan` can be told."""

    port: Annotated[str, Arg("The port: a bundled name or a folder.", positional=True)]
    goal: Annotated[str, Arg("What to plan for.", positional=True, metavar="[GOAL]")] = "programs"
    format: Annotated[str, Arg("How to write the plan: text, json, dot.", metavar="FORMAT")] = "text"
    explain: Annotated[bool, Arg("Say of each step whether it would run, and because of what.")] = False
    ledger: Annotated[str | None, Arg("The port's ledger of that name.", metavar="VARIANT")] = None


@dataclass(frozen=True, slots=True)
class Result:
    """The plan as text in the wanted form, or the state of its steps."""

    port: str
    goal: str
    format: str
    text: str
    steps: tuple[Explained, ...] = ()

    @property
    def status(self) -> int:
        """0: there is a plan."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Make the plan; nothing is built."""
    yield from ()
    port = ports.load(arguments.port, arguments.ledger)
    emitter = rooms.load(EMITTERS, arguments.format)
    if not hasattr(emitter, "emit"):
        hint = f"portwright emit {arguments.port} --to {arguments.format} -o DIR writes them"
        raise fail(f"`{arguments.format}` is several files, not one text", None, hint, "plan/format")
    if arguments.explain:
        rows = goals.explain(port, arguments.goal)
        return Result(port.target, arguments.goal, arguments.format, "", tuple(rows))
    text = emitter.emit(goals.plan(port, arguments.goal))
    return Result(port.target, arguments.goal, arguments.format, text)
