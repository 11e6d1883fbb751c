"""`portwright record` and what it must not claim: real builds with hard links, compilers past the wrapper, pipes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.base import namespaces
from portwright.base.errors import PortwrightError
from portwright.build import tracing
from portwright.derive import recording as recordings
from portwright.derive.recording import Recording


@pytest.fixture(scope="module", autouse=True)
def recorder() -> None:
    if not all(map(shutil.which, ("cc", "make"))):
        pytest.skip("record: cc and make are not here")
    try:
        why = tracing.why_not_traced(tracing.recorder())
    except PortwrightError as error:
        why = error.faults[0].what
    if why:
        pytest.skip(f"record: {why}")


@pytest.fixture
def src(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "m.c").write_text("int m(void) { return 0; }\n")
    return folder


@pytest.fixture
def record(src: Path, portwright: Callable[..., Any]) -> Callable[..., tuple[Any, Recording]]:
    def call(*command: str, **how: Any) -> tuple[Any, Recording]:
        done = portwright("record", "-o", src.parent / "r.json", "--", *command, cwd=src, **how)
        assert done.returncode == 0, done.stderr
        return done, recordings.from_json((src.parent / "r.json").read_text())

    return call


def kinds(recording: Recording) -> dict[str, str]:
    return {one.kind: one.what for seen in recording.seen.values() for one in seen.impurities}


def test_a_file_that_is_changed_through_another_name(
    src: Path, record: Any, portwright: Callable[..., Any]
) -> None:
    (src / "Makefile").write_text("y:\n\tcc -c m.c -o m.o; cp m.o x; ln x y; echo z >> y\n")
    record("make")
    assert portwright("replay", src.parent / "r.json").returncode == 0
    done = portwright("emit", src.parent / "r.json", "--to", "sh", "-o", src.parent / "sh", "--verify")
    assert done.returncode == 0 and "4 of 4 outputs" in done.stdout, done.stdout + done.stderr


def test_one_step_changes_what_another_linked(src: Path, record: Any, portwright: Callable[..., Any]) -> None:
    """As cargo links what it then strips; a script that links is a driver here."""
    (src / "b.sh").write_text("cc -c m.c -o m.o\nln m.o n.o\nsh -c 'echo z >> n.o'\ncat m.o > copy\n")
    record("sh", "b.sh")
    done = portwright("replay", src.parent / "r.json", "-o", src.parent / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("m.o", "n.o", "copy"):
        assert (src.parent / "out" / name).read_bytes() == (src / name).read_bytes(), name


def test_a_compiler_past_the_wrapper_is_not_called_portable(
    src: Path, record: Any, portwright: Callable[..., Any]
) -> None:
    (src / "Makefile").write_text(f"m.o:\n\t{shutil.which('cc')} -g -c $(CURDIR)/m.c -o m.o\n")
    done, recording = record("make")
    assert not recording.portable and "portable   no" in done.stderr
    assert "$SRC/m.o holds the folder of $SRC" in kinds(recording)["not-portable"]
    emitted = portwright("emit", src.parent / "r.json", "--to", "nix", "-o", src.parent / "nix")
    assert emitted.returncode == 2 and "`cc-m.o` is not portable" in emitted.stderr
    assert "start the compiler by its name" in emitted.stderr
    again = portwright("replay", src.parent / "r.json")
    if namespaces.refused():
        assert again.returncode == 2 and "start the compiler by its name" in again.stderr
    else:
        assert again.returncode == 0, "at its old places it comes out the same"


def test_one_that_only_may_write_folders_is_noted(
    src: Path, record: Any, portwright: Callable[..., Any]
) -> None:
    (src / "Makefile").write_text(f"m.o:\n\t{shutil.which('cc')} -c m.c -o m.o\n")
    _, recording = record("make")
    assert recording.portable and "was started past the wrapper" in kinds(recording)["not-remapped"]
    done = portwright("emit", src.parent / "r.json", "--to", "sh", "-o", src.parent / "sh", "--verify")
    assert done.returncode == 0 and "cc-m.o is impure (not-remapped)" in done.stderr


def test_a_script_that_one_pipe_makes_one_step_says_so(src: Path, record: Any) -> None:
    (src / "b.sh").write_text("cc -c m.c -o m.o\ncat m.c | tr a b > t.c\ncc -c t.c -o t.o\n")
    _, recording = record("sh", "b.sh")
    assert [step.type for step in recording.plan.steps] == ["files", "shell"]
    assert "4 programs that it starts: all are one step" in kinds(recording)["coarse"]
    (src / "b.sh").write_text("cat m.c | tr a b > t.c\n")
    _, recording = record("sh", "b.sh")
    assert "coarse" not in kinds(recording), "nothing else could have been a step"


def test_a_direct_linker_is_seen_by_both(src: Path, record: Any) -> None:
    if shutil.which("ld") is None:
        pytest.skip("ld: not on this machine")
    (src / "Makefile").write_text("n.o: \n\tcc -c m.c -o m.o\n\tld -r m.o -o n.o\n\tstrip -g n.o\n")
    _, recording = record("make")
    seen = {one.argv[0].rpartition("/")[2]: one.seen_by for one in recording.processes if one.step}
    assert seen["ld"] == seen["strip"] == ("trace", "wrapper")
    (src / "n.o").unlink()
    (src / "Makefile").write_text(f"n.o: \n\tcc -c m.c -o m.o\n\t{shutil.which('ld')} -r m.o -o n.o\n")
    _, recording = record("make")
    assert any("ld was started past the wrapper" in one.what for one in recording.impurities)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--root", "WRAP=/tmp"), "WRAP is the recorder's own"),
        (("--root", "TMP=/usr"), "set TMPDIR"),
        (("--root", "LIB=/no/where/at/all"), "/no/where/at/all: error: it is not there"),
        (("--root", "LIB=/etc/passwd"), "it is no folder"),
        (("--source", "/no/where/at/all"), "it is not there"),
    ],
)
def test_roots_that_cannot_be(
    src: Path, portwright: Callable[..., Any], options: tuple[str, ...], why: str
) -> None:
    done = portwright("record", *options, "-o", src.parent / "r.json", "--", "touch", "made", cwd=src)
    assert done.returncode == 125 and why in done.stderr and not (src / "made").exists()


def test_a_file_that_was_only_looked_for_is_not_noticed(
    src: Path, record: Any, portwright: Callable[..., Any], repo: Path
) -> None:
    """docs/recording.md says so: what is not there is no input."""
    (src / "Makefile").write_text("o:\n\tif test -f local.cfg; then cat local.cfg; fi > o; cat m.c >> o\n")
    record("make")
    assert portwright("replay", src.parent / "r.json").returncode == 0
    (src / "local.cfg").write_text("x\n")
    done = portwright("replay", "--update", "--json", src.parent / "r.json")
    assert done.returncode == 0 and not any(row["ran"] for row in json.loads(done.stdout)["steps"])
    assert "only looked for" in (repo / "docs" / "recording.md").read_text()


def test_a_link_needs_no_wrapper_when_it_runs_again(src: Path, record: Any) -> None:
    """A compiler finds `ld` on PATH by itself: what stands before it while it is recorded is not the step's."""
    (src / "Makefile").write_text("app:\n\tcc -c main.c\n\tcc -o app main.o\n")
    (src / "main.c").write_text("int main(void) { return 0; }\n")
    _, recording = record("make")
    assert [step.name for step in recording.plan.steps] == ["cc-main", "cc-app"]
    assert "WRAP" not in recording.plan.step("cc-app").env["PATH"]
