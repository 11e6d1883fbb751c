"""What a person sees of `report`."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from judge import report_samples as samples
from portwright.cli.views import report as view
from portwright.jobs.report import Result


def shown(result: Result) -> str:
    console = Console(file=io.StringIO(), width=60, soft_wrap=True)
    view.view(result, console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_the_text_is_printed_as_it_is() -> None:
    assert (
        shown(Result(samples.only(), "text", "[bold]x[/] " + "y" * 90 + "\n"))
        == "[bold]x[/] " + "y" * 90 + "\n"
    )


def test_of_a_file_where_it_is_and_what_it_says() -> None:
    said = shown(Result(samples.only(), "html", "", Path("x.html"), True))
    assert said.splitlines() == [samples.only().headline, "wrote x.html"]
    assert "nothing changed: x.html" in shown(Result(samples.only(), "html", "", Path("x.html")))
