"""`portwright record` of scripts: what a shell opens for the programs that it starts is theirs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import PortwrightError
from portwright.build import tracing
from portwright.derive import recording as recordings
from portwright.derive.recording import Recording

SHELLS = ("dash", "bash")
"""The first opens files before it starts the program, the other in the child."""


@pytest.fixture(scope="module", autouse=True)
def recorder() -> None:
    """The native recorder; skips where it cannot be compiled or may not trace."""
    try:
        why = tracing.why_not_traced(tracing.recorder())
    except PortwrightError as error:
        why = error.faults[0].what
    if why or shutil.which("cc") is None:
        pytest.skip(f"record: {why or 'there is no `cc` on this machine'}")


class Script:
    """A script that is recorded and replayed in a folder of sources."""

    def __init__(self, place: Path, portwright: Callable[..., Any]) -> None:
        self.portwright, self.place = portwright, place
        self.folder = place / "src"
        self.folder.mkdir()

    def record(self, shell: str, *lines: str) -> Recording:
        if shutil.which(shell) is None:
            pytest.skip(f"record: there is no `{shell}` on this machine")
        (self.folder / "build.sh").write_text("\n".join(lines) + "\n")
        words = ("record", "-o", self.place / "r.json", "--", shell, "build.sh")
        done = self.portwright(*words, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return recordings.from_json((self.place / "r.json").read_text())

    def replay(self, *options: str) -> Path:
        out = self.place / "o"
        shutil.rmtree(out, ignore_errors=True)
        done = self.portwright("replay", *options, self.place / "r.json", "-o", out, cwd=self.place)
        assert done.returncode == 0, done.stdout + done.stderr
        return out


@pytest.fixture
def script(tmp_path: Path, portwright: Callable[..., Any]) -> Script:
    return Script(tmp_path, portwright)


def impurities(recording: Recording) -> set[str]:
    return {one.what for seen in recording.seen.values() for one in seen.impurities} | {
        one.what for one in recording.impurities
    }


@pytest.mark.parametrize("shell", SHELLS)
def test_what_a_program_prints_into_a_file_is_its_output(script: Script, shell: str) -> None:
    (script.folder / "m.c").write_text("int m = 0;\n")
    recording = script.record(shell, "sed s/0/7/ m.c > gen.c", "cc -c gen.c -o m.o")
    steps = {step.name: step for step in recording.plan.steps}
    sed = next(step for step in steps.values() if step.argv[0].endswith("/sed"))
    assert (sed.outputs, sed.stdout) == (("$SRC/gen.c",), "$SRC/gen.c")
    assert {row.step for row in steps["cc-m.o"].inputs if row.path == "$SRC/gen.c"} == {sed.name}
    assert len(steps) == 2 and impurities(recording) == set()
    (script.folder / "m.c").write_text("int m = 0; int n = 5;\n")
    out = script.replay("--update")
    assert next(out.rglob("gen.c")).read_text() == "int m = 7; int n = 5;\n"
    assert b"n\0" in next(out.rglob("m.o")).read_bytes()


@pytest.mark.parametrize("shell", SHELLS)
def test_files_that_are_appended_to_errors_and_what_is_read(script: Script, shell: str) -> None:
    (script.folder / "a").write_text("one\n")
    (script.folder / "b").write_text("two\n")
    recording = script.record(
        shell,
        "cat a > all",
        "cat b >> all",
        "tr a-z A-Z < all > big",
        "sed -n 'w /dev/stderr' a 2> told",
        "sed 'w /dev/stderr' b >> big 2>&1",
        "sed 'w /dev/stderr' a > both 2> told2",
    )
    assert impurities(recording) == set()
    expected = {name: (script.folder / name).read_text() for name in ("all", "big", "told", "both", "told2")}
    assert expected["all"] == "one\ntwo\n" and expected["big"] == "ONE\nTWO\ntwo\ntwo\n"
    out = script.replay()
    assert {name: next(out.rglob(name)).read_text() for name in expected} == expected
    (script.folder / "a").write_text("three\n")
    assert next(script.replay("--update").rglob("big")).read_text() == "THREE\nTWO\ntwo\ntwo\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_one_name_twice_and_several_programs_into_one_file(script: Script, shell: str) -> None:
    (script.folder / "a").write_text("one\n")
    recording = script.record(
        shell, "cat a > x", "cat x > y", "sed s/o/0/ a > x", "cat x > z", "{ cat a; cat y; } > w"
    )
    assert impurities(recording) == set()
    expected = {name: (script.folder / name).read_text() for name in "xyzw"}
    assert expected == {"x": "0ne\n", "y": "one\n", "z": "0ne\n", "w": "one\none\n"}
    out = script.replay()
    assert {name: next(out.rglob(name)).read_text() for name in "yzw"} == {
        name: expected[name] for name in "yzw"
    }


@pytest.mark.parametrize("shell", SHELLS)
def test_a_pipe_between_steps_is_told(script: Script, shell: str) -> None:
    (script.folder / "inner.sh").write_text("cat a | sed s/o/0/ > b\ncc -c m.c\nmake -v > /dev/null\n")
    (script.folder / "a").write_text("one\n")
    (script.folder / "m.c").write_text("int m;\n")
    recording = script.record(shell, f"{shell} inner.sh", "make -f /dev/null -s nothing || true")
    assert any("pipe" in what for what in impurities(recording)) or any(
        "b" in {name.rsplit("/", 1)[-1] for name in step.outputs} and step.type == "shell"
        for step in recording.plan.steps
    )


def test_a_log_of_all_is_no_steps_output(script: Script) -> None:
    """`make > log`: what make starts has inherited the stream."""
    (script.folder / "Makefile").write_text("all: a.o b.o\n%.o: %.c\n\tcc -c $<\n")
    for name in "ab":
        (script.folder / f"{name}.c").write_text("int x;\n")
    recording = script.record("dash", "make > log 2>&1")
    assert {step.name: step.outputs for step in recording.plan.steps if step.kind == "tool"} == {
        "cc-a": ("$SRC/a.o",),
        "cc-b": ("$SRC/b.o",),
    }
    assert impurities(recording) == set()
