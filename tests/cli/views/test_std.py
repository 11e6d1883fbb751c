"""What a person sees of `std`: every operation, with brackets and all, in the order that pays."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from portwright.cli.views import std
from portwright.describe.std_support import Support
from portwright.jobs.std import Result, Unsupported


def shown(result: Result) -> str:
    file = io.StringIO()
    std.view(result, Console(file=file, width=70))
    return file.getvalue()


def result(*, runs: bool = True) -> Result:
    write = Support("write", "files", 10, "works", ("std::io::stdout",), call="write")
    stat = Support(
        "file_status",
        "files",
        7,
        "lacking",
        ("std::fs::metadata",),
        call="stat",
        lacks=("[types.stat] st_mode", "[constants] S_IFDIR"),
    )
    random = Support("fill_random", "random", 9, "poorer", ("HashMap",), remarks=("keys are weak",))
    beyond = (Unsupported("std::net", ""), Unsupported("std::thread::spawn", "one thread"))
    return Result("t", Path("/p/abi.toml"), runs, True, (write,), (random, stat), beyond)


def test_all_is_said_and_brackets_stay() -> None:
    said = shown(result())
    assert said.startswith("t, abi.toml: 1 of 3 operations that std uses are there\n")
    for text in ("[types.stat] st_mode", "[constants] S_IFDIR", "(poorer)", "keys are weak", "std::net\n"):
        assert text in said
    assert "std::thread::spawn (one thread)" in said
    assert said.index("fill_random") < said.index("file_status")
    assert "No program" not in said


def test_what_cannot_run_is_said() -> None:
    assert "No program of std runs without write, exit and memory." in shown(result(runs=False))
