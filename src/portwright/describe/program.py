"""A port's programs: what is built and run to see whether the port works, and what each must show.

Several ports can have the same programs: they lie in a folder with a `programs.toml`, and [programs] names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from portwright.base.errors import BadInput, Fault
from portwright.describe import toml_file
from portwright.describe.model import Described

SHARED = "programs.toml"


class Expect(Described):
    """What a run must show. `stdout` is exact; the `*_contains` lists are substrings; `exit` the status.

    `host = true`: the program also runs on this machine's own OS, and standard output must be the same.
    """

    stdout: str | None = None
    stdout_contains: list[str] = []
    stderr_contains: list[str] = []
    exit: int = 0
    host: bool = False


def _only_std_programs_expect(made: dict[str, Any]) -> None:
    """The schema's side of `_expects_nothing`: `expect` is asked of programs that run, and of no others."""
    made["required"] = [name for name in made["required"] if name != "expect"]
    freestanding = {"properties": {"kind": {"const": "freestanding"}}, "required": ["kind"]}
    made |= {"if": freestanding, "else": {"required": ["expect"]}}


class Program(Described):
    """[[program]]: a Cargo package or a `.rs` file in the port's folder, how to run it, what it must show.

    `kind = "freestanding"`: one `.rs` file that stands on nothing, not even core, compiled for the target and linked by
    LLD as `link_script` says (a path of the port's folder; without it as LLD does by itself, from `_start` on). Such a
    program is for an image: nothing runs it, so it says no more than where it lies.
    """

    model_config = ConfigDict(json_schema_extra=_only_std_programs_expect)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    path: str
    kind: Literal["std", "freestanding"] = "std"
    link_script: str | None = None
    criterion: str | None = None
    arguments: list[str] = []
    environment: dict[str, str] = {}
    stdin: str = ""
    files: dict[str, str] = {}
    seconds: float = 30.0
    expect: Expect

    @model_validator(mode="before")
    @classmethod
    def _expects_nothing(cls, table: Any) -> Any:
        """A freestanding program needs no `expect`, and has none."""
        if not isinstance(table, dict) or table.get("kind") != "freestanding":
            return table
        said = [key for key in RUNNING if key in table]
        if said:
            raise ValueError(f"nothing runs a freestanding program: take `{'`, `'.join(said)}` away")
        return {**table, "expect": {}}

    @model_validator(mode="after")
    def _one_file(self) -> Program:
        if self.freestanding and not self.path.endswith(".rs"):
            raise ValueError("a freestanding program is one .rs file: give that as `path`")
        if self.link_script is not None and not self.freestanding:
            raise ValueError('`link-script` is for programs of `kind = "freestanding"`')
        return self

    @property
    def freestanding(self) -> bool:
        """Whether it stands on nothing, and is run by nobody here."""
        return self.kind == "freestanding"

    def missing(self, folder: Path) -> Iterator[tuple[str, str, str]]:
        """What it names that is not there, for the port in `folder`: (key, what is wrong, what to do)."""
        path = folder / self.path
        if not (path.is_file() or (path / "Cargo.toml").is_file()):
            what = f"program `{self.name}` is not there: {self.path}"
            yield "path", what, "a folder with Cargo.toml, or a .rs file"
        if self.link_script is not None and not (folder / self.link_script).is_file():
            what = f"the linker script of program `{self.name}` is not there: {self.link_script}"
            yield "link-script", what, "a path, relative to the port's folder"


RUNNING = ("expect", "criterion", "arguments", "environment", "stdin", "files", "seconds")
"""The keys that say how a program is run."""


class SharedPrograms(Described):
    """[programs]: programs that several ports have.

    `from` is a folder, relative to the port's: it holds `programs.toml`, whose [[program]] tables name their paths
    relative to it. A program of port.toml stands in the place of a shared one of its name. `without` are shared
    programs that the port does not take, each with the reason.
    """

    from_: str = Field(alias="from")
    without: dict[str, str] = {}


class ProgramList(Described):
    """programs.toml of a folder of shared programs."""

    program: list[Program] = []

    @model_validator(mode="after")
    def _unique_programs(self) -> ProgramList:
        only_once(self.program)
        return self


def only_once(programs: Sequence[Program]) -> None:
    """Raises `ValueError` where two programs have one name."""
    names = [program.name for program in programs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two programs have one name: {', '.join(twice)}")


def with_shared(given: SharedPrograms, own: Sequence[Program], places: toml_file.Places) -> list[Program]:
    """The programs of [programs], then the port's own; raises `BadInput`. `places` are those of port.toml."""
    path = places.path.parent / given.from_ / SHARED
    if not path.is_file():
        what = f"no shared programs: there is no {SHARED} in `{given.from_}`"
        hint = "a folder, relative to this one"
        raise BadInput([Fault(what, places("programs", "from"), hint, "port/programs")])
    shared = toml_file.validate(ProgramList, toml_file.read(path), toml_file.Places(path)).program
    faults = [*_not_shared(given, shared, places), *_not_there(path, shared)]
    if faults:
        raise BadInput(faults)
    left = {program.name: program for program in own}
    taken = [
        left.pop(each.name)
        if each.name in left
        else each.model_copy(update={"path": f"{given.from_}/{each.path}"})
        for each in shared
        if each.name not in given.without
    ]
    return [*taken, *left.values()]


def _not_shared(given: SharedPrograms, shared: Sequence[Program], places: toml_file.Places) -> list[Fault]:
    names = [program.name for program in shared]
    hint = f"there are: {', '.join(names)}"
    return [
        Fault(f"no shared program `{name}`", places("programs", "without", name), hint, "port/programs")
        for name in given.without
        if name not in names
    ]


def _not_there(path: Path, shared: Sequence[Program]) -> list[Fault]:
    places = toml_file.Places(path)
    return [
        Fault(
            f"program `{each.name}` is not there: {each.path}",
            places("program", index, "path"),
            "a folder with Cargo.toml, or a .rs file",
            "port/program",
        )
        for index, each in enumerate(shared)
        if not ((path.parent / each.path).is_file() or (path.parent / each.path / "Cargo.toml").is_file())
    ]
