"""From events to a recording: steps and drivers, versions of files, drivers' own work, cut-off logs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from log_maker import LogMaker
from portwright.build import event_log as on
from portwright.derive import recording as recordings
from portwright.derive.plan import Input, Step
from portwright.derive.recording import Recording


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def inputs(step: Step) -> dict[str, tuple[str, str]]:
    return {row.path: (row.step, row.kind) for row in step.inputs if row.kind != "folder"}


@pytest.fixture
def log(tmp_path: Path) -> LogMaker:
    return LogMaker(tmp_path)


def made(log: LogMaker, status: int = 0, **roots: str) -> Recording:
    log.end(status)
    recording = log.result(**roots).recording
    assert recordings.from_json(recording.to_json()) == recording
    return recording


def test_one_compiler_call_is_one_step(log: LogMaker) -> None:
    log.lay("a.c", "int a;")
    gcc = log.start(None, "gcc", "-c", "a.c", "-o", "a.o")
    inner = log.start(gcc, "/usr/lib/gcc/cc1", "a.c", "-o", "/tmp/cc1.s")
    log.read(inner, "a.c")
    log.write(inner, "t.s", keep=False)
    log.exit(inner)
    assembler = log.start(gcc, "as", "-o", "a.o")
    log.read(assembler, "t.s")
    log.write(assembler, "a.o", "object")
    log.exit(assembler)
    log.change(gcc, "unlink", "t.s")
    log.exit(gcc)
    recording = made(log)
    (step,) = recording.plan.steps
    assert (step.name, step.type, step.cwd) == ("cc-a.o", "cc", "$SRC")
    assert step.argv == ("/usr/bin/gcc", "-c", "a.c", "-o", "a.o")
    assert inputs(step) == {"$SRC/a.c": ("", "file")}
    assert step.outputs == ("$SRC/a.o",)
    seen = recording.seen[step.name]
    assert seen.outputs[0].digest == sha("object") and seen.status == 0
    assert seen.cpu == pytest.approx(0.009)
    assert [process.step for process in recording.processes] == ["cc-a.o"] * 3


def test_make_is_a_driver_and_edges_go_by_content(log: LogMaker) -> None:
    log.lay("a.c", "int a;")
    make = log.start(None, "make")
    log.read(make, "Makefile")
    cc = log.start(make, "gcc", "-c", "a.c", "-o", "a.o")
    log.read(cc, "a.c")
    log.write(cc, "a.o", "object")
    log.exit(cc)
    ar = log.start(make, "ar", "rcs", "liba.a", "a.o")
    log.read(ar, "a.o")
    log.write(ar, "liba.a", "archive")
    log.exit(ar)
    ranlib = log.start(make, "ranlib", "liba.a")
    log.write(ranlib, "liba.a", "archive, indexed", mode="a")
    log.exit(ranlib)
    link = log.start(make, "gcc", "-o", "app", "liba.a")
    log.read(link, "liba.a")
    log.write(link, "app", "program")
    log.hash(link, "app", "program", 0o755)
    log.exit(link)
    log.exit(make)
    recording = made(log)
    steps = {step.name: step for step in recording.plan.steps}
    assert list(steps) == ["cc-a.o", "ar-liba.a-1", "ar-liba.a-2", "cc-app"]
    assert inputs(steps["ar-liba.a-1"]) == {"$SRC/a.o": ("cc-a.o", "file")}
    assert inputs(steps["ar-liba.a-2"]) == {"$SRC/liba.a": ("ar-liba.a-1", "file")}, (
        "changed in place: read too"
    )
    assert inputs(steps["cc-app"]) == {"$SRC/liba.a": ("ar-liba.a-2", "file")}
    assert recording.seen["cc-app"].outputs[0].kind == "executable"
    assert recording.processes[0].step == ""


def test_what_leads_to_a_program_is_not_the_step(log: LogMaker) -> None:
    """`sh -c 'gcc ... > out'`, the wrapper and `env` in one process: the compiler's own call is the step."""
    make = log.start(None, "make")
    shell = log.fork(make)
    log.exec(shell, "/bin/sh", "-c", "exec gcc -E a.c -o - > out.i", exe="/usr/bin/dash")
    log.events.append(on.Open(log.now, shell, "w", log.path("out.i")))
    fds = ("/dev/null", log.path("out.i"), "")
    log.exec(shell, "gcc", "-E", "a.c", "-o", "-", exe="/r/portwright-recorder", fds=fds)
    log.exec(shell, "gcc", "-E", "a.c", "-o", "-", "-ffile-prefix-map=x=/src", fds=fds)
    log.lay("out.i", "text")
    log.hash(shell, "out.i", "text")
    log.exit(shell)
    log.exit(make)
    (step,) = made(log).plan.steps
    assert step.argv[-1] == "-ffile-prefix-map=x=/src" and step.argv[0] == "/usr/bin/gcc"
    assert (step.stdout, step.outputs) == ("$SRC/out.i", ("$SRC/out.i",))


