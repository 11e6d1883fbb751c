"""What a person sees of `fixpoint`: what differs and why, the cures, and one line that says how it stands."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.text import Text

from portwright.jobs.fixpoint import Result
from portwright.judge.cause import SECTIONS, Manual
from portwright.judge.difference import Finding
from portwright.judge.fixpoint import Report

STYLES = {"real": "bold red", "cause": "yellow", "consequence": "dim"}
WORDS = {"real": "real", "cause": "cause", "consequence": "follows"}


def view(result: Result, console: Console) -> None:
    """Print the findings by cause, then the causes with their cures, then the verdict."""
    if result.report is None:
        _manuals(result.manuals, console)
        return
    report = result.report
    for name, rows in groupby(report.findings, key=lambda row: row.cause):
        _cause(name, list(rows), console)
    if report.causes:
        _summary(report, console)
    for note in report.notes:
        _line(console, Text(f"note: {note}"))
    for bound in report.bounds:
        _line(console, Text(f"bound: {bound}", style="yellow"))
    console.print(_verdict(report))


def _manuals(manuals: tuple[Manual, ...], console: Console) -> None:
    if len(manuals) == 1:
        (page,) = manuals
        _line(console, Text(f"{page.name}: {page.title}", style="bold"))
        for title in SECTIONS:
            _line(console, Text(f"\n## {title}\n{page.sections.get(title, '')}"))
        return
    width = max(len(page.name) for page in manuals)
    for page in manuals:
        _line(console, Text(f"{page.name:{width}}  {WORDS[page.role]:8}{page.title}"))


def _cause(name: str, findings: list[Finding], console: Console) -> None:
    style = STYLES[findings[0].role]
    _line(console, Text(name, style=style))
    for path, rows in groupby(findings, key=lambda row: row.path):
        if path:
            _line(console, Text(f"  {path}"))
        for row in rows:
            place = f"{row.place}: " if row.place else ""
            _line(console, Text(f"    {place}{row.what}"))
            for line in row.evidence:
                _line(console, Text(f"        {line}", style="dim"))


def _summary(report: Report, console: Console) -> None:
    console.print()
    width = max(len(row.cause) for row in report.causes)
    for row in report.causes:
        places = f"{row.places:,} place{'' if row.places == 1 else 's'}"
        files = f"{row.files:,} file{'' if row.files == 1 else 's'}"
        line = Text(f"{WORDS[row.role]:8}", style=STYLES[row.role])
        line.append(f"{row.cause:{width}}  {places} in {files}: {row.cure}", style="default")
        _line(console, line)
    unloaded = [row.path for row in report.files if row.loaded is False]
    if unloaded:
        shown = ", ".join(unloaded[:5]) + (f" and {len(unloaded) - 5:,} more" if len(unloaded) > 5 else "")
        _line(console, Text(f"what is loaded is the same in {shown}"))


def _verdict(report: Report) -> Text:
    files = f"{report.compared:,} file{'' if report.compared == 1 else 's'} compared"
    if report.same:
        return Text(f"the same: {files}", style="green")
    real = report.real
    differing = "1 differs" if len(report.files) == 1 else f"{len(report.files):,} differ"
    differing = f"{files}, {differing}" if report.compared > 1 else files
    if not real:
        words = "every difference has a cause that a flag cures, or follows from one"
        if all(row.role == "consequence" for row in report.causes):
            words = "what differs only follows from something that was not found"
        return Text(f"differs: {differing}; {words}", style="yellow")
    words = f"{real:,} real difference{'' if real == 1 else 's'}"
    return Text(f"differs: {differing}; {words}", style="bold red")


def _line(console: Console, text: Text) -> None:
    """A line that is as long as it is: columns are for people and for `cut` alike."""
    console.print(text, soft_wrap=True)
