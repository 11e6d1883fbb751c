"""What a person sees of `replay`: what is not as recorded and why, and one line that says how it stands."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.base.visible import visible
from portwright.jobs.replay import Result, Row

STYLES = {
    "differs": "bold red",
    "failed": "bold red",
    "unjudged": "yellow",
    "blocked": "dim",
    "rebuilt": "cyan",
}
MOST = 30


def view(result: Result, console: Console) -> None:
    """Print the steps that are not as recorded (with `--explain` every step), then the sums."""
    shown = 0
    for row in result.steps:
        if result.explained or row.outcome != "same":
            shown += row.outcome in ("blocked", "rebuilt")
            if result.explained or shown <= MOST:
                _step(row, console, explained=result.explained)
    for path in result.changed:
        _line(console, Text(f"changed: {visible(path)}"))
    for path in result.changed_tools:
        _line(console, Text(f"another tool: {visible(path)}"))
    if not result.ended:
        _line(console, Text("the recording was cut off; this is up to its last whole step", style="yellow"))
    if result.why_links:
        words = (
            f"steps ran in folders of links only, and could see the rest of the machine: {result.why_links}"
        )
        _line(console, Text(words, style="yellow"))
    if result.folder is not None:
        _line(console, Text(f"{_many(result.written, 'file')} in {result.folder}"))
    _line(console, _verdict(result))


def _step(row: Row, console: Console, *, explained: bool) -> None:
    head = Text(f"{row.name} ", style="bold")
    head.append(f"({row.type}) ", style="dim")
    ran = "ran, " if explained and row.ran else ""
    head.append(f"{ran}{row.outcome}", style=STYLES.get(row.outcome, "green"))
    _line(console, head)
    if explained:
        for reason in row.why:
            _line(console, Text(f"    {visible(reason)}", style="dim"))
    for one in row.causes:
        path = f"{visible(one.path)}: " if one.path else ""
        _line(console, Text(f"    {path}{one.cause.name}: {visible(one.cause.what)}"))
        for line in one.cause.evidence:
            _line(console, Text(f"        {visible(line)}", style="dim"))
        if one.cause.cure:
            _line(console, Text(f"        to do: {one.cause.cure}", style="dim"))
    if row.words and row.outcome == "failed":
        for line in row.words.splitlines()[-10:]:
            _line(console, Text(f"    | {visible(line)}", style="dim"))
    for path in row.strays:
        _line(console, Text(f"    wrote what the recording does not know: {visible(path)}", style="yellow"))


def _verdict(result: Result) -> Text:
    ran = sum(row.ran for row in result.steps)
    steps = f"{_many(len(result.steps), 'step')}, {ran:,} ran"
    if result.isolation:
        steps += f" ({'shut in' if result.isolation == 'namespace' else 'in folders of links'})"
    counts = [
        (result.count("differs"), "differ"),
        (result.count("failed"), "failed"),
        (result.count("unjudged"), "could not be judged"),
        (result.count("blocked"), "could not begin"),
        (result.count("rebuilt"), "came out anew"),
    ]
    said = ", ".join(f"{number:,} {word}" for number, word in counts if number)
    if result.status == 0 and not said:
        return Text(f"the same: {steps}, {_many(result.outputs, 'output')} as recorded", style="green")
    if result.status == 0:
        return Text(f"up to date: {steps}, {said}", style="green")
    style = "bold red" if result.status == 1 else "yellow"
    return Text(f"{'not the same' if result.status == 1 else 'not judged'}: {steps}, {said}", style=style)


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _line(console: Console, text: Text) -> None:
    """A line that is as long as it is: columns are for people and for `cut` alike."""
    console.print(text, soft_wrap=True)