def test_a_recipe_of_several_commands_is_one_step(log: LogMaker) -> None:
    make = log.start(None, "make")
    shell = log.start(make, "/bin/sh", "-c", "gen > x; cat x > y", exe="/usr/bin/dash")
    gen = log.start(shell, "/opt/gen")
    log.write(gen, "x", "1")
    log.exit(gen)
    cat = log.start(shell, "cat", "x")
    log.read(cat, "x")
    log.write(cat, "y", "1")
    log.exit(cat)
    log.exit(shell)
    log.exit(make)
    (step,) = made(log).plan.steps
    assert (step.type, step.name, step.outputs) == ("shell", "shell-gen", ("$SRC/x", "$SRC/y"))
    assert inputs(step) == {}


def test_a_shell_that_starts_make_drives(log: LogMaker) -> None:
    shell = log.start(None, "sh", "-c", "./configure && make")
    configure = log.start(shell, "/bin/sh", "./configure")
    probe = log.start(configure, "gcc", "conftest.c")
    log.exit(probe)
    log.write(configure, "config.h", "#define A")
    log.exit(configure)
    make = log.start(shell, "make")
    cc = log.start(make, "gcc", "-c", "a.c", "-o", "a.o")
    log.read(cc, "config.h")
    log.write(cc, "a.o")
    log.exit(cc)
    log.exit(make)
    log.exit(shell)
    recording = made(log)
    assert [step.name for step in recording.plan.steps] == ["shell-configure", "cc-a.o"]
    assert inputs(recording.plan.step("cc-a.o")) == {"$SRC/config.h": ("shell-configure", "file")}


def test_a_pipe_joins_commands_into_one_step(log: LogMaker) -> None:
    shell = log.start(None, "sh", "-c", "gen | filter > y")
    one = log.start(shell, "gen", fds=("", "pipe:[7]", ""))
    two = log.start(shell, "filter", fds=("pipe:[7]", "", ""))
    log.write(two, "y")
    for pid in (one, two, shell):
        log.exit(pid)
    (step,) = made(log).plan.steps
    assert step.type == "shell"


def test_cargos_links_are_files_steps_and_its_notes_are_left_out(log: LogMaker) -> None:
    cargo = log.start(None, "cargo", "build")
    rustc = log.start(cargo, "rustc", "--crate-name", "app", "--emit=link")
    log.write(rustc, "deps/app-1", "program")
    log.exit(rustc)
    log.move(cargo, "deps/app-1", "app", "link")
    log.lay("app", "program")
    log.write(cargo, "app.d", "app: src")
    log.exit(cargo)
    recording = made(log)
    compiled, copied = recording.plan.steps
    assert compiled.name == "rustc-app"
    assert (copied.kind, copied.type, copied.name) == ("files", "files", "copies-of-rustc-app")
    assert copied.inputs == (Input("$SRC/deps/app-1", "$SRC/deps/app-1", sha("program"), "rustc-app"),)
    assert recording.seen[copied.name].outputs[0].digest == sha("program")
    assert recording.left_out == ("$SRC/app.d",)


def test_a_scripts_own_files_are_kept_with_their_content(log: LogMaker) -> None:
    script = log.start(None, "python3", "gen.py")
    log.write(script, "a.c", "int a;")
    cc = log.start(script, "gcc", "-c", "a.c", "-o", "a.o")
    log.read(cc, "a.c")
    log.write(cc, "a.o", "object")
    log.exit(cc)
    log.write(script, "a.c", "int b;")
    again = log.start(script, "gcc", "-c", "a.c", "-o", "b.o")
    log.read(again, "a.c")
    log.write(again, "b.o", "object")
    log.exit(again)
    log.exit(script)
    recording = made(log)
    first, second = recording.plan.step("files-for-cc-a.o"), recording.plan.step("files-for-cc-b.o")
    assert first.outputs == second.outputs == ("$SRC/a.c",)
    assert inputs(recording.plan.step("cc-a.o")) == {"$SRC/a.c": (first.name, "file")}
    assert inputs(recording.plan.step("cc-b.o")) == {"$SRC/a.c": (second.name, "file")}
    assert recording.plan.texts[sha("int b;")] == "int b;"
    assert [i.kind for i in recording.seen[first.name].impurities] == ["unseen"], "its content is gone"


