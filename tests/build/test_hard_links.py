"""Files with several names: what is written through one of them is in all of them, as on a real disk."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from log_maker import LogMaker
from portwright.derive.recording import Recording


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Disk:
    """Does on a real disk what it tells to a log."""

    def __init__(self, log: LogMaker) -> None:
        self.log = log

    def append(self, pid: int, name: str, text: str, *, anew: bool = False) -> None:
        place = self.log.folder / name
        there = place.exists()
        with place.open("w" if anew else "a") as file:
            file.write(text)
        mode = "w" if anew or not there else "a"
        self.log.write(pid, name, place.read_text(), mode=mode, keep=False)

    def link(self, pid: int, old: str, new: str) -> None:
        os.link(self.log.folder / old, self.log.folder / new)
        self.log.move(pid, old, new, "link")

    def rename(self, pid: int, old: str, new: str) -> None:
        (self.log.folder / old).rename(self.log.folder / new)
        self.log.move(pid, old, new)

    def unlink(self, pid: int, name: str) -> None:
        (self.log.folder / name).unlink()
        self.log.change(pid, "unlink", name)


@pytest.fixture
def log(tmp_path: Path) -> LogMaker:
    return LogMaker(tmp_path)


def last(recording: Recording) -> dict[str, str]:
    """The digest of every file as the plan's steps leave it, one after the other."""
    return {
        row.path.removeprefix("$SRC/"): row.digest
        for step in recording.plan.steps
        for row in recording.seen[step.name].outputs
    }


def test_one_step_links_and_writes(log: LogMaker) -> None:
    """`cp m x; ln x y; echo z >> y`: both hold what was appended."""
    disk = Disk(log)
    log.lay("m", "m")
    make = log.start(None, "make")
    sh = log.start(make, "sh", "-c", "cp m x; ln x y; echo z >> y")
    cp = log.start(sh, "cp", "m", "x")
    log.read(cp, "m")
    disk.append(cp, "x", "m")
    log.exit(cp)
    ln = log.start(sh, "ln", "x", "y")
    disk.link(ln, "x", "y")
    log.exit(ln)
    disk.append(sh, "y", "z")
    log.exit(sh)
    log.exit(make)
    log.end()
    recording = log.result().recording
    (step,) = recording.plan.steps
    assert step.outputs == ("$SRC/x", "$SRC/y")
    assert last(recording) == {"x": sha("mz"), "y": sha("mz")}


def test_another_step_writes_through_a_link_of_the_drivers(log: LogMaker) -> None:
    """cargo links deps/app as app, `strip` writes into app: deps/app is a copy of that from then on."""
    disk = Disk(log)
    log.lay("a.rs", "a")
    cargo = log.start(None, "cargo", "build")
    rustc = log.start(cargo, "rustc", "a.rs", "-o", "deps-app")
    log.read(rustc, "a.rs")
    disk.append(rustc, "deps-app", "whole")
    log.exit(rustc)
    disk.link(cargo, "deps-app", "app")
    strip = log.start(cargo, "strip", "app")
    disk.append(strip, "app", "less", anew=True)
    log.exit(strip)
    reader = log.start(cargo, "gen", "deps-app")
    log.read(reader, "deps-app")
    log.write(reader, "made", "made")
    log.exit(reader)
    log.exit(cargo)
    log.end()
    recording = log.result().recording
    by_name = {step.name: step for step in recording.plan.steps}
    (row,) = [row for row in by_name["program-gen"].inputs if row.kind == "file"]
    assert (row.path, row.digest) == ("$SRC/deps-app", sha("less"))
    assert by_name[row.step].kind == "files" and by_name[row.step].needs == ("binutils-app",)
    assert by_name["binutils-app"].outputs == ("$SRC/app",), "alone it finds no other name of it"
    assert last(recording)["deps-app"] == last(recording)["app"] == sha("less")
    assert not any("its own outputs" in impurity.what for impurity in recording.impurities)


