"""What a person sees of `compare`: a line for each program, and where two runs part."""

from __future__ import annotations

import io

from rich.console import Console

from portwright.cli.views import compare
from portwright.jobs.compare import Result, Row
from portwright.judge.verdict import Verdict


def shown(*rows: Row, calls: bool = True) -> str:
    file = io.StringIO()
    compare.view(Result("a-port", "native", 7, calls, rows), Console(file=file, width=120))
    return file.getvalue()


def test_agreement_is_one_line_each_and_a_difference_is_shown() -> None:
    evidence = (
        "thread main, call 3:\n    machine: open([types.stat]) = 3\n    kernel:  open([types.stat]) = ENOENT"
    )
    said = shown(
        Row("hello", Verdict("passed", "the same"), 9, 0.5),
        Row("files", Verdict("wrong", "call 3", evidence), 12),
    )
    lines = said.splitlines()
    assert lines[0] == "a-port: engine native against this machine's kernel, seed 7"
    assert lines[1].split() == ["agrees", "hello", "9", "calls", "0.50", "s"]
    assert lines[2].startswith("wrong") and lines[2].endswith("call 3")
    assert "\nfiles:\nthread main, call 3:\n    machine: open([types.stat]) = 3\n" in said
    assert lines[-1] == "1 of 2 programs do the same on both"


def test_calls_that_nobody_saw_are_not_said_to_agree() -> None:
    assert "calls are not compared: an emulator hides them" in shown(Row("a", Verdict("passed")), calls=False)
