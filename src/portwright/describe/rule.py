"""The checker's engine: holds a spec against every rule of `rules/` and returns all findings in one pass.

A rule is a module whose file name is its name. Its docstring is its manual: a title, then the sections
"## What it does", "## Why is this bad?", "## Example" and "## Since"; a finding's reason is read from there.
`check(case)` yields findings and decides nothing else. Adding a rule is adding its file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from types import ModuleType
from typing import Any, Literal

from portwright.base import manual as manual_text
from portwright.base import rooms
from portwright.base.errors import Fault, Where
from portwright.describe.spec_case import Case

ROOM = "portwright.describe.rules"
Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
SECTIONS = ("What it does", "Why is this bad?", "Example", "Since")


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one key of the spec: set to `value`, or removed."""

    key: str
    value: Any = None
    remove: bool = False

    def __str__(self) -> str:
        import json

        return f"remove `{self.key}`" if self.remove else f"`{self.key}` = {json.dumps(self.value)}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    A rule gives `what`, the `key` path it is about, a `hint` where the edits do not say it all, the mending
    `edits`, and whether `--fix` may make them (`safe`: nobody can have meant the old value). The engine adds
    `rule`, `why`, `since` and `where`.
    """

    what: str
    key: tuple[str | int, ...] = ()
    hint: str | None = None
    severity: Severity = "error"
    edits: tuple[Edit, ...] = ()
    safe: bool = False
    why: str = ""
    since: str = ""
    rule: str = ""
    where: Where | None = None

    def fault(self) -> Fault:
        """The finding as the fault that errors are made of."""
        edits = "; ".join(str(edit) for edit in self.edits)
        hint = "; ".join(part for part in (edits, self.hint) if part)
        return Fault(self.what, self.where, hint or None, f"spec/{self.rule}")


@dataclass(frozen=True, slots=True)
class Manual:
    """A rule's docstring taken apart; `sections` by title."""

    name: str
    title: str
    sections: dict[str, str] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """The first paragraph of why the fault matters, on one line."""
        return " ".join(self.sections.get("Why is this bad?", "").split("\n\n")[0].split())

    @property
    def since(self) -> str:
        """Since which rustc version it matters, on one line."""
        return " ".join(self.sections.get("Since", "").split())


@cache
def manual(name: str) -> Manual:
    """The manual of a rule, by its name or as findings say it (`spec/NAME`); raises `BadInput` for no such rule."""
    name = name.removeprefix("spec/")
    return _manual(name, rooms.load(ROOM, name))


def _manual(name: str, module: ModuleType) -> Manual:
    return Manual(name, *manual_text.sections(module))


def manuals() -> list[Manual]:
    """The manual of every rule, by name."""
    return [manual(name) for name in rooms.names(ROOM)]


def examine(case: Case, only: Iterable[str] | None = None) -> list[Finding]:
    """Every finding of every rule (or of those named), errors first, then in the order of the file."""
    found: list[Finding] = []
    for name in rooms.names(ROOM) if only is None else only:
        module = rooms.load(ROOM, name)
        found += [_whole(finding, name, case) for finding in module.check(case)]
    reasoned = [finding for row in found if (finding := _reasoned(row, case)) is not None]
    return sorted(reasoned, key=_order)


def _whole(finding: Finding, name: str, case: Case) -> Finding:
    page = manual(name)
    places = case.spec.places
    return replace(
        finding,
        rule=name,
        why=finding.why or page.why,
        since=finding.since or page.since,
        where=finding.where or (places(*finding.key) if places else None),
    )


def _reasoned(finding: Finding, case: Case) -> Finding | None:
    """A reason in [target.why] answers a finding: a warning becomes a note, a note is not repeated."""
    if not finding.key or str(finding.key[0]) not in case.spec.why or finding.severity == "error":
        return finding
    return replace(finding, severity="note") if finding.severity == "warning" else None


def _order(finding: Finding) -> tuple[int, int, int, str, str]:
    where = finding.where
    line, column = (where.line or 0, where.column or 0) if where else (0, 0)
    return (SEVERITIES.index(finding.severity), line, column, finding.rule, finding.what)


def manual_page() -> str:
    """docs/rules.md: every rule's manual, as one Markdown page."""
    lines = [
        "# The checker's rules",
        "",
        "Generated from the rules' own docstrings (`src/portwright/describe/rules/`); do not edit.",
        "A reason under `[target.why]` in port.toml answers a finding about that key: a warning becomes a note,",
        "a note is not repeated. Errors cannot be answered.",
        "",
        "| rule | finds |",
        "|---|---|",
    ]
    pages = manuals()
    lines += [f"| [{page.name}](#{page.name}) | {page.title} |" for page in pages]
    for page in pages:
        lines += ["", f"## {page.name}", "", page.title]
        for title in SECTIONS:
            lines += ["", f"### {title}", "", page.sections.get(title, "")]
    return "\n".join(lines) + "\n"