def test_a_rename_onto_another_name_of_the_same_file_does_nothing(log: LogMaker) -> None:
    disk = Disk(log)
    make = log.start(None, "make")
    sh = log.start(make, "gen")
    disk.append(sh, "x", "x")
    disk.link(sh, "x", "y")
    disk.rename(sh, "x", "y")
    log.exit(sh)
    log.exit(make)
    log.end()
    assert last(log.result().recording) == {"x": sha("x"), "y": sha("x")}


def test_what_was_read_before_is_what_it_was(log: LogMaker) -> None:
    """A reader of one name, then a writer through the other: the reader's input keeps its hash."""
    disk = Disk(log)
    make = log.start(None, "make")
    first = log.start(make, "gen", "one")
    disk.append(first, "x", "old")
    disk.link(first, "x", "y")
    log.exit(first)
    reader = log.start(make, "gen", "two")
    log.read(reader, "y")
    log.write(reader, "made", "made")
    log.exit(reader)
    writer = log.start(make, "gen", "three")
    disk.append(writer, "x", "new")
    log.exit(writer)
    log.exit(make)
    log.end()
    recording = log.result().recording
    made = [step for step in recording.plan.steps if "$SRC/made" in step.outputs]
    (row,) = [row for row in made[0].inputs if row.kind == "file"]
    assert (row.path, row.digest) == ("$SRC/y", sha("old"))
    assert last(recording)["x"] == last(recording)["y"] == sha("oldnew")


def test_a_name_that_is_written_anew_is_there_as_it_was_written_last(log: LogMaker) -> None:
    """Two steps that do not need each other: the later one stands later in the plan."""
    make = log.start(None, "make")
    for program, content in (("zeta", "old"), ("alpha", "new")):
        step = log.start(make, program)
        log.write(step, "made", content)
        log.exit(step)
    log.exit(make)
    log.end()
    recording = log.result().recording
    assert [step.name for step in recording.plan.steps] == ["program-zeta", "program-alpha"]
    assert not any(step.needs for step in recording.plan.steps)


NAMES = ("a", "b", "c", "d")
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(("append", "anew", "link", "rename", "unlink", "next")),
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
    ),
    max_size=25,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(deeds=DEEDS)
def test_every_name_holds_at_the_end_what_it_holds_on_the_disk(
    deeds: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = LogMaker(tmp_path_factory.mktemp("links"))
    disk = Disk(log)
    make = log.start(None, "make")
    step = log.start(make, "gen", "0")
    for at, (deed, one, other) in enumerate(deeds, 1):
        there = (log.folder / one).exists()
        if deed in ("append", "anew"):
            disk.append(step, one, f"{at}.", anew=deed == "anew")
        elif deed == "next":
            log.exit(step)
            step = log.start(make, "gen", str(at))
        elif deed == "unlink" and there:
            disk.unlink(step, one)
        elif deed == "rename" and there and one != other:
            disk.rename(step, one, other)
        elif deed == "link" and there and not (log.folder / other).exists():
            disk.link(step, one, other)
    log.exit(step)
    log.exit(make)
    log.end()
    recording = log.result().recording
    found = last(recording)
    for place in log.folder.iterdir():
        assert found[place.name] == sha(place.read_text()), place.name


def test_two_steps_outputs_change_their_names_with_one_another(log: LogMaker) -> None:
    """renameat2 with RENAME_EXCHANGE: each name holds what the other held."""
    disk = Disk(log)
    make = log.start(None, "make")
    for name in ("x", "y"):
        step = log.start(make, "gen", name)
        disk.append(step, name, f"of {name}")
        log.exit(step)
    swap = log.start(make, "swap")
    log.move(swap, "x", "y", "exchange")
    log.exit(swap)
    log.exit(make)
    log.end()
    recording = log.result().recording
    swapped = next(step for step in recording.plan.steps if step.argv[0].endswith("swap"))
    assert {row.path: row.digest for row in swapped.inputs if row.kind == "file"} == {
        "$SRC/x": sha("of x"),
        "$SRC/y": sha("of y"),
    }
    assert {row.path: row.digest for row in recording.seen[swapped.name].outputs} == {
        "$SRC/x": sha("of y"),
        "$SRC/y": sha("of x"),
    }
