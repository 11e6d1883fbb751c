"""What a person sees of `doctor`: a line per thing looked at, what is missing with the command that mends it."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from portwright.jobs.doctor import Finding, Result

STYLES = {"ok": "green", "missing": "bold red", "lacking": "yellow"}
SIGNS = {"ok": "ok", "missing": "MISSING", "lacking": "-"}


def view(result: Result, console: Console) -> None:
    """Print the findings and, last, what to do."""
    width = max(len(finding.name) for finding in result.findings if "found: " not in finding.name)
    for finding in result.findings:
        console.print(_line(finding, width))
    missing = [finding for finding in result.findings if finding.outcome == "missing"]
    console.print()
    if not missing:
        console.print("Every verb has what it needs.")
        return
    for finding in missing:
        needed = ", ".join(finding.needed_by)
        mend = f": {finding.mend}" if finding.mend else ""
        console.print(f"{finding.name} is needed by {needed}{mend}")


def _line(finding: Finding, width: int) -> Text:
    line = Text(f"{SIGNS[finding.outcome]:8}", style=STYLES[finding.outcome])
    line.append(f"{finding.name:{width}}  {finding.detail}", style="default")
    if finding.outcome == "lacking" and finding.mend:
        line.append(f"; {finding.mend}", style="default")
    return line
