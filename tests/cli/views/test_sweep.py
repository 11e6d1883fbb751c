"""What a person sees of `sweep`: a table, each bad case with the command that repeats it, the count."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from portwright.cli.views.sweep import view
from portwright.jobs.sweep import Result, Row

GOOD = Row("hello", "write", "write=EIO,nth=1,fd=1", "panicked")
BAD = Row("files", "read", "read=EIO,nth=2", "hung", "still running after 20 s", "where it was", 20.0)


def shown(result: Result, tmp_path: Path) -> str:
    with (tmp_path / "shown").open("w") as file:
        view(result, Console(file=file, width=100))
    return (tmp_path / "shown").read_text()


def test_a_bad_case_is_told_with_how_to_see_it_again(tmp_path: Path) -> None:
    counts = {"panicked": 1, "hung": 1}
    text = shown(
        Result("port", "native", 7, 9, (GOOD, BAD), counts, {"time": "it fails by itself"}, 3.5), tmp_path
    )
    assert "port: 2 of 9 cases, engine native, seed 7" in text
    assert "hung: files, read: still running after 20 s\nwhere it was" in text
    assert "portwright run --seed 7 --clock virtual --faults 'read=EIO,nth=2' --trace port files" in text
    assert "not tried: time: it fails by itself" in text
    assert "1 of 2 cases ended well in 3.5 s" in text
    table = [line.split() for line in text.splitlines()[1:5]]
    assert table == [["panicked", "hung"], ["hello", "1", "0"], ["files", "0", "1"], ["in", "all", "1", "1"]]


def test_the_exit_status() -> None:
    def status(*rows: Row, left_out: dict[str, str] | None = None) -> int:
        return Result("port", "native", 7, 9, rows, {}, left_out or {}, 3.5).status

    never = Row("files", "read", "read=EIO,nth=2", "never-struck")
    assert status(GOOD) == 0 and status(GOOD, BAD) == 1
    assert status() == 2 and status(GOOD, left_out={"x": "y"}) == 2 and status(GOOD, never) == 2
