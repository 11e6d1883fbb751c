"""The view of `doctor`: a line per finding, and at the end what to do."""

from __future__ import annotations

import io

from rich.console import Console

from portwright.cli.views import doctor
from portwright.jobs.doctor import Finding, Result


def shown(*findings: Finding) -> list[str]:
    console = Console(file=io.StringIO(), width=200)
    doctor.view(Result(None, findings), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


GOOD = Finding("disk", "ok", "70 GB free", ("build",))
LACKING = Finding("strace", "lacking", "only for tests", (), "portwright setup --all")
MISSING = Finding("LLD", "missing", "no LLD", ("build", "up"), "portwright setup")


def test_all_is_there() -> None:
    lines = shown(GOOD, LACKING)
    assert lines[0].split() == ["ok", "disk", "70", "GB", "free"]
    assert lines[1].startswith("-") and lines[1].endswith("only for tests; portwright setup --all")
    assert lines[-1] == "Every verb has what it needs."


def test_what_is_missing_comes_last_with_its_verbs_and_its_command() -> None:
    lines = shown(MISSING, GOOD)
    assert lines[0].startswith("MISSING LLD")
    assert lines[-1] == "LLD is needed by build, up: portwright setup"
    assert "Every verb" not in "\n".join(lines)
    assert lines[0].index("no LLD") == lines[1].index("70 GB"), "the details stand in one column"
