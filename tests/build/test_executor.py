"""The executor with plans of shell commands: what runs, what does not, and what a kill leaves behind."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portwright.base.errors import PortwrightError, StepFailed
from portwright.base.events import Advanced, Begun, Ended, Event, Note
from portwright.build import executor
from portwright.build.executor import Done, Settings
from portwright.derive.plan import Input, Plan, Step

DRIVER = """
import sys
from pathlib import Path
from portwright.build import executor
from portwright.derive.plan import from_json
work = executor.run(from_json(Path(sys.argv[1]).read_text()), sys.argv[2])
while True:
    try:
        print(next(work), flush=True)
    except StopIteration as end:
        print("ran", *end.value.ran, flush=True)
        break
"""


def shell(name: str, script: str, *needs: str, **more: object) -> Step:
    """A step that runs a shell script; it makes the file `made` unless told otherwise."""
    step = Step(name, ("/bin/sh", "-euc", script), f"test {name}", needs=needs, outputs=("made",), place=name)
    return dataclasses.replace(step, **more)  # type: ignore[arg-type]


def plan(*steps: Step) -> Plan:
    return Plan("x-y-z", steps, {"note.txt": "a text\n"}, "x-y-z-1")


def drive(made: Plan, goal: str, jobs: int = 2) -> tuple[Done, list[Event]]:
    """Run to the end; the result and the events."""
    work = executor.run(made, goal, Settings(jobs))
    events: list[Event] = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as end:
            return end.value, events


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file to which steps write that they ran."""
    path = tmp_path / "log"
    path.touch()
    return path


def chain(log: Path, first: str = "1") -> Plan:
    """a -> b -> c, each writing what the one before made, and a line to the log."""
    return plan(
        shell("a", f"echo a >>{log}; cat {{texts}}/note.txt >{{out}}/made", inputs=(Input("i", "", first),)),
        shell("b", f"echo b >>{log}; cat {{a}}/made {{a}}/made >{{out}}/made", "a"),
        shell("c", f"echo c >>{log}; cat {{b}}/made >{{out}}/made", "b", place=""),
        Step("all", (), "a name for c", needs=("c",)),
    )


def test_each_step_runs_once_and_nothing_runs_when_nothing_changed(fresh_cache: Path, log: Path) -> None:
    done, events = drive(chain(log), "all")
    assert done.ran == ("a", "b", "c")
    assert (done.out("c") / "made").read_text() == "a text\na text\n"
    assert [e.part for e in events if isinstance(e, Begun)] == ["a", "b", "c"]
    assert [(e.part, e.outcome) for e in events if isinstance(e, Ended)] == [(s, "built") for s in "abc"]
    before = {path: path.stat().st_mtime_ns for path in fresh_cache.rglob("*")}
    again, quiet = drive(chain(log), "all")
    assert (again.ran, quiet) == ((), [])
    assert log.read_text().split() == ["a", "b", "c"]
    assert {path: path.stat().st_mtime_ns for path in fresh_cache.rglob("*")} == before


def test_a_change_runs_what_depends_on_it_and_going_back_finds_the_old_output(
    fresh_cache: Path, log: Path
) -> None:
    drive(chain(log, "1"), "all")
    assert drive(chain(log, "2"), "b")[0].ran == ("a", "b")
    # c for "1" is still there under its key: what it needs is not even asked.
    assert drive(chain(log, "1"), "c")[0].ran == ()
    assert drive(chain(log, "2"), "c")[0].ran == ("c",)
    # a and b are updated in place and now right for "2" only.
    assert drive(chain(log, "1"), "b")[0].ran == ("a", "b")


def test_an_output_that_was_taken_away_is_made_again(fresh_cache: Path, log: Path) -> None:
    done, _ = drive(chain(log), "all")
    (done.out("b") / "made").unlink()
    assert drive(chain(log), "all")[0].ran == ()  # c is whole: nobody needs b
    assert drive(chain(log), "b")[0].ran == ("b",)


def test_a_folder_in_place_keeps_its_content_unless_it_must_start_over(fresh_cache: Path) -> None:
    def grow(digest: str, epoch: str) -> Plan:
        step = shell("g", "echo x >>{out}/made", inputs=(Input("i", "", digest),), start_over=epoch)
        return plan(step)

    for digest, epoch, lines in (("1", "e", 1), ("2", "e", 2), ("3", "f", 1), ("4", "f", 2)):
        done, _ = drive(grow(digest, epoch), "g")
        assert len((done.out("g") / "made").read_text().split()) == lines


