"""A whole machine of a port: [machine.NAME] of port.toml, with what its console must show and how it is spoken to.

The keys that a kind of machine has for itself are in `machines/`, one file per kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from portwright.base import rooms
from portwright.base.errors import BadInput, Fault
from portwright.describe import toml_file
from portwright.describe.model import Described

ROOM = "portwright.describe.machines"


def _expression(text: str) -> str:
    try:
        compiled = re.compile(text.encode(), re.MULTILINE)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    if compiled.match(b""):
        raise ValueError("matches the empty text, and so anything")
    return text


Expression = Annotated[str, AfterValidator(_expression)]
"""A regular expression over the console's bytes, one line at a time."""
Positive = Annotated[float, Field(gt=0)]


class Milestone(Described):
    """A step of the boot, which the console shows: a line with `text`, or one that `pattern` matches.

    `seconds`: how long after the one before it may come, on a machine that runs at full speed. `expect`: what named
    groups of `pattern` must hold; where one holds something else, the boot went wrong.
    """

    name: Annotated[str, Field(min_length=1)]
    text: Annotated[str, Field(min_length=1)] | None = None
    pattern: Expression | None = None
    seconds: Positive = 30.0
    expect: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_marker(self) -> Milestone:
        if (self.text is None) == (self.pattern is None):
            raise ValueError("give either `text` or `pattern`")
        _groups_exist(self.expect, self.pattern)
        return self

    @property
    def expression(self) -> str:
        """The marker as a regular expression."""
        return self.pattern if self.pattern is not None else re.escape(self.text or "")


def _groups_exist(expect: Mapping[str, str], pattern: str | None) -> None:
    groups = re.compile(pattern or "").groupindex
    for name in expect:
        if name not in groups:
            raise ValueError(f"`expect` names `{name}`, and `pattern` has no group (?P<{name}>...)")


class Activity(Described):
    """Something that the console shows to begin and to end, so that a crash in between is a crash during it.

    `name` may hold named groups of `begin`: `the program {path}`.
    """

    name: str
    begin: Expression
    end: Expression

    @model_validator(mode="after")
    def _groups(self) -> Activity:
        groups = re.compile(self.begin).groupindex
        for word in re.findall(r"\{(\w*)\}", self.name):
            if word not in groups:
                raise ValueError(f"`name` speaks of {{{word}}}, and `begin` has no group (?P<{word}>...)")
        return self


class Login(Described):
    """What is typed before there is a prompt: where `pattern` is seen, `send` is typed."""

    pattern: Expression
    send: str


class Shell(Described):
    """How a command is given at the console.

    `prompt`: what the shell shows when it waits. `type`: the lines to type for one command, each after a prompt;
    `{command}` is the command and `{mark}` a word that nothing else shows. `status`: where the exit status stands, as
    the group `status`; where `status` is never seen it is not known. `noise`: lines that are not the command's, as
    those of the kernel. `newline`: what ends a typed line.
    """

    prompt: Expression
    type: list[str] = ["echo {mark}; {command}; echo {mark} $?"]
    status: Expression | None = r"{mark} (?P<status>\d+)"
    noise: list[Expression] = []
    newline: str = "\n"
    login: list[Login] = []
    seconds: Positive = 30.0

    @model_validator(mode="after")
    def _told(self) -> Shell:
        if sum(line.count("{command}") for line in self.type) != 1:
            raise ValueError("`type` has `{command}` once")
        if sum(line.count("{mark}") for line in self.type) < 2:
            raise ValueError("`type` has `{mark}` before and after the command: `echo {mark}`")
        if self.status is not None and "(?P<status>" not in self.status:
            raise ValueError("`status` has no group (?P<status>...)")
        return self


class MustShow(Described):
    """What a command must do: `stdout_contains` are texts of its output, `exit` is its status."""

    stdout_contains: list[str] = []
    exit: int = 0


