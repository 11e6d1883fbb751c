"""The engine of faults: holds a binary or an image against every module of `faults/`, all findings in one pass.

A fault is a module whose file name is its name. Its docstring is its manual: a title, then the sections
"## What it is", "## Why is this bad?", "## Example" and "## What to do". `check(case)` yields what it found and
decides nothing else; a fault that only matters for some loader asks `case.port` first. Adding a fault is adding its
file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, Protocol

from portwright.base import manual, rooms
from portwright.base.errors import BadInput
from portwright.pack.subject import Case

ROOM = "portwright.pack.faults"
Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
SECTIONS = ("What it is", "Why is this bad?", "Example", "What to do")


@dataclass(frozen=True, slots=True)
class Found:
    """What a fault's module found: `address` in the binary's memory or the image's bytes, `hint` where the manual's
    first sentence of "What to do" does not say it, `path` the file in an image that it is about."""

    what: str
    address: int | None = None
    hint: str = ""
    severity: Severity = "error"
    path: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of one file: `fault` the name, `code` the stable code (`binary/entry-zero`), `file` what it is in."""

    fault: str
    what: str
    file: str
    severity: Severity
    hint: str
    address: int | None = None

    @property
    def code(self) -> str:
        """The stable code for tools."""
        return f"inspect/{self.fault}"


@dataclass(frozen=True, slots=True)
class Manual:
    """A fault's docstring taken apart; `sections` by title."""

    name: str
    title: str
    sections: dict[str, str] = field(default_factory=dict)

    @property
    def advice(self) -> str:
        """The first paragraph of what to do, on one line."""
        return " ".join(self.sections.get("What to do", "").split("\n\n")[0].split()).rstrip(".")


class Entry(Protocol):
    """A module of the room."""

    def check(self, case: Case) -> Iterator[Found]:
        """What is wrong with the case."""


@cache
def page_of(name: str) -> Manual:
    """The manual of a fault; raises `BadInput` for no such fault."""
    name = name.removeprefix("inspect/")
    return Manual(name, *manual.sections(rooms.load(ROOM, name)))


def pages() -> list[Manual]:
    """The manual of every fault, by name."""
    return [page_of(name) for name in rooms.names(ROOM)]


def examine(case: Case, only: Iterable[str] | None = None) -> list[Finding]:
    """Every finding of every fault (or of those named), errors first."""
    found: list[Finding] = []
    for name in rooms.names(ROOM) if only is None else only:
        try:
            for row in rooms.load(ROOM, name).check(case):
                file = f"{case.name}:{row.path}" if row.path else case.name
                hint = row.hint or page_of(name).advice
                found.append(Finding(name, row.what, file, row.severity, hint, row.address))
        except BadInput as error:  # the file is too broken for this question; `broken` says so, once
            case.problem(error)
    return sorted(
        found, key=lambda row: (SEVERITIES.index(row.severity), row.fault, row.address or 0, row.what)
    )


def manual_page() -> str:
    """docs/faults.md: every fault's manual, as one Markdown page."""
    lines = [
        "# What can be wrong with a binary or an image",
        "",
        "Generated from the faults' own docstrings (`src/portwright/pack/faults/`); do not edit.",
        "`portwright inspect FILE...` finds them; see [inspect](inspect.md).",
        "",
        "| fault | finds |",
        "|---|---|",
    ]
    every = pages()
    lines += [f"| [{page.name}](#{page.name}) | {page.title} |" for page in every]
    for page in every:
        lines += ["", f"## {page.name}", "", page.title]
        for title in SECTIONS:
            lines += ["", f"### {title}", "", page.sections.get(title, "")]
    return "\n".join(lines) + "\n"
