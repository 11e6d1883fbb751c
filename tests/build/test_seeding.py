"""A plan's first build begins as a copy of another's of the same target: what is taken over, what is not, and whether
the result is the one that is built from nothing."""

from __future__ import annotations

import dataclasses
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.base import files
from portwright.base.errors import StepFailed
from portwright.base.events import Event, Note
from portwright.base.hashing import hash_tree
from portwright.build import executor
from portwright.derive.plan import Plan, Step

ONE, TWO = "x-y-z-00000001", "x-y-z-00000002"
# Like cargo, it keeps the absolute names of what it was made from, and says what it found when it began.
STD = 'if test -e list; then echo found > began; cp list was; fi; pwd > list; touch -d "2020-01-01" list; touch made'


def plan(identity: str, **more: Any) -> Plan:
    view = Step(
        "view",
        ("/bin/sh", "-c", "touch ours; ln -sf /dev/null link"),
        "",
        outputs=("ours",),
        place="view",
    )
    std = Step(
        "std",
        ("/bin/sh", "-c", STD),
        "",
        needs=("view",),
        outputs=("made",),
        place="std",
        start_over="s",
    )
    return Plan("x-y-z", (view, dataclasses.replace(std, **more)), {}, identity)


def build(made: Plan) -> Path:
    work = executor.run(made, "std")
    seen: list[Event] = []
    while True:
        try:
            seen.append(next(work))
        except StopIteration as end:
            return Path(end.value.out("std"))


def test_what_lies_there_is_begun_with_and_its_names_are_the_new_ones(fresh_cache: Path) -> None:
    one = build(plan(ONE))
    two = build(plan(TWO))
    assert not (one / "began").exists() and (two / "began").exists()
    assert (two / "was").read_text() == (two / "list").read_text() == f"{two}\n"
    assert (one / "list").read_text() == f"{one}\n", "the other plan's folder was changed"
    assert (two.parent / "view" / "link").is_symlink()


def test_times_stay_by_which_cargo_goes(fresh_cache: Path) -> None:
    one = build(plan(ONE))
    two = build(plan(TWO, argv=("/bin/true",)))
    assert (two / "list").read_text() == f"{two}\n"
    assert (two / "list").stat().st_mtime_ns == (one / "list").stat().st_mtime_ns
    assert (two / "list").stat().st_mtime < 1_600_000_000


@pytest.mark.parametrize(
    "reason", ["another compiler", "unfinished", "another view", "another length", "there already"]
)
def test_nothing_is_taken_over_that_may_be_wrong(fresh_cache: Path, reason: str) -> None:
    one = build(plan(ONE))
    records = one.parent / "records"
    more: dict[str, Any] = {}
    name = TWO
    if reason == "another compiler":
        more["start_over"] = "t"
    elif reason == "unfinished":
        text = (records / "std.json").read_text().replace('"done": true', '"done": false')
        (records / "std.json").write_text(text)
    elif reason == "another view":
        text = (records / "view.json").read_text().replace('"key": "', '"key": "0')
        (records / "view.json").write_text(text)
    elif reason == "another length":
        name = f"{TWO}0"
    elif reason == "there already":
        (one.parent.parent / TWO / "std").mkdir(parents=True)
    assert not (build(plan(name, **more)) / "began").exists()


def test_who_works_there_now_is_not_waited_for(fresh_cache: Path) -> None:
    """Its std is done, and it may be at its programs for long."""
    one = build(plan(ONE))
    with files.lock(one.parent / "lock"):
        assert (build(plan(TWO)) / "began").exists()


def test_what_changes_while_it_is_copied_is_not_taken_over(
    fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = build(plan(ONE))
    record, copytree = one.parent / "records" / "std.json", shutil.copytree

    def slow(*words: Any, **more: Any) -> Any:
        record.write_text(record.read_text().replace('"done": true', '"done": false'))
        return copytree(*words, **more)

    monkeypatch.setattr(shutil, "copytree", slow)
    two = build(plan(TWO))
    assert (two / "made").exists() and not (two / "began").exists()


@pytest.mark.parametrize("fails", [False, True])
def test_of_two_that_begin_with_nothing_one_waits(fresh_cache: Path, tmp_path: Path, fails: bool) -> None:
    """For as long as the other's std takes; where that fails it begins with nothing, as the other did."""
    begun, go_on = tmp_path / "begun", tmp_path / "go-on"
    os.mkfifo(go_on)
    slow = f"touch {begun}; cat {go_on}; {'exit 1' if fails else STD}"
    ended: list[object] = []

    def first() -> None:
        try:
            ended.append(build(plan(ONE, argv=("/bin/sh", "-c", slow))))
        except StepFailed as error:
            ended.append(error)

    other = threading.Thread(target=first)
    other.start()
    while not begun.exists():
        time.sleep(0.01)
    work = executor.run(plan(TWO), "std")
    notes = [next(work)]
    assert isinstance(notes[0], Note) and "waiting" in notes[0].text
    go_on.write_text("")
    while True:
        try:
            next(work)
        except StopIteration as end:
            two = Path(end.value.out("std"))
            break
    other.join()
    assert isinstance(ended[0], StepFailed) == fails
    assert (two / "began").exists() != fails


@pytest.mark.e2e
def test_the_sysroot_is_that_of_a_build_from_nothing(
    tmp_path: Path, toolchain: object, portwright: Callable[..., Any]
) -> None:
    """VeridianOS has two ledgers; the second is begun with the first one's std, or is not."""
    found = {}
    for name, ledgers in {
        "seeded": ([], ["--ledger", "document"]),
        "fresh": (["--ledger", "document"],),
    }.items():
        env = {"PORTWRIGHT_CACHE": str(tmp_path / name)}
        for words in ledgers:
            done = portwright(
                "build", "x86_64-unknown-veridian", "sysroot", *words, "-v", env=env, timeout=900
            )
            assert done.returncode == 0, done.stderr
            begun = "begun as a copy of" in done.stderr
        assert begun == (name == "seeded")
        folder = max((tmp_path / name / "steps").glob("sysroot-*"), key=lambda path: path.stat().st_mtime)
        found[name] = hash_tree(folder / "lib", remember=False)
    assert found["seeded"] == found["fresh"]
