"""What a person sees of `fixpoint`."""

from __future__ import annotations

import io

from rich.console import Console

from portwright.cli.views import fixpoint
from portwright.jobs.fixpoint import Result
from portwright.judge.difference import Finding
from portwright.judge.fixpoint import Differing, Report, Summary


def shown(report: Report) -> list[str]:
    file = io.StringIO()
    fixpoint.view(Result(report), Console(file=file, width=120))
    return file.getvalue().splitlines()


def report(role: str) -> Report:
    found = Finding("x-cause", role, "lib(a.o)", "something", "a cure", ".text", "f", 16, ("A: 1", "B: 2"))  # type: ignore[arg-type]
    row = Summary("x-cause", "A cause", role, 1, 1, "a cure")  # type: ignore[arg-type]
    return Report(
        "l", "r", False, 3, (row,), (Differing("lib(a.o)", 1, True),), (found,), ("a note",), ("a bound",)
    )


def test_a_finding_its_place_and_its_cure() -> None:
    lines = shown(report("real"))
    assert lines[:5] == [
        "x-cause",
        "  lib(a.o)",
        "    .text in f at 0x10: something",
        "        A: 1",
        "        B: 2",
    ]
    assert "real    x-cause  1 place in 1 file: a cure" in lines
    assert "note: a note" in lines and "bound: a bound" in lines
    assert lines[-1] == "differs: 3 files compared, 1 differs; 1 real difference"


def test_what_flags_cure_is_not_called_real() -> None:
    assert shown(report("cause"))[-1].endswith(
        "every difference has a cause that a flag cures, or follows from one"
    )
    assert shown(report("consequence"))[-1].endswith("only follows from something that was not found")


def test_the_same_is_one_line() -> None:
    assert shown(Report("l", "r", True, 4)) == ["the same: 4 files compared"]