def test_links_that_the_build_made_are_inputs_with_what_they_lead_to(log: LogMaker) -> None:
    make = log.start(None, "make")
    ln = log.start(make, "ln", "-s", "libz.so.1", "libz.so")
    log.events.append(on.Symlinked(log.now, ln, "libz.so.1", log.path("libz.so")))
    log.exit(ln)
    log.lay("libz.so.1", "library")
    cc = log.start(make, "gcc", "-o", "app", "-lz")
    log.read(cc, "libz.so")
    log.write(cc, "app")
    log.exit(cc)
    log.exit(make)
    recording = made(log)
    assert inputs(recording.plan.step("cc-app")) == {
        "$SRC/libz.so": ("program-ln", "symlink"),
        "$SRC/libz.so.1": ("", "file"),
    }


def test_a_drivers_link_to_a_file_below_a_root_is_a_copy_of_it(log: LogMaker, tmp_path: Path) -> None:
    """Wherever the step runs, its roots lie elsewhere: a link would lead to where they were."""
    log.lay("lib/a.c", "int a;")
    script = log.start(None, "python3", "view.py")
    log.events.append(on.Symlinked(log.now, script, log.path("lib/a.c"), log.path("view/.a.c.link")))
    log.move(script, "view/.a.c.link", "view/a.c")
    (tmp_path / "view").mkdir()
    (tmp_path / "view" / "a.c").symlink_to(log.path("lib/a.c"))
    cc = log.start(script, "gcc", "-c", "view/a.c", "-o", "a.o")
    log.read(cc, "view/a.c")
    log.write(cc, "a.o")
    log.exit(cc)
    log.exit(script)
    recording = made(log)
    assert inputs(recording.plan.step("cc-a.o")) == {"$SRC/view/a.c": ("files-for-cc-a.o", "file")}
    assert inputs(recording.plan.step("files-for-cc-a.o")) == {"$SRC/lib/a.c": ("", "file")}
    (output,) = recording.seen["files-for-cc-a.o"].outputs
    assert (output.kind, output.digest) == ("file", sha("int a;"))


def test_files_that_are_moved_keep_their_maker_or_change_it(log: LogMaker) -> None:
    make = log.start(None, "make")
    cc = log.start(make, "gcc", "-c", "a.c", "-o", "a.o")
    log.write(cc, "a.o.tmp", "object", keep=False)
    log.move(cc, "a.o.tmp", "a.o")
    log.exit(cc)
    mv = log.start(make, "mv", "a.o", "b.o")
    log.move(mv, "a.o", "b.o")
    log.exit(mv)
    log.exit(make)
    recording = made(log)
    assert recording.plan.step("cc-a.o").outputs == ("$SRC/a.o",)
    moved = recording.plan.step("program-mv")
    assert (inputs(moved), moved.outputs) == ({"$SRC/a.o": ("cc-a.o", "file")}, ("$SRC/b.o",))
    assert recording.seen["program-mv"].outputs[0].digest == sha("object")


def test_a_renamed_folder_takes_its_files_along(log: LogMaker) -> None:
    make = log.start(None, "make")
    gen = log.start(make, "/opt/gen")
    log.change(gen, "mkdir", "new")
    log.write(gen, "new/x", "x", keep=False)
    log.move(gen, "new", "final")
    log.exit(gen)
    log.exit(make)
    (step,) = made(log).plan.steps
    assert step.outputs == ("$SRC/final/x",)


def test_a_folder_alone_is_an_output(log: LogMaker) -> None:
    make = log.start(None, "make")
    step = log.start(make, "mkdir", "-p", "obj")
    log.change(step, "mkdir", "obj")
    log.exit(step)
    log.exit(make)
    recording = made(log)
    assert [(row.path, row.kind) for row in recording.seen["program-mkdir"].outputs] == [
        ("$SRC/obj", "folder")
    ]


