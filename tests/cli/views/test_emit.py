"""What a person sees of `emit`: what was written, and what came out otherwise."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from portwright.build.emit_folder import Difference
from portwright.cli.views import emit as view
from portwright.jobs.emit import Result


def shown(result: Result) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        view.view(result, console)
    return captured.get()


def test_a_folder() -> None:
    said = shown(Result("nix", Path("o"), 5000, 10_003, 7, derivation="/nix/store/x-all.drv"))
    assert said == (
        "o: nix, 5,000 steps in 10,003 files (7 new or changed)\nin the store: /nix/store/x-all.drv\n"
    )


def test_differences_are_told_one_a_line_and_the_rest_counted() -> None:
    rows = tuple(
        Difference("step1", "cc_a", f"$OUT/{at}\x1b", "1", "2", "its bytes differ") for at in range(45)
    )
    said = shown(Result("sh", Path("o"), 1, 1, 1, verified=True, compared=50, differences=rows))
    assert said.count("differs: ") == 40 and "and 5 more" in said and "\x1b" not in said
    assert "5 of 50 outputs are the recorded ones" in said
