"""Recordings: a plan read off a real build, and what each of its commands was seen to read, make and cost.

A recording is a `Plan` whose steps say what ran (replay, every emitter and the cache read nothing else), and beside
it, by the name of the step, what was seen. Nothing here does anything; docs/recording.md is the page for people.

Names of files are normalised: `$SRC/a.c`, `$OUT/debug/app`, `$TOOL/lib/libstd.so`: a root's name and what is below it;
`Recording.roots` says where each root lay. What is below no root keeps its absolute name. A `$` that is not a root's
is written `$$`, in argv, environment and names alike. Bytes that are not UTF-8 are held as Python's `surrogateescape`
holds them, and written to JSON as the escapes of those lone surrogates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from portwright.base import typed
from portwright.derive.plan import Plan, plan_value

SCHEMA = 1
"""The version of the JSON document; another one is refused."""

FileKind = Literal["file", "executable", "symlink", "folder"]


@dataclass(frozen=True, slots=True)
class Output:
    """A file as a step left it: SHA-256 of its content (of a symlink's target; empty for a folder), bytes."""

    path: str
    digest: str
    kind: FileKind = "file"
    size: int = 0


@dataclass(frozen=True, slots=True)
class Tool:
    """A file of the toolchain or the system that some step read: not a step's input, but checked before a replay."""

    path: str
    digest: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Impurity:
    """What makes a step depend on more than its inputs.

    `kind`: network, outside (read outside the declared roots), secret (a command line or environment that holds a
    value which is not shown), left-running, unseen (a program that a recorder could not follow), wrote-outside,
    not-portable (what it made holds the name of a folder), not-remapped (it may), coarse (it is more than one step).
    """

    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Process:
    """A program that was started: every exec that any recorder saw, whether or not it is a step of its own.

    `step` is the step that it belongs to, empty for a driver (cargo, make, a shell that starts steps). `seen_by` names
    the recorders: trace, wrapper. `began` and `seconds` are seconds, `began` after the recording's start.
    """

    pid: int
    parent: int
    argv: tuple[str, ...]
    step: str = ""
    seen_by: tuple[str, ...] = ()
    status: int | None = None
    began: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Probe:
    """A question that a driver asked a tool, with the answer: `rustc -vV`, `rustc --print cfg`, `cc --version`."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    status: int
    answer: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one step. `status` is the exit status, negative for a signal, None where it was cut off.

    `began` and `seconds` are wall time, `began` after the recording's start; `cpu` is user and system time of all its
    processes; `peak` the largest resident set of one of them in bytes. `notes` are files that it wrote for its driver and
    that hold names of folders (dep-info, a configured makefile), and logs: it may write them in a replay too, no step
    reads them, nothing compares them.
    """

    outputs: tuple[Output, ...]
    status: int | None = 0
    began: float = 0.0
    seconds: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    impurities: tuple[Impurity, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """A plan read off a build.

    The plan's steps have these kinds: `tool` is a command (`type` names its trade: rustc, cc, ar, build-script ...;
    `stdin` an input and `stdout` an output that a redirection tied to it). `files` is what a driver did itself: each
    output is a content at hand, of an input with that digest or of the plan's `texts[digest]`, or, where it is large or
    binary, of the file `digest` in the folder `FILE.contents` beside the recording's file. Inputs name what they are
    (`path`, normalised), their content, and the `step` that made it (empty: it was there before). What is below
    `$TOOL`, or below no root, is no input but in `tools`.

    `portable`: the prefixes of paths were remapped while it was recorded, so that bytes do not depend on folders, and no
    step is `not-portable`.
    `ended` is false for a recording that was cut off: it holds the steps that were whole by then.
    """

    plan: Plan
    command: tuple[str, ...]
    cwd: str
    roots: Mapping[str, str]
    seen: Mapping[str, Seen]
    tools: tuple[Tool, ...] = ()
    probes: tuple[Probe, ...] = ()
    processes: tuple[Process, ...] = ()
    impurities: tuple[Impurity, ...] = ()
    portable: bool = True
    ended: bool = True
    status: int | None = 0
    seconds: float = 0.0
    recorders: tuple[str, ...] = ("trace", "wrapper")
    host: str = ""
    left_out: tuple[str, ...] = field(default=())
    """Files that drivers wrote and no step read: fingerprints, logs."""

    def to_json(self) -> str:
        """The recording as one stable JSON document, in ASCII."""
        value = {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__ if name != "plan"}
        value |= {"schema": SCHEMA, "plan": plan_value(self.plan)}
        return json.dumps(value, indent=1, sort_keys=True) + "\n"


def _plain(item: Any) -> Any:
    if isinstance(item, Mapping):
        return {name: _plain(inner) for name, inner in item.items()}
    if isinstance(item, tuple):
        return [_plain(inner) for inner in item]
    return asdict(item) if hasattr(item, "__dataclass_fields__") else item


class Misfit(ValueError):
    """A document whose values have other types than a recording's; `misfits` are all the places, with what is wrong."""

    def __init__(self, misfits: typed.Misfits) -> None:
        super().__init__("; ".join(f"{place} {what}" for place, what in misfits))
        self.misfits = misfits


def from_json(text: str) -> Recording:
    """The recording of a document that `to_json` wrote; ValueError for any other (`Misfit` where that has places)."""
    value = json.loads(text)
    if not isinstance(value, dict) or value.pop("schema", None) != SCHEMA:
        raise ValueError(f"not a recording of schema {SCHEMA}")
    misfits: typed.Misfits = []
    made = typed.read(Recording, value, misfits)
    if made is None:
        raise Misfit(misfits)
    return made


_NAME = re.compile(r"\$(\$|[A-Z][A-Z0-9_]*)")


def expand(words: str, roots: Mapping[str, str]) -> str:
    """The words with each root's name replaced by a folder; KeyError for a root that is not given."""
    return _NAME.sub(lambda found: "$" if found[1] == "$" else roots[found[1]], words)


def normalise(words: str, roots: Mapping[str, str]) -> str:
    """The words with the roots' folders replaced by their names, the longest first: the inverse of `expand`.

    A folder is only found where a path may begin and where one of its names ends: `/a/src` is not in `/a/src2`, nor in
    `/b/a/src`.
    """
    names = {folder.rstrip("/"): name for name, folder in roots.items() if folder.rstrip("/")}
    if not names:
        return words.replace("$", "$$")
    folders = "|".join(re.escape(folder) for folder in sorted(names, key=len, reverse=True))
    found = re.compile(rf"(?<![\w./-])(?:{folders})(?![\w.-])|(?<=-[IL])(?:{folders})(?![\w.-])|\$")
    return found.sub(lambda m: "$$" if m[0] == "$" else f"${names[m[0]]}", words)
