"""A plan's first build begins as a copy of another's of the same target: what is taken over, what is not, and whether
the result is the one that is built from nothing."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.base import files
from portwright.base.errors import PortwrightError, StepFailed
from portwright.base.events import Begun, Event, Note
from portwright.base.hashing import hash_tree
from portwright.build import executor, seeding
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
    "reason",
    [
        "another compiler",
        "unfinished",
        "an unfinished view",
        "another environment",
        "another length",
        "there already",
    ],
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
    elif reason == "an unfinished view":
        text = (records / "view.json").read_text().replace('"done": true', '"done": false')
        (records / "view.json").write_text(text)
    elif reason == "another environment":
        more["env"] = {"CARGO_PROFILE_RELEASE_OPT_LEVEL": "0"}
    elif reason == "another length":
        name = f"{TWO}0"
    elif reason == "there already":
        (one.parent.parent / TWO / "std").mkdir(parents=True)
    assert not (build(plan(name, **more)) / "began").exists()


def test_a_view_that_was_brought_up_to_date_since_is_taken_over(fresh_cache: Path) -> None:
    """By the goal `view` alone, say: cargo goes by what changed there."""
    one = build(plan(ONE))
    record = one.parent / "records" / "view.json"
    record.write_text(record.read_text().replace('"key": "', '"key": "0'))
    assert (build(plan(TWO)) / "began").exists()


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


def test_what_is_being_emptied_is_not_taken_over(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other starts over (another spec) while its std is copied: its record is taken back before its files are."""
    one = build(plan(ONE))
    rmtree, copytree = shutil.rmtree, shutil.copytree
    seen: list[str] = []

    def emptied(path: Any, *words: Any, **more: Any) -> None:
        if Path(path) == one:
            seen.append((one.parent / "records" / "std.json").read_text())
        rmtree(path, *words, **more)

    def slow(source: Any, *words: Any, **more: Any) -> Any:
        if source == one and not seen:
            monkeypatch.setattr(shutil, "copytree", copytree)
            build(plan(ONE, start_over="t"))
        return copytree(source, *words, **more)

    monkeypatch.setattr(shutil, "rmtree", emptied)
    monkeypatch.setattr(shutil, "copytree", slow)
    two = build(plan(TWO))
    assert '"done": false' in seen[0] and '"start_over": "s"' in seen[0]
    assert (two / "made").exists() and not (two / "began").exists()


def test_a_record_of_what_was_taken_away_does_not_speak_of_the_copy(fresh_cache: Path) -> None:
    """Somebody removes the folders of a plan; it is begun with another's, and interrupted before it builds."""
    build(plan(ONE))
    two = build(plan(TWO))
    for name in ("std", "view"):
        shutil.rmtree(two.parent / name)
    work = executor.run(plan(TWO), "std")
    while not isinstance(next(work), Begun):
        pass
    work.close()
    assert (build(plan(TWO)) / "began").exists(), "it was taken for built"


def test_a_full_disk_is_told(fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(plan(ONE))
    full = [("a", "b", f"[Errno 28] {os.strerror(errno.ENOSPC)}: 'b'")]
    monkeypatch.setattr(shutil, "copytree", raising(shutil.Error(full)))
    with pytest.raises(PortwrightError, match="No space left"):
        build(plan(TWO))


def raising(error: Exception) -> Callable[..., None]:
    def call(*_: object, **__: object) -> None:
        raise error

    return call


@pytest.mark.parametrize("how", ["ends well", "fails", "its view fails"])
def test_of_two_that_begin_with_nothing_one_waits(fresh_cache: Path, tmp_path: Path, how: str) -> None:
    """For as long as the other's std takes; where that fails, or never begins, it begins with nothing, too."""
    begun, go_on = tmp_path / "begun", tmp_path / "go-on"
    hold = f"touch {begun}; until [ -e {go_on} ]; do sleep 0.02; done"
    if how == "its view fails":
        first = plan(ONE)
        view = dataclasses.replace(first.step("view"), argv=("/bin/sh", "-c", f"{hold}; exit 1"))
        first = dataclasses.replace(first, steps=(view, first.step("std")))
    else:
        first = plan(ONE, argv=("/bin/sh", "-c", f"{hold}; {STD if how == 'ends well' else 'exit 1'}"))
    ended: list[object] = []

    def run_first() -> None:
        try:
            ended.append(build(first))
        except StepFailed as error:
            ended.append(error)

    other = threading.Thread(target=run_first, daemon=True)
    other.start()
    until = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < until:
        time.sleep(0.01)
    work = executor.run(plan(TWO), "std")
    note = next(work)
    assert isinstance(note, Note) and note.text.startswith(f"waiting for std of {fresh_cache}")
    go_on.touch()
    while True:
        try:
            next(work)
        except StopIteration as end:
            two = Path(end.value.out("std"))
            break
    other.join(60)
    assert isinstance(ended[0], StepFailed) == (how != "ends well")
    assert (two / "began").exists() == (how == "ends well")


def test_whoever_takes_very_long_is_not_waited_for(
    fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeding, "PATIENCE", 0.3)
    first = executor.run(plan(ONE), "std")
    while not (isinstance(event := next(first), Begun) and event.part == "std"):
        pass
    assert not (build(plan(TWO)) / "began").exists()
    first.close()


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
