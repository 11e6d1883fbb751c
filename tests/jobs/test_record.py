"""`portwright record`: real builds, from outside. What is read off single events is tested in tests/build."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from portwright.base.errors import PortwrightError
from portwright.build import tracing
from portwright.derive import recording as recordings
from portwright.derive.recording import Recording
from portwright.jobs.schema import schema

PLANTED = "pl4nted-Value-77"


@pytest.fixture(scope="module", autouse=True)
def recorder() -> None:
    """The native recorder; skips where it cannot be compiled or may not trace."""
    for tool in ("gcc", "make", "ar"):
        if shutil.which(tool) is None:
            pytest.skip(f"record: there is no `{tool}` on this machine")
    try:
        program = tracing.recorder()
    except PortwrightError as error:
        pytest.skip(f"record: {error.faults[0].what}")
    why = tracing.why_not_traced(program)
    if why:
        pytest.skip(f"record: {why}")


Record = Callable[..., tuple[Any, Recording]]


@pytest.fixture
def record(tmp_path: Path, portwright: Callable[..., Any]) -> Record:
    """Records a command in a folder: (how it ended, the recording)."""

    def call(folder: Path, *command: str, options: tuple[str, ...] = (), **env: str) -> tuple[Any, Recording]:
        file = tmp_path / "recording.json"
        done = portwright("record", "-o", file, *options, "--", *command, cwd=folder, env=env)
        assert "Traceback" not in done.stderr
        assert file.exists(), done.stderr
        value = json.loads(file.read_text())
        jsonschema.Draft202012Validator(schema("recording")).validate(value)
        assert not (tmp_path / "recording.json.events").exists()
        return done, recordings.from_json(file.read_text())

    return call


def c_project(folder: Path, count: int = 3) -> Path:
    """A program, a library of `count` files, an archive."""
    (folder / "lib").mkdir(parents=True)
    for number in range(count):
        (folder / "lib" / f"f{number}.c").write_text(
            f'#include "all.h"\nint f{number}(void) {{ return {number}; }}\n'
        )
    (folder / "lib" / "all.h").write_text("".join(f"int f{number}(void);\n" for number in range(count)))
    (folder / "main.c").write_text('#include "lib/all.h"\nint main(void) { return f1() - 1; }\n')
    (folder / "Makefile").write_text(
        "OBJECTS := $(patsubst lib/%.c,obj/%.o,$(wildcard lib/*.c))\n"
        "app: main.c libf.a\n\t$(CC) -g -o $@ main.c -L. -lf\n"
        "libf.a: $(OBJECTS)\n\t$(AR) rcs $@ $^\n"
        "obj/%.o: lib/%.c lib/all.h\n\t@mkdir -p obj\n\t$(CC) -g -MD -c -o $@ $<\n"
    )
    return folder


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_one_compiler_call(tmp_path: Path, record: Record) -> None:
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "a.c").write_text("#include <stdio.h>\nint main(void) { return 0; }\n")
    done, recording = record(folder, "gcc", "-g", "-c", "a.c", "-o", "a.o")
    assert done.returncode == 0 and "1 cc" in done.stderr
    (step,) = recording.plan.steps
    assert step.inputs[0].path == "$SRC/a.c" and step.inputs[0].digest == sha(folder / "a.c")
    (output,) = recording.seen[step.name].outputs
    assert (output.path, output.digest) == ("$SRC/a.o", sha(folder / "a.o"))
    assert step.argv[-1].startswith("-ffile-prefix-map=$SRC=") or "-ffile-prefix-map=$SRC=/src" in step.argv
    assert "/usr/include/stdio.h" in {tool.path for tool in recording.tools}
    assert recording.impurities == () and recording.seen[step.name].impurities == ()
    assert {process.seen_by for process in recording.processes} == {("trace",), ("trace", "wrapper")}
    assert str(folder).encode() not in (folder / "a.o").read_bytes(), (
        "portable: no folder's name in what is made"
    )


def test_a_make_project(tmp_path: Path, record: Record) -> None:
    folder = c_project(tmp_path / "a project", 5)
    done, recording = record(folder, "make", "-j2")
    assert done.returncode == 0
    by_name = {step.name: step for step in recording.plan.steps}
    assert {"cc-f0.o", "cc-f4.o", "ar-libf.a", "cc-app"} <= set(by_name)
    assert {row.step for row in by_name["ar-libf.a"].inputs if row.step} == {f"cc-f{n}.o" for n in range(5)}
    assert ("$SRC/libf.a", "ar-libf.a") in {(row.path, row.step) for row in by_name["cc-app"].inputs}
    order = [step.name for step in recording.plan.steps]
    assert all(
        order.index(need) < order.index(step.name) for step in recording.plan.steps for need in step.needs
    )
    assert all(process.seen_by for process in recording.processes)
    again, second = record(folder, "sh", "-c", "rm -rf obj app libf.a; make -j2")
    assert again.returncode == 0
    names = [step.name for step in second.plan.steps if step.type in ("cc", "ar")]
    assert names == [name for name in order if name.startswith(("cc", "ar"))]


def test_the_exit_status_is_the_commands(tmp_path: Path, portwright: Callable[..., Any]) -> None:
    for script, status in (("exit 3", 3), ("kill -9 $$", 137)):
        done = portwright("record", "-o", tmp_path / "r.json", "--", "sh", "-c", script, cwd=tmp_path)
        assert done.returncode == status
    for words in (
        ("--", "no-such-program"),
        (),
        ("--root", "x", "--", "true"),
        ("--only", "never", "--", "true"),
    ):
        done = portwright("record", "-o", tmp_path / "r.json", *words, cwd=tmp_path)
        assert done.returncode == 125, done.stderr


def test_a_failing_build_is_recorded_with_its_failure(tmp_path: Path, record: Record) -> None:
    folder = c_project(tmp_path / "src")
    (folder / "lib" / "f2.c").write_text("int broken(\n")
    done, recording = record(folder, "make")
    assert done.returncode == 2 and "failed     cc-f2.o" in done.stderr
    assert recording.seen["cc-f2.o"].status == 1 and recording.seen["cc-f1.o"].status == 0
    assert recording.status == 2 and recording.ended


def test_words_of_the_command_are_its_own(tmp_path: Path, portwright: Callable[..., Any]) -> None:
    done = portwright(
        "record", "-o", tmp_path / "r.json", "--", "sh", "-c", "cat; echo -v", cwd=tmp_path, stdin="hello\n"
    )
    assert done.stdout == "hello\n-v\n"


def test_planted_secrets_are_nowhere(tmp_path: Path, record: Record) -> None:
    folder = c_project(tmp_path / "src")
    done, recording = record(
        folder,
        "make",
        f"CC=gcc -DSECRET_TOKEN={PLANTED}",
        "AR=ar",
        MY_PASSWORD=PLANTED,
        UNLISTED="un-listed-value-9",
    )
    assert done.returncode == 0
    for path in tmp_path.glob("recording.json*"):
        for file in [path] if path.is_file() else path.iterdir():
            assert PLANTED.encode() not in file.read_bytes() and b"un-listed-value-9" not in file.read_bytes()
    assert "secret" in {impurity.kind for impurity in recording.seen["cc-f0.o"].impurities}


def test_any_bytes_in_names(tmp_path: Path, record: Record) -> None:
    folder = tmp_path / "src"
    folder.mkdir()
    for name in (b"a b'\"c", b"new\nline", b"\xff\xfe", b"$HOME $$x", "ä{out}".encode()):
        source = os.fsdecode(name) + ".c"
        (folder / source).write_text("int a;\n")
        done, recording = record(folder, "gcc", "-c", source, "-o", os.fsdecode(name) + ".o")
        assert done.returncode == 0
        (step,) = recording.plan.steps
        written = source.replace("$", "$$")
        assert written in step.argv and step.inputs[0].path == f"$SRC/{written}"
        assert recordings.expand(step.outputs[0], {"SRC": str(folder)}) == f"{folder}/{os.fsdecode(name)}.o"


def test_a_scripts_own_files_are_kept_beside(tmp_path: Path, record: Record) -> None:
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "gen.py").write_text(
        "import subprocess\n"
        "open('data.bin', 'wb').write(bytes(range(256)) * 4)\n"
        "open('a.c', 'w').write('int a;\\n')\n"
        "subprocess.check_call(['gcc', '-c', 'a.c', '-o', 'a.o'])\n"
        "subprocess.check_call(['cp', 'data.bin', 'copy.bin'])\n"
    )
    _, recording = record(folder, sys.executable, "gen.py")
    kinds = {step.name: step.kind for step in recording.plan.steps}
    assert kinds == {
        "files-for-cc-a.o": "files",
        "files-for-program-cp": "files",
        "cc-a.o": "tool",
        "program-cp": "tool",
    }
    assert "int a;\n" in recording.plan.texts.values()
    digest = sha(folder / "data.bin")
    assert sha(tmp_path / "recording.json.contents" / digest) == digest
    _, second = record(folder, "true")
    assert not (tmp_path / "recording.json.contents").exists() and second.plan.steps[0].name == "program-true"


def test_what_cannot_be_recorded_in_full_says_so(tmp_path: Path, record: Record) -> None:
    folder = tmp_path / "src"
    folder.mkdir()
    outside = tmp_path / "elsewhere.txt"
    outside.write_text("x")
    script = f"cat {outside} > inside; echo > {tmp_path}/wrote; ls"
    (folder / "Makefile").write_text(f"all:\n\t{script}\n")
    _, recording = record(folder, "make", TMPDIR=str(tmp_path / "src"))
    (step,) = recording.plan.steps
    kinds = {impurity.kind for impurity in recording.seen[step.name].impurities}
    assert kinds == {"outside", "wrote-outside"}


@pytest.mark.parametrize("only", ["trace", "wrapper"])
def test_one_recorder_only(tmp_path: Path, record: Record, only: str) -> None:
    folder = c_project(tmp_path / "src")
    done, recording = record(folder, "make", options=("--only", only))
    assert done.returncode == 0
    assert recording.recorders == (only,)
    assert recording.portable is (only == "wrapper")
    names = {step.name for step in recording.plan.steps}
    assert {"cc-f0.o", "cc-app"} <= names
    assert any(impurity.kind == "unseen" for impurity in recording.impurities) is (only == "wrapper")


def test_two_recordings_at_once_do_not_mix(tmp_path: Path, repo: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(repo / "src")}
    running = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.c").write_text("int a;\n")
        (folder / "Makefile").write_text(f"all:\n\t@sleep 0.3\n\t$(CC) -c {name}.c\n")
        argv = [sys.executable, "-m", "portwright", "record", "-o", f"../{name}.json", "--", "make"]
        running.append(subprocess.Popen(argv, cwd=folder, env=env))
    assert [process.wait() for process in running] == [0, 0]
    for name in ("one", "two"):
        recording = recordings.from_json((tmp_path / f"{name}.json").read_text())
        assert [step.name for step in recording.plan.steps if step.type == "cc"] == [f"cc-{name}"]
        assert {process.parent for process in recording.processes} <= {
            0,
            *(p.pid for p in recording.processes),
        }


def test_a_kill_leaves_what_was_whole(tmp_path: Path, repo: Path, portwright: Callable[..., Any]) -> None:
    (tmp_path / "a.c").write_text("int a;\n")
    (tmp_path / "Makefile").write_text("all:\n\t$(CC) -c a.c\n\t@echo ready > ready; sleep 60\n")
    argv = [sys.executable, "-m", "portwright", "record", "-o", "r.json", "--", "make"]
    env = {**os.environ, "PYTHONPATH": str(repo / "src")}
    process = subprocess.Popen(argv, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        until = time.monotonic() + 30
        while not (tmp_path / "ready").exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.3)
        busy = portwright("record", "-o", "r.json", "--", "true", cwd=tmp_path)
        assert (busy.returncode, "record/busy" in busy.stderr) == (125, True)
        process.kill()
        process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    assert not (tmp_path / "r.json").exists()
    private = tmp_path / "r.json.events"
    assert private.stat().st_mode & 0o77 == 0
    refused = portwright("record", "-o", "r.json", "--", "true", cwd=tmp_path)
    assert (refused.returncode, "--recover" in refused.stderr) == (125, True)
    done = portwright("record", "--recover", "-o", "r.json", cwd=tmp_path)
    assert done.returncode == 0 and "cut off" in done.stderr, done.stderr
    recording = recordings.from_json((tmp_path / "r.json").read_text())
    assert not recording.ended and recording.status is None
    assert [step.name for step in recording.plan.steps] == ["cc-a"]
    assert any("left out" in impurity.what for impurity in recording.impurities)
    assert not private.exists()
    assert portwright("record", "--recover", "-o", "r.json", cwd=tmp_path).returncode == 125


def test_a_recording_in_a_recording_is_refused(tmp_path: Path, portwright: Callable[..., Any]) -> None:
    env = {"PORTWRIGHT_RECORD_DIR": str(tmp_path)}
    done = portwright("record", "-o", tmp_path / "r.json", "--", "true", cwd=tmp_path, env=env)
    assert done.returncode == 125 and "record/nested" in done.stderr


def test_as_a_document(tmp_path: Path, portwright: Callable[..., Any]) -> None:
    c_project(tmp_path)
    done = portwright("record", "--json", "-o", tmp_path / "r.json", "--", "make", "-s", cwd=tmp_path)
    value = json.loads(done.stdout)
    assert value["steps"]["cc"] == 4 and value["status"] == 0 and value["portable"]


@pytest.mark.toolchain
def test_a_cargo_workspace(tmp_path: Path, repo: Path, record: Record) -> None:
    """A build script that runs rustc, a macro that reads a file, a C library through the cc crate, a binary."""
    folder = tmp_path / "src"
    shutil.copytree(repo / "tests" / "fixtures" / "cargo-workspace", folder)
    locked = subprocess.run(
        ["cargo", "generate-lockfile"], cwd=folder, capture_output=True, text=True, check=False
    )
    if locked.returncode and ("failed to download" in locked.stderr or "failed to get" in locked.stderr):
        pytest.skip("record: the crate registry cannot be reached")
    done, recording = record(folder, "cargo", "build", "--locked", APP_FLAVOUR="salty")
    if "failed to download" in done.stderr or "failed to get" in done.stderr:
        pytest.skip("record: the crate registry cannot be reached")
    assert done.returncode == 0, done.stderr
    steps = {step.name: step for step in recording.plan.steps}
    assert {
        "rustc-app",
        "rustc-words",
        "rustc-native",
        "rustc-cc",
        "build-script-app",
        "build-script-native",
    } <= set(steps)
    inputs = {row.path: row.step for row in steps["rustc-app"].inputs}
    assert inputs["$SRC/app/words.txt"] == "", "what the macro read"
    assert any(path.endswith("/count.rs") and step == "build-script-app" for path, step in inputs.items())
    assert steps["build-script-app"].env["APP_FLAVOUR"] == "salty", "declared: rerun-if-env-changed"
    native = steps["build-script-native"]
    assert {"wrapper-cc", "copies-of-rustc-native-build-script-build"} <= {row.step for row in native.inputs}
    assert {"$SRC/native/c/doubling.c", "$SRC/native/c/doubling.h"} <= {row.path for row in native.inputs}
    assert "copies-of-rustc-app" in steps and "$OUT/debug/app" in steps["copies-of-rustc-app"].outputs
    answers = [probe.answer for probe in recording.probes if probe.argv[-1] == "-vV"]
    assert len(answers) == 1 and "release: " in answers[0]
    program = folder / "target" / "debug" / "app"
    assert str(tmp_path).encode() not in program.read_bytes()
    assert all(not seen.status for seen in recording.seen.values())


def test_a_ninja_project(tmp_path: Path, record: Record) -> None:
    if shutil.which("ninja") is None:
        pytest.skip("record: there is no `ninja` on this machine")
    folder = c_project(tmp_path / "src")
    (folder / "build.ninja").write_text(
        "rule cc\n  command = gcc -MD -MF $out.d -c $in -o $out\n  depfile = $out.d\n  deps = gcc\n"
        "rule ar\n  command = rm -f $out && ar rcs $out $in\n"
        "build obj/f0.o: cc lib/f0.c\nbuild obj/f1.o: cc lib/f1.c\nbuild libf.a: ar obj/f0.o obj/f1.o\n"
    )
    _, recording = record(folder, "ninja")
    steps = {step.name: step for step in recording.plan.steps}
    assert {"cc-f0.o", "cc-f1.o", "shell-rm"} <= set(steps)
    assert steps["shell-rm"].outputs == ("$SRC/libf.a",)
    assert ("$SRC/obj/f0.o", "cc-f0.o") in {(row.path, row.step) for row in steps["shell-rm"].inputs}