def test_a_failed_step_is_told_with_a_command_that_does_the_same(fresh_cache: Path, log: Path) -> None:
    bad = plan(
        shell(
            "bad",
            "sleep 0.3; echo noise >&2; echo 'error: it broke' >&2; echo \"$WORD\" >&2; exit 7",
            env={"WORD": "a b'c"},
        ),
        shell("worse", "echo 'error: this too' >&2; kill -9 $$"),
        shell("good", f"echo good >>{log}; touch {{out}}/made"),
        shell("after", f"echo after >>{log}; touch {{out}}/made", "bad"),
        Step("all", (), "everything", needs=("bad", "worse", "good", "after")),
    )
    with pytest.raises(StepFailed) as caught:
        drive(bad, "all")
    assert caught.value.status == 1
    first, second = caught.value.faults
    assert first.what == "`bad` failed (status 7):\nerror: it broke\na b'c"
    assert second.what == "`worse` failed (signal 9):\nerror: this too"
    assert log.read_text().split() == ["good"], "what does not need the failed step is done, what does is not"
    assert first.hint is not None
    command = first.hint.removeprefix("run it again: ")
    pasted = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (pasted.returncode, pasted.stderr) == (7, "noise\nerror: it broke\na b'c\n")


def test_a_command_that_makes_nothing_has_failed(fresh_cache: Path) -> None:
    with pytest.raises(StepFailed, match="`a` ended well but made no made"):
        drive(plan(shell("a", "true")), "a")


def test_what_a_command_prints_is_its_output_only_if_it_ends_well(fresh_cache: Path) -> None:
    good = plan(shell("a", "echo printed", outputs=("said",), stdout="said"))
    done, _ = drive(good, "a")
    assert (done.out("a") / "said").read_text() == "printed\n"
    bad = plan(shell("b", "echo half; exit 1", outputs=("said",), stdout="said"))
    with pytest.raises(StepFailed):
        drive(bad, "b")
    assert not (done.store.folder / "b" / "said").exists()


def test_the_callers_environment_does_not_reach_a_step(
    fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "RUSTC_WRAPPER",
        "RUSTUP_TOOLCHAIN",
        "LD_LIBRARY_PATH",
        "OWN",
    ):
        monkeypatch.setenv(name, "from outside")
    step = shell(
        "a", "env >{out}/made", env={"OWN": "of the plan", "PATH": "/first", "LD_LIBRARY_PATH": "/l"}
    )
    step = dataclasses.replace(step, argv=("/bin/sh", "-euc", "/usr/bin/env >{out}/made"))
    done, _ = drive(plan(step), "a", jobs=3)
    seen = dict(line.split("=", 1) for line in (done.out("a") / "made").read_text().splitlines())
    assert "from outside" not in seen.values()
    assert seen["OWN"] == "of the plan"
    assert seen["PATH"] == f"/first{os.pathsep}{os.environ['PATH']}"
    assert seen["LD_LIBRARY_PATH"] == "/l"
    assert seen["CARGO_BUILD_JOBS"] == "3"


def test_cargos_lines_become_progress(fresh_cache: Path) -> None:
    script = "echo '   Compiling core v0.0.0 (x)' >&2; echo '   Compiling alloc v0.0.0' >&2; touch {out}/made"
    _, events = drive(plan(shell("a", script)), "a")
    assert [e for e in events if isinstance(e, Advanced)] == [
        Advanced("a", 1, "core"),
        Advanced("a", 2, "alloc"),
    ]


def test_warnings_of_a_command_that_ends_well_are_there_for_who_asks(fresh_cache: Path) -> None:
    script = "echo 'warning: unused' >&2; echo ' --> a.rs:1' >&2; touch {out}/made"
    _, events = drive(plan(shell("a", script)), "a")
    assert [e for e in events if isinstance(e, Note)] == [Note("warning: unused\n --> a.rs:1", "debug")]


def test_steps_that_do_not_need_each_other_run_at_the_same_time(fresh_cache: Path, tmp_path: Path) -> None:
    # Each waits for the other to begin: one after the other they would never end.
    def meet(own: str, other: str) -> str:
        wait = f"n=0; while [ ! -e {tmp_path}/{other} ]; do sleep 0.01; n=$((n+1)); [ $n -lt 1000 ]; done"
        return f"touch {tmp_path}/{own}; {wait}; touch {{out}}/made"

    both = plan(
        shell("a", meet("a", "b")), shell("b", meet("b", "a")), Step("all", (), "both", needs=("a", "b"))
    )
    assert drive(both, "all")[0].ran == ("a", "b")


def test_too_little_room_is_said_before_anything_runs(fresh_cache: Path, log: Path) -> None:
    big = plan(shell("a", f"echo a >>{log}; touch {{out}}/made", room=10**18))
    with pytest.raises(PortwrightError, match="needs about 1,000,000,000,000 MB of disk") as caught:
        drive(big, "a")
    assert "PORTWRIGHT_CACHE" in (caught.value.faults[0].hint or "")
    assert log.read_text() == ""


def test_outputs_of_old_keys_do_not_pile_up(fresh_cache: Path) -> None:
    def numbered(n: int) -> Plan:
        return plan(shell("a", "touch {out}/made", inputs=(Input("i", "", str(n)),), place=""))

    for n in range(6):
        drive(numbered(n), "a")
    assert len(list((fresh_cache / "steps").iterdir())) == 3
    assert drive(numbered(5), "a")[0].ran == drive(numbered(3), "a")[0].ran == ()
    assert drive(numbered(2), "a")[0].ran == ("a",)


