"""What a person sees of `check`: every finding with its place and its fix, the diff, the probe, and a count."""

from __future__ import annotations

import json

from rich.console import Console
from rich.text import Text

from portwright.jobs.check import Result, Row

STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def view(result: Result, console: Console) -> None:
    """Print the diff that was made, the findings, the choices if they were asked for, and the verdict."""
    if result.kind == "rules":
        if len(result.rules) == 1:
            (page,) = result.rules
            console.print(Text(f"{page.name}: {page.title}"))
            for title, text in page.sections.items():
                console.print(Text(f"\n## {title}\n{text}"))
            return
        width = max(len(page.name) for page in result.rules)
        for page in result.rules:
            console.print(Text(f"{page.name:{width}}  {page.title}"))
        return
    if result.translated is not None:
        _translation(result, console)
        return
    if result.fixed is not None:
        console.print(Text(result.fixed or "nothing to fix that is safe to fix\n"), end="")
    for row in result.findings:
        _finding(row, console, explain=bool(result.choices))
    for choice in result.choices:
        value = "(removed)" if choice.origin == "removed" else json.dumps(choice.value, ensure_ascii=False)
        reason = f": {choice.why}" if choice.why else ""
        console.print(Text(f"{choice.key} = {value}  [{choice.origin}]{reason}"))
    console.print(_verdict(result))


def _translation(result: Result, console: Console) -> None:
    """The spec itself, to be redirected, or where it is now; what was changed has been told meanwhile."""
    translated = result.translated
    assert translated is not None
    if translated.file is None:
        console.out(translated.text, end="", highlight=False)
    else:
        console.print(Text(f"{'wrote' if translated.changed else 'nothing changed:'} {translated.file}"))


def _finding(row: Row, console: Console, *, explain: bool) -> None:
    line = Text(f"{row.severity}", style=STYLES[row.severity])
    place = f"{row.where}: " if row.where else ""
    line.append(f" {place}{row.what} [{row.code}]", style="default")
    console.print(line)
    if row.why and (explain or row.severity == "error"):
        since = f" ({row.since.rstrip('.')})" if row.since and explain else ""
        console.print(Text(f"    why: {row.why}{since}"))
    if row.edits:
        how = "--fix does it" if row.fixable else "to be decided"
        console.print(Text(f"    fix: {'; '.join(row.edits)} ({how})"))
    if row.hint:
        console.print(Text(f"    hint: {row.hint}"))


def _verdict(result: Result) -> Text:
    counts = ", ".join(
        f"{number} {name}{'' if number == 1 else 's'}"
        for name, number in (
            ("error", result.count("error")),
            ("warning", result.count("warning")),
            ("note", result.count("note")),
        )
        if number
    )
    words = f"{result.target} with rustc {result.rustc}: {counts or 'no fault found'}; "
    words += f"code generation: {result.probe.outcome}"
    words += f" ({result.probe.detail})" if result.probe.detail else ""
    if result.held_against:
        words += f"; held against [os] of {result.held_against}"
    return Text(words, style="bold red" if result.status else "green")
