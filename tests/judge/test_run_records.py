"""Records of runs: whole or not at all, a few of each verb, and a run that came to nothing is one too."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import Fault, PortwrightError, StepFailed, fail
from portwright.base.events import Begun, Ended, Event, Note
from portwright.judge import run_records
from portwright.judge.run_records import Record

PORT = "x86_64-unknown-veridian"


@dataclass(frozen=True)
class Arguments:
    port: str
    program: tuple[str, ...] = ()
    kernel: Path | None = None
    kind: bool = False


@dataclass(frozen=True)
class Result:
    status: int
    rows: tuple[str, ...] = ()


def work(result: Result | PortwrightError) -> Generator[Event, None, Result]:
    yield Begun("sysroot")
    yield Ended("sysroot", "built", 0.1)
    if isinstance(result, PortwrightError):
        raise result
    return result


def done(running: Generator[Event, None, Any]) -> tuple[Any, list[Event]]:
    events = []
    while True:
        try:
            events.append(next(running))
        except StopIteration as stop:
            return stop.value, events


def kept() -> list[Record]:
    folder = run_records.folder(run_records.ports.find(PORT), "up")
    records, unread = run_records.read(folder)
    assert unread == 0
    return records


def keep(result: Result | PortwrightError, arguments: Arguments | None = None) -> Any:
    given = arguments or Arguments(PORT)
    return done(run_records.keeping("up", given, work(result), narrows=("program",)))


def test_a_result_is_kept_with_its_options_and_times(fresh_cache: Path) -> None:
    result, events = keep(Result(1, ("a",)), Arguments(PORT, ("a b", "c"), Path("/x/vmlinuz"), kind=True))
    assert result == Result(1, ("a",)) and [type(event) for event in events] == [Begun, Ended]
    [record] = kept()
    assert (record.verb, record.status, record.result) == ("up", 1, {"status": 1, "rows": ["a"]})
    assert record.called == ("--program 'a b'", "--program c", "--kernel vmlinuz", "--kind")
    assert record.narrowed == ("--program 'a b'", "--program c")
    assert record.spans[0].name == "sysroot" and record.at.endswith("Z")


def test_a_run_that_came_to_nothing_is_kept_and_wrong_input_is_not(fresh_cache: Path) -> None:
    with pytest.raises(StepFailed):
        keep(StepFailed([Fault("std does not build")]))
    with pytest.raises(PortwrightError):
        keep(fail("no program `x`"))
    [record] = kept()
    assert (record.status, record.result, record.faults) == (1, None, ("std does not build",))


def test_of_many_the_last_are_kept_the_newest_first(fresh_cache: Path) -> None:
    for number in range(run_records.KEPT + 5):
        keep(Result(0, (str(number),)))
    records = kept()
    assert len(records) == run_records.KEPT
    assert records[0].result is not None
    assert records[0].result["rows"] == [str(run_records.KEPT + 4)]


def test_several_at_once_lose_nothing(fresh_cache: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: keep(Result(0, (str(number),))), range(20)))
    found = {record.result["rows"][0] for record in kept() if record.result}
    assert len(found) == 20


def test_a_huge_result_is_cut(fresh_cache: Path) -> None:
    keep(Result(0, tuple("x" * 100_000 for _ in range(3000))))
    folder = run_records.folder(run_records.ports.find(PORT), "up")
    [path] = folder.glob("*.json")
    assert path.stat().st_size < run_records.MOST * 1.1
    assert "left out" in kept()[0].result["rows"][0]  # type: ignore[index]


def test_where_nothing_can_be_kept_the_verdict_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("PORTWRIGHT_CACHE", str(file))
    result, events = keep(Result(0))
    assert result == Result(0)
    assert isinstance(events[-1], Note) and events[-1].level == "warning"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 99}', '{"format": 1}', "\udc80"])
def test_what_is_no_record_is_counted(tmp_path: Path, text: str) -> None:
    (tmp_path / "1.json").write_text(text, errors="surrogateescape")
    assert run_records.read(tmp_path) == ([], 1)


def test_what_a_machine_says_comes_back_visible(tmp_path: Path) -> None:
    run_records.write(tmp_path, Record("up", "2026", 0, result={"x": "\x1b[1m\x00\udc80"}))
    assert run_records.read(tmp_path)[0][0].result == {"x": "\\x00\\udc80"}


def test_the_same_name_in_another_folder_is_another_port(fresh_cache: Path, tmp_path: Path) -> None:
    bundled = run_records.ports.find(PORT)
    ours, theirs = (run_records.folder(place, "up") for place in (bundled, tmp_path / PORT))
    assert ours != theirs and ours.parent.name == PORT
    assert os.path.commonpath([ours, fresh_cache]) == str(fresh_cache)


def test_a_killed_writer_leaves_nothing_that_counts(tmp_path: Path) -> None:
    run_records.write(tmp_path, Record("up", "2026", 0))
    (tmp_path / ".1.json.abc").write_text(json.dumps({"half": 1})[:5])
    assert [record.at for record in run_records.read(tmp_path)[0]] == ["2026"]
