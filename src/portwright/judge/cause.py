"""The engine of causes: asks every module of `causes/` why a difference is there; the first that knows answers.

A cause is a module whose file name is its name. Its docstring is its manual: a title, then the sections "## What it
is", "## Why it happens", "## Example" and "## The cure". `RANK` says when it is asked (low first), `ROLE` whether it
is a cause that a flag cures, a consequence of others, or a real difference; `explain(difference, context)` gives an
`Explained` or None. Adding a cause is adding its file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from types import ModuleType

from portwright.base import manual, rooms
from portwright.judge.difference import Context, Difference, Finding, Role

ROOM = "portwright.judge.causes"
SECTIONS = ("What it is", "Why it happens", "Example", "The cure")
EVIDENCE = 120


@dataclass(frozen=True, slots=True)
class Manual:
    """A cause's docstring taken apart; `sections` by title."""

    name: str
    title: str
    role: Role
    sections: dict[str, str] = field(default_factory=dict)

    @property
    def cure(self) -> str:
        """The first paragraph of the cure, on one line."""
        return " ".join(self.sections.get("The cure", "").split("\n\n")[0].split())


@cache
def page_of(name: str) -> Manual:
    """The manual of a cause; raises `BadInput` for no such cause."""
    module = rooms.load(ROOM, name)
    title, sections = manual.sections(module)
    return Manual(name, title, module.ROLE, sections)


def pages() -> list[Manual]:
    """The manual of every cause, in the order in which they are asked."""
    return [page_of(name) for name, _ in _ranked()]


@cache
def _ranked() -> tuple[tuple[str, ModuleType], ...]:
    return tuple(sorted(rooms.load_all(ROOM).items(), key=lambda row: (row[1].RANK, row[0])))


def explain(difference: Difference, context: Context) -> Finding:
    """The finding of the first cause that knows the difference; the last of them knows every one."""
    for name, module in _ranked():
        found = module.explain(difference, context)
        if found is not None:
            page = page_of(name)
            return Finding(
                cause=name,
                role=page.role,
                path=difference.path,
                what=found.what or difference.what,
                cure=found.cure or page.cure,
                section=difference.section,
                symbol=difference.symbol,
                offset=difference.offset,
                evidence=difference.lines or _evidence(difference),
                count=difference.count,
                part=difference.part,
            )
    raise AssertionError("the last cause explains everything")


def _evidence(difference: Difference) -> tuple[str, ...]:
    if not difference.left and not difference.right:
        return ()
    return (f"A: {shown(difference.left)}", f"B: {shown(difference.right)}")


def shown(data: bytes) -> str:
    """Bytes as text where they are text, else in hex; cut where they are long."""
    text = data.decode("ascii", "replace")
    if data and all(character.isprintable() and character != "�" for character in text):
        return text if len(text) <= EVIDENCE else text[:EVIDENCE] + "..."
    return data[:32].hex(" ") + (" ..." if len(data) > 32 else "")


def manual_page() -> str:
    """docs/causes.md: every cause's manual, as one Markdown page."""
    lines = [
        "# Why two builds differ",
        "",
        "Generated from the causes' own docstrings (`src/portwright/judge/causes/`); do not edit.",
        "`portwright fixpoint A B` finds them; see [fixpoint](fixpoint.md).",
        "",
        "| cause | is | role |",
        "|---|---|---|",
    ]
    every = pages()
    lines += [f"| [{page.name}](#{page.name}) | {page.title} | {page.role} |" for page in every]
    for page in every:
        lines += ["", f"## {page.name}", "", page.title]
        for title in SECTIONS:
            lines += ["", f"### {title}", "", page.sections.get(title, "")]
    return "\n".join(lines) + "\n"
