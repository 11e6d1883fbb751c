"""Replays that go wrong: steps that fail, contents that are lost, damaged or touched, and a killed replay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from portwright.base.errors import BadInput
from recording_maker import Maker
from replayed_builds import outcomes, ran, replayed

pytestmark = pytest.mark.usefixtures("fresh_cache")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_a_step_that_was_recorded_failing_is_the_same_when_it_fails(folder: Path) -> None:
    maker = Maker(folder)
    maker.run("sh", "-c", "echo part > $OUT/a; exit 3", outputs=["$OUT/a"])
    rows = replayed(maker.save(folder / "r.json"))
    assert outcomes(rows) == {"same"}


def test_what_is_kept_has_the_status_with_which_it_ended(folder: Path) -> None:
    """A second recording of the same command says another one: what was kept is no proof of that."""
    maker = Maker(folder)
    step = maker.run("sh", "-c", "echo part > $OUT/a; exit 3", outputs=["$OUT/a"])
    assert outcomes(replayed(maker.save(folder / "r.json"))) == {"same"}
    maker.seen[step.name] = replace(maker.seen[step.name], status=0)
    rows = replayed(maker.save(folder / "r2.json"))
    assert outcomes(rows) == {"failed"} and rows[step.name].status == 3


def test_what_needs_a_lost_output_does_not_begin(folder: Path) -> None:
    maker = Maker(folder)
    one = maker.run("sh", "-c", "echo a > $OUT/a", outputs=["$OUT/a"], name="one")
    maker.run("cp", "$OUT/a", "$OUT/b", inputs=["$OUT/a"], outputs=["$OUT/b"], name="two")
    maker.run("cp", "$OUT/b", "$OUT/c", inputs=["$OUT/b"], outputs=["$OUT/c"], name="three")
    maker.run("sh", "-c", "echo d > $OUT/d", outputs=["$OUT/d"], name="four")
    maker.steps[0] = replace(one, argv=("sh", "-c", "exit 1"))
    rows = replayed(maker.save(folder / "r.json"))
    assert {name: row.outcome for name, row in rows.items()} == {
        "one": "failed",
        "two": "blocked",
        "three": "blocked",
        "four": "same",
    }
    assert rows["two"].inputs == {"$OUT/a": "one"}


def test_a_step_that_writes_into_its_input_does_no_harm(folder: Path) -> None:
    """It is named, the source stays as it is, and so does what other steps are given."""
    maker = Maker(folder)
    maker.write("$SRC/a", "a")
    maker.run(
        "sh", "-c", "echo b >> $SRC/a; cp $SRC/a $OUT/b", inputs=["$SRC/a"], outputs=["$OUT/b"], name="one"
    )
    maker.write("$SRC/a", "a")
    maker.run(
        "sh", "-c", "cat $SRC/a > $OUT/c", inputs=["$SRC/a"], outputs=["$OUT/c"], name="two", after=["one"]
    )
    rows = replayed(maker.save(folder / "r.json"))
    assert rows["one"].strays == ("$SRC/a",) and outcomes(rows) == {"same"}
    assert maker.path("$SRC/a").read_text() == "a"


def test_contents_that_somebody_removed_are_made_again(folder: Path, fresh_cache: Path) -> None:
    maker = Maker(folder)
    maker.write("$SRC/a", "a")
    maker.run("cp", "$SRC/a", "$OUT/b", inputs=["$SRC/a"], outputs=["$OUT/b"])
    maker.run("sh", "-c", "cat $OUT/b $OUT/b > $OUT/c", inputs=["$OUT/b"], outputs=["$OUT/c"], name="two")
    file = maker.save(folder / "r.json")
    replayed(file)
    for path in (fresh_cache / "replays").rglob("contents/*/*"):
        path.unlink()
    assert len(ran(replayed(file))) == 2
    assert not ran(replayed(file, folder / "got")) and (folder / "got" / "c").read_text() == "aa"


def test_contents_beside_the_recording(folder: Path) -> None:
    """A driver's large or binary file, and a source that a step wrote over."""
    maker = Maker(folder)
    maker.write("$SRC/a", "old")
    old = maker.run(
        "sh", "-c", "echo new > $SRC/a; echo b > $OUT/b", inputs=["$SRC/a"], outputs=["$SRC/a", "$OUT/b"]
    )
    maker.text("$OUT/big", "much")
    digests = [old.inputs[0].digest, maker.seen[maker.steps[-1].name].outputs[0].digest]
    file = maker.save(folder / "r.json")
    maker.texts.clear()
    bare = maker.save(folder / "bare.json")
    with pytest.raises(BadInput) as caught:
        replayed(file)
    assert "wrote over it while it was recorded" in str(caught.value)
    (folder / "bare.json.contents").mkdir()
    for digest, text in zip(digests, ("old", "much"), strict=True):
        (folder / "bare.json.contents" / digest).write_text(text)
    assert outcomes(replayed(bare, folder / "got")) == {"same"}
    assert (folder / "got" / "out" / "big").read_text() == "much"