def test_crates_that_were_run_once_do_not_pile_up(fresh_cache: Path) -> None:
    own = shell("own", "touch {out}/made", place="crates/own")
    for n in range(105):
        folder = fresh_cache / "ports" / "x-y-z-1" / "crates" / f"c{n}"
        folder.mkdir(parents=True)
        os.utime(folder, (1000 + n, 1000 + n))
    done, _ = drive(plan(own), "own")
    left = {path.name for path in (done.store.folder / "crates").iterdir()}
    assert left == {"own", *(f"c{n}" for n in range(5, 105))}


Spawn = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def spawn(fresh_cache: Path, tmp_path: Path) -> Spawn:
    """Runs a plan's goal in a process of its own."""

    def start(made: Plan, goal: str) -> subprocess.Popen[str]:
        file = tmp_path / "plan.json"
        file.write_text(made.to_json())
        argv = [sys.executable, "-c", DRIVER, str(file), goal]
        return subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_own_env()
        )

    return start


def _own_env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(executor.__file__).parents[2])}


def _gone(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def _wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_ctrl_c_ends_the_children_and_the_next_run_goes_on(spawn: Spawn, tmp_path: Path, log: Path) -> None:
    pids = tmp_path / "pids"
    slow = plan(
        shell("a", f"echo a >>{log}; touch {{out}}/made"),
        shell("b", f"echo $$ >>{pids}; [ -e {tmp_path}/quick ] || {{ sleep 60 & echo $! >>{pids}; wait; }}; "
              "touch {out}/made", "a"),
    )  # fmt: skip
    process = spawn(slow, "b")
    _wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    _wait_for(lambda: all(_gone(int(pid)) for pid in pids.read_text().split()))
    (tmp_path / "quick").touch()
    out, err = spawn(slow, "b").communicate(timeout=20)
    assert out.splitlines()[-1] == "ran b", err
    assert log.read_text().split() == ["a"]


def test_the_run_after_a_kill_waits_for_what_the_killed_one_left_running(
    spawn: Spawn, tmp_path: Path, log: Path
) -> None:
    made = plan(shell("a", f"echo begin >>{log}; sleep 1; echo end >>{log}; touch {{out}}/made"))
    process = spawn(made, "a")
    _wait_for(lambda: "begin" in log.read_text())
    process.kill()
    process.communicate()
    out, err = spawn(made, "a").communicate(timeout=20)
    assert log.read_text().split() == ["begin", "end", "begin", "end"], "two at once in one folder"
    assert "waiting for another run" in out, err


def test_two_runs_at_once_do_each_step_once(spawn: Spawn, log: Path) -> None:
    made = plan(
        *(
            shell(n, f"echo {n} >>{log}; sleep 0.2; touch {{out}}/made", *(["a"] if n == "b" else []))
            for n in "ab"
        )
    )
    runs = [spawn(made, "b") for _ in range(3)]
    said = [run.communicate(timeout=30)[0].splitlines()[-1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert sorted(said) == ["ran", "ran", "ran a b"]
    assert sorted(log.read_text().split()) == ["a", "b"]


def test_killed_at_any_moment_the_build_ends_with_the_same_result(
    spawn: Spawn, fresh_cache: Path, tmp_path: Path
) -> None:
    """A plan whose first step builds up its folder file by file, as cargo does, and whose last is keyed."""
    grow = "for n in 1 2 3 4 5 6; do [ -s {out}/f$n ] || { echo $n >{out}/.f; sleep 0.05; mv {out}/.f {out}/f$n; }; done"
    made = plan(
        shell("grow", f"{grow}; cat {{out}}/f? >{{out}}/made", stdout=""),
        shell("keyed", "for n in 1 2 3; do cat {grow}/made >>{out}/made; sleep 0.1; done", "grow", place=""),
        shell("last", "sleep 0.1; sort {keyed}/made >{out}/made", "keyed"),
    )
    chance = random.Random(1)
    kills = 0
    for _ in range(16):
        process = spawn(made, "last")
        try:
            out, _ = process.communicate(timeout=chance.uniform(0.1, 0.4))
            if out.splitlines()[-1:] == ["ran"]:
                break
        except subprocess.TimeoutExpired:
            kills += 1
            process.kill()
            process.communicate()
    assert kills >= 4, "nothing was interrupted: the test shows nothing"
    done, _ = drive(made, "last")
    assert (done.out("last") / "made").read_text() == "".join(f"{n}\n" * 3 for n in range(1, 7))
    assert (done.out("keyed") / "made").read_text() == "1\n2\n3\n4\n5\n6\n" * 3
    assert not [path for path in (fresh_cache / "steps").iterdir() if path.name.startswith(".new-")]


def test_waiting_is_a_note_and_not_an_error(fresh_cache: Path, log: Path) -> None:
    assert not [e for e in drive(chain(log), "all")[1] if isinstance(e, Note)]