class Criterion(Described):
    """[[machine.NAME.criterion]]: something that must hold once the machine has booted.

    Either `command` is given at the prompt and must do what `expect` says, within `seconds`; or `pattern` must be on
    the console, with `groups` as given. `needs`: what the image must have for it; without that it is not run.
    """

    name: Annotated[str, Field(min_length=1)]
    command: str | None = None
    expect: MustShow = MustShow()
    pattern: Expression | None = None
    groups: dict[str, str] = {}
    needs: list[str] = []
    seconds: Positive = 60.0

    @model_validator(mode="after")
    def _one_way(self) -> Criterion:
        if (self.command is None) == (self.pattern is None):
            raise ValueError("give either `command` or `pattern`")
        _groups_exist(self.groups, self.pattern)
        return self


class Machine(Described):
    """What every kind of machine has.

    `kind` is a file in `machines/`. `slowness`: by how much it is slower than one at full speed, and its deadlines
    longer. `milestone`: the steps of the boot, in their order. `panics`, `crashes`, `wrong`: lines that say that it
    gave up, died, or went wrong. `power_off`: after the last milestone it switches itself off. `restarts`: a line that
    is shown once in a boot; seen again, the machine started anew. `reboots`: how often it may do that. `settle`: how
    long after the last milestone it is still watched. `most_output`: bytes of console that nobody could want.
    `quiet`: seconds of silence after which the CPUs are looked at. `symbols`: ELF files that name the addresses of
    what runs.
    """

    kind: str
    slowness: Positive = 1.0
    milestone: list[Milestone] = []
    activity: list[Activity] = []
    panics: list[Expression] = []
    crashes: list[Expression] = []
    wrong: list[Expression] = []
    power_off: bool = False
    restarts: Expression | None = None
    reboots: Annotated[int, Field(ge=0)] = 0
    settle: Positive = 0.5
    most_output: Annotated[int, Field(gt=0)] = 64 << 20
    quiet: Positive = 2.0
    symbols: list[str] = []
    shell: Shell | None = None
    criterion: list[Criterion] = []

    @model_validator(mode="after")
    def _once(self) -> Machine:
        for what, names in (
            ("milestones", [each.name for each in self.milestone]),
            ("criteria", [each.name for each in self.criterion]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"two {what} have one name: {', '.join(twice)}")
        if not self.milestone and not self.power_off:
            raise ValueError("nothing says that it has booted: give a [[milestone]], or `power-off = true`")
        if self.shell is None and any(each.command for each in self.criterion):
            raise ValueError("a criterion gives a command, and there is no [shell] to give it to")
        return self


def machines(tables: Mapping[str, Any], places: toml_file.Places) -> dict[str, Machine]:
    """The machines of port.toml's [machine]; raises `BadInput` with every fault of all of them."""
    found: dict[str, Machine] = {}
    faults: list[Fault] = []
    for name, table in tables.items():
        try:
            found[name] = _machine(name, table, places)
        except BadInput as error:
            faults += error.faults
    if faults:
        raise BadInput(faults)
    return found


def _machine(name: str, table: Any, places: toml_file.Places) -> Machine:
    below = toml_file.PlacesBelow(places, "machine", name)
    if not isinstance(table, dict):
        hint = f'[machine.{name}] with kind = "qemu"'
        raise BadInput([Fault(f"`machine.{name}` must be a table", below(), hint, "toml/value")])
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in rooms.names(ROOM):
        what = f"`kind` {kind!r} is no kind of machine" if kind is not None else "`kind` is missing"
        hint = f"there are: {', '.join(rooms.names(ROOM))}"
        raise BadInput([Fault(what, below("kind"), hint, "machine/kind")])
    model: type[Machine] = rooms.load(ROOM, kind).MODEL
    return toml_file.validate(model, table, below)


def kinds() -> Iterator[tuple[str, type[Machine]]]:
    """Each kind of machine and the model of its table."""
    for name, module in rooms.load_all(ROOM).items():
        yield name, module.MODEL