def test_a_failure_is_recorded(log: LogMaker) -> None:
    make = log.start(None, "make")
    cc = log.start(make, "gcc", "-c", "bad.c", "-o", "bad.o")
    log.exit(cc, 1)
    log.exit(make, 2)
    recording = made(log, 2)
    assert recording.status == 2 and recording.ended
    assert recording.seen["cc-bad.o"].status == 1


def test_what_was_cut_off_holds_the_whole_steps(log: LogMaker) -> None:
    make = log.start(None, "make")
    one = log.start(make, "gcc", "-c", "a.c", "-o", "a.o")
    log.write(one, "a.o")
    log.exit(one)
    two = log.start(make, "gcc", "-c", "b.c", "-o", "b.o")
    log.write(two, "b.o")
    recording = log.result().recording
    assert [step.name for step in recording.plan.steps] == ["cc-a.o"]
    assert not recording.ended and recording.status is None
    assert any("left out: gcc -c b.c -o b.o" in impurity.what for impurity in recording.impurities)
    assert len(recording.processes) == 3, "nothing that was seen is dropped"


def test_impurities_are_named(log: LogMaker, tmp_path: Path) -> None:
    make = log.start(None, "make")
    gen = log.start(make, "/opt/gen")
    outside = tmp_path.parent / "outside.txt"
    outside.write_text("x")
    log.events.append(on.Open(log.now, gen, "r", str(outside)))
    log.events.append(on.Open(log.now, gen, "r", "/etc/passwd"))
    log.events.append(on.Net(log.now, gen, "inet", "192.0.2.1:443"))
    log.events.append(on.Open(log.now, gen, "w", str(tmp_path.parent / "elsewhere")))
    log.events.append(on.Lost(log.now, gen, "a 32-bit program"))
    child = log.start(gen, "daemon")
    log.exit(gen)
    log.events.append(on.Net(log.now, make, "inet", "192.0.2.2:80"))
    log.exit(make)
    recording = made(log)
    (step,) = recording.plan.steps
    kinds = {impurity.kind for impurity in recording.seen[step.name].impurities}
    assert kinds == {"outside", "network", "wrote-outside", "unseen", "left-running"}
    assert [(i.kind, i.what) for i in recording.impurities] == [("network", "make spoke to 192.0.2.2:80")]
    assert "/etc/passwd" in {tool.path for tool in recording.tools}
    assert child


def test_both_recorders_are_joined_and_neither_drops_what_the_other_saw(log: LogMaker) -> None:
    make = log.start(None, "make")
    cc = log.start(make, "gcc", "-c", "a.c", "-o", "a.o")
    log.wrapped.append(on.Wrap(log.now, cc, make, str(log.folder), ("gcc", "-c", "a.c", "-o", "a.o"), ()))
    log.exit(cc)
    past = log.start(make, "/usr/bin/gcc", "-c", "b.c", "-o", "b.o")
    log.exit(past)
    log.wrapped.append(on.Wrap(log.now, 999, make, str(log.folder), ("ar", "rcs", "x.a"), ()))
    probe = log.start(make, "gcc", "-dumpmachine")
    log.wrapped.append(on.Wrap(log.now, probe, make, str(log.folder), ("gcc", "-dumpmachine"), ()))
    log.wrapped.append(on.Answer(log.now, probe, 0, "x86_64-linux-gnu\n"))
    log.exit(probe)
    log.exit(make)
    recording = made(log)
    by_pid = {process.pid: process for process in recording.processes}
    assert by_pid[cc].seen_by == ("trace", "wrapper")
    assert by_pid[past].seen_by == ("trace",)
    assert by_pid[999].seen_by == ("wrapper",)
    whats = [impurity.what for impurity in recording.impurities]
    assert any("gcc was started past the wrapper in cc-b.o" in what for what in whats)
    assert any("only the wrapper saw ar" in what for what in whats)
    assert [(probe.argv, probe.answer) for probe in recording.probes] == [
        (("gcc", "-dumpmachine"), "x86_64-linux-gnu\n")
    ]


def test_names_of_any_bytes_survive(log: LogMaker) -> None:
    name = "a b'\"\n$SRC\udcff.c"
    log.lay("x", "")
    cc = log.start(None, "gcc", "-c", name, "-o", "x.o")
    log.read(cc, name)
    log.write(cc, name + ".o", "object", keep=False)
    log.exit(cc)
    (step,) = made(log).plan.steps
    assert step.outputs == ("$SRC/a b'\"\n$$SRC\udcff.c.o",)
    assert recordings.expand(step.argv[2], {}) == name
