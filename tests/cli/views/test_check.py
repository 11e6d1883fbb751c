"""What a person sees of check and of new."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from portwright.base.errors import Where
from portwright.build.probe import ProbeResult
from portwright.cli.views import check, new
from portwright.jobs.check import Choice, Result, Row
from portwright.jobs.new import Result as NewResult

ERROR = Row(
    "error",
    "spec/width-type",
    "`w` is '64'",
    Where("t.json", 3, 5),
    "a hint",
    "because",
    "rustc 1.91.",
    ("`w` = 64",),
    True,
)
NOTE = Row("note", "spec/custom-json", "it is a file")


def seen(result: Result) -> str:
    """The text that the view prints, on a narrow page."""
    page = io.StringIO()
    check.view(result, Console(file=page, width=60, color_system=None))
    return page.getvalue()


def test_a_finding_has_its_place_its_reason_and_its_fix_on_lines_of_their_own() -> None:
    result = Result("t.json", "json", "t", "1.96.0", (ERROR, NOTE), ProbeResult("passed", "elf"))
    lines = seen(result).splitlines()
    assert lines[:4] == [
        "error t.json:3:5: `w` is '64' [spec/width-type]",
        "    why: because",
        "    fix: `w` = 64 (--fix does it)",
        "    hint: a hint",
    ]
    assert "1 error, 1 note" in " ".join(lines)
    assert "code generation: passed (elf)" in " ".join(" ".join(lines).split())


def test_what_was_not_probed_never_looks_passed() -> None:
    text = seen(Result("t", "built-in", "t", "1.96.0", (), ProbeResult("skipped", "--no-probe")))
    assert "no fault found" in text
    assert "skipped (--no-probe)" in " ".join(text.split())
    assert "passed" not in text


@pytest.mark.parametrize(("diff", "says"), [("--- a\n+++ a\n-x\n+y\n", "+y"), ("", "nothing to fix")])
def test_the_diff_is_shown_as_it_is(diff: str, says: str) -> None:
    assert says in seen(Result("t", "json", "t", "1.96.0", fixed=diff))


def test_explain_shows_each_choice_with_its_origin() -> None:
    choices = (Choice("os", "new", "port", "its name"), Choice("features", None, "removed"))
    text = seen(Result("t", "port", "t", "1.96.0", (ERROR,), choices=choices))
    assert 'os = "new"  [port]: its name' in text
    assert "features = (removed)" in text
    assert "(rustc 1.91)" in text


def test_new_names_the_files_and_the_next_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = io.StringIO()
    result = NewResult(tmp_path / "mine", "x86_64-unknown-none", ("port.toml", "abi.toml"))
    new.view(result, Console(file=page, width=100, color_system=None))
    assert "mine/port.toml\nmine/abi.toml\n" in page.getvalue()
    assert "portwright check mine" in page.getvalue()
