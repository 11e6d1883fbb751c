"""What a person sees of `probe`: every fact, and for each that differs what to write."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from portwright.cli.views.probe import view
from portwright.jobs.probe import Result
from portwright.judge.probe_report import Row

ROWS = (
    Row("abi.cpu", "agrees", "x86-64", "x86-64"),
    Row("errors.EIO", "differs", "5", "read -22", "EIO = 22"),
    Row("sleep", "differs", "0", "-4"),
    Row("entry.thread-pointer", "not-reported", "zero"),
)


def shown(result: Result, tmp_path: Path) -> str:
    with (tmp_path / "shown").open("w") as file:
        view(result, Console(file=file, width=60))
    return (tmp_path / "shown").read_text()


def test_facts_changes_and_the_count(tmp_path: Path) -> None:
    counts = {"agrees": 1, "differs": 2, "not-reported": 1}
    result = Result("port", "somewhere", ROWS, counts, "it stops after 5 lines")
    text = shown(result, tmp_path)
    assert text.startswith("port: somewhere\nagrees        abi.cpu               x86-64  x86-64\n")
    assert "the report is not whole: it stops after 5 lines" in text
    assert "errors.EIO is read -22, not 5\n  in abi.toml: EIO = 22\n" in text
    assert "sleep is -4, not 0\n  see the ledger's call, or the kernel\n" in text
    assert text.endswith("4 facts: 1 agrees, 2 differs, 1 not reported\n")
    assert result.status == 1


def test_the_exit_status(tmp_path: Path) -> None:
    assert Result("port", "x", ROWS[:1], {"agrees": 1}).status == 0
    assert Result("port", "x", ROWS[3:], {"not-reported": 1}).status == 2
    assert Result("port", "x", ROWS[:1], {"agrees": 1}, "it stops").status == 2
    emitted = Result("port", "nowhere", (), {}, emitted=Path("out"))
    assert emitted.status == 0 and "wrote out" in shown(emitted, tmp_path)
