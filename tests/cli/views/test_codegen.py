"""What a person sees of `portwright codegen`."""

from __future__ import annotations

import io

from rich.console import Console

from portwright.cli.views import codegen
from portwright.jobs.codegen import Result
from portwright.judge.code_hunt import Difference, Row


def test_a_line_per_level_and_what_differs_below_it() -> None:
    found = Difference("crc", "2", "M68020", "hangs", "0x0000000000000007", "instruction selection")
    rows = (Row("1", "M68020", 75, 75, 2.0), Row("2", "M68020", 75, 74, 3.0, (found,)))
    out = io.StringIO()
    result = Result("m68k-x-y", "rustc 1, LLVM 2", rows)
    codegen.view(result, Console(file=out, width=120))
    said = out.getvalue()
    assert "opt-level 1 M68020" in said and "75 of 75 right" in said and "74 of 75 right" in said
    assert "crc: hangs, expected 0x0000000000000007" in said and "instruction selection" in said
    assert result.status == 1