def test_damaged_contents_beside_the_recording(folder: Path) -> None:
    """They are told at the start, all at once, whether or not a step needs them."""
    maker = Maker(folder)
    maker.text("$OUT/one", "much")
    maker.text("$OUT/two", "more")
    digests = [maker.seen[step.name].outputs[0].digest for step in maker.steps]
    maker.texts.clear()
    file = maker.save(folder / "r.json")
    (folder / "r.json.contents").mkdir()
    for digest in digests:
        (folder / "r.json.contents" / digest).write_text("soon")
    for how in ({}, {"update": True}):
        with pytest.raises(BadInput) as caught:
            replayed(file, **how)
        assert [fault.code for fault in caught.value.faults] == ["replay/content-changed"] * 2
        assert {Path(str(fault.where)).name for fault in caught.value.faults} == set(digests)


def test_a_symlink_that_a_step_makes_is_no_stray(folder: Path) -> None:
    maker = Maker(folder)
    maker.run(
        "sh",
        "-c",
        "cd $OUT; echo a > lib.so.1; ln -s lib.so.1 lib.so; mkdir d; ln -s d e",
        outputs=["$OUT/lib.so.1", "$OUT/lib.so", "$OUT/d", "$OUT/e"],
        name="link",
    )
    rows = replayed(maker.save(folder / "r.json"))
    assert outcomes(rows) == {"same"} and rows["link"].strays == ()


def test_what_lies_behind_a_link_out_of_the_room_is_not_touched(folder: Path) -> None:
    """A recording made by hand: neither its inputs nor its outputs reach what a link in its sources leads to."""
    away = folder / "away"
    away.mkdir()
    (away / "precious").write_text("mine")
    maker = Maker(folder)
    maker.path("$SRC/l").symlink_to(away)
    maker.run("true", inputs=["$SRC/l"], outputs=["$SRC/l/precious"], name="one")
    rows = replayed(maker.save(folder / "r.json"))
    assert outcomes(rows) == {"failed"}
    assert (away / "precious").read_text() == "mine" and len(list(away.iterdir())) == 1


def test_a_killed_replay_goes_on(folder: Path, fresh_cache: Path) -> None:
    maker = Maker(folder)
    maker.run("sh", "-c", "echo a > $OUT/a", outputs=["$OUT/a"], name="quick")
    slow = maker.run("sh", "-c", "sleep 0.01", inputs=["$OUT/a"], name="slow")
    maker.steps[-1] = replace(slow, argv=("sleep", "60"))
    file = maker.save(folder / "r.json")
    argv = [sys.executable, "-m", "portwright", "replay", "-q", str(file)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not list((fresh_cache / "replays").glob("*/rooms/2/.words")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    maker.steps[-1] = replace(slow, argv=("sleep", "0.02"))
    rows = replayed(maker.save(folder / "r.json"), isolation="auto")
    assert ran(rows) == {"slow"} and outcomes(rows) == {"same"}
    assert not list((fresh_cache / "replays").glob("*/rooms/*"))
