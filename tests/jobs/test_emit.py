"""The verb `emit`, from outside: what it writes, what it refuses and why, what it never shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

from emitted_builds import in_private_nix, need, private_nix
from portwright.base.errors import PortwrightError
from portwright.base.events import Note
from portwright.cli.views import emit as view
from portwright.derive.recording import Impurity, Recording, from_json
from portwright.jobs import emit as job
from recording_maker import Maker

Run = Callable[..., Any]
BUILT = ("nix", "ninja", "sh")


@dataclass
class Done:
    """What a person would have seen."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def emit() -> Run:
    """The verb in this process, as the command line runs it and shows it: starting Python anew would take longer."""

    def call(subject: Any, form: str, output: Path, **more: Any) -> Done:
        said = []
        running = job.run(job.Arguments(str(subject), output, form, **more))
        try:
            while True:
                event = next(running)
                said += [event.text] if isinstance(event, Note) else []
        except StopIteration as end:
            result = end.value
        except PortwrightError as error:
            return Done(error.status, "", str(error))
        console = Console(width=200)
        with console.capture() as captured:
            view.view(result, console)
        return Done(result.status, captured.get(), "\n".join(said))

    return call


@pytest.fixture
def made(tmp_path: Path) -> Maker:
    maker = Maker(tmp_path / "made")
    maker.write("$SRC/a", "a\n")
    maker.run("cp", "$SRC/a", "$OUT/b", inputs=["$SRC/a"], outputs=["$OUT/b"], trade="cc", env={"V": "1"})
    maker.run("cat", "$OUT/b", inputs=["$OUT/b"], stdout="$OUT/c", trade="rustc")
    maker.copy("$OUT/c", "$OUT/d")
    return maker


def changed(maker: Maker, change: Callable[[Recording], Recording]) -> Path:
    path = maker.save(maker.folder / "r.json")
    path.write_text(change(from_json(path.read_text())).to_json())
    return path


def impure(kind: str, what: str) -> Callable[[Recording], Recording]:
    def change(recording: Recording) -> Recording:
        seen = dict(recording.seen)
        seen["step002"] = replace(seen["step002"], impurities=(Impurity(kind, what),))
        return replace(recording, seen=seen)

    return change


@pytest.mark.parametrize("form", BUILT)
def test_written_built_and_compared(made: Maker, form: str, emit: Run, tmp_path: Path) -> None:
    need(form)
    path = made.save(made.folder / "r.json")
    with in_private_nix(tmp_path / "nix"):
        done = emit(path, form, tmp_path / "o", verify=True)
    assert done.returncode == 0, done.stderr
    assert "3 of 3 outputs are the recorded ones, byte by byte" in done.stdout
    assert "(0 new or changed)" in emit(path, form, tmp_path / "o").stdout


def test_the_command_line(made: Maker, portwright: Callable[..., Any], tmp_path: Path) -> None:
    path = made.save(made.folder / "r.json")
    done = portwright("emit", path, "--to", "sh", "-o", tmp_path / "o", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["steps"] == 3


def test_an_output_that_is_not_the_recorded_one(made: Maker, emit: Run, tmp_path: Path) -> None:
    """A command that never makes the same twice: status 1, the file and its step."""
    made.run("sh", "-c", "date +%N > $OUT/now", outputs=["$OUT/now"])
    path = made.save(made.folder / "r.json")
    done = emit(path, "sh", tmp_path / "o", verify=True)
    assert done.returncode == 1 and "differs: $OUT/now (step004" in done.stdout
    assert "3 of 4 outputs" in done.stdout


REFUSED = [
    (lambda r: replace(r, portable=False), "is not portable: its bytes depend on the folder"),
    (lambda r: replace(r, status=2), "failed, with status 2"),
    (impure("network", "10.0.0.1:443"), "`step002` used the network: 10.0.0.1:443"),
    (impure("secret", "TOKEN"), "`step002` was given a secret"),
    (impure("wrote-outside", "/etc/x"), "`step002` wrote outside of every root: /etc/x"),
]


@pytest.mark.parametrize(("change", "why"), REFUSED, ids=[row[1][:20] for row in REFUSED])
def test_what_is_refused(
    made: Maker, change: Callable[[Recording], Recording], why: str, emit: Run, tmp_path: Path
) -> None:
    """Status 2 with the reason and what to do, nothing written; what only shows the recording does so still."""
    path = changed(made, change)
    for form in BUILT:
        done = emit(path, form, tmp_path / "o")
        assert done.returncode == 2 and why in done.stderr and "hint:" in done.stderr
        assert not (tmp_path / "o").exists()
    assert emit(path, "json", tmp_path / "j").returncode == 0


NOTED = [
    (lambda r: replace(r, ended=False, status=None), "was cut off"),
    (impure("outside", "/etc/passwd"), "step002 is impure (outside): /etc/passwd"),
    (lambda r: replace(r, impurities=(Impurity("unseen", "x"),)), "the recording is impure (unseen): x"),
    (lambda r: replace(r, tools=(replace(r.tools[0], digest="0" * 64),)), "is not the one that was recorded"),
]


@pytest.mark.parametrize(("change", "why"), NOTED, ids=[row[1][:20] for row in NOTED])
def test_what_is_noted(
    made: Maker, change: Callable[[Recording], Recording], why: str, emit: Run, tmp_path: Path
) -> None:
    """It is emitted, and both the verb and the files say what to know."""
    done = emit(changed(made, change), "sh", tmp_path / "o")
    assert done.returncode == 0 and why in done.stderr
    assert why in (tmp_path / "o" / "build.sh").read_text()


def test_sources_that_are_gone_or_changed_are_listed(made: Maker, emit: Run, tmp_path: Path) -> None:
    made.write("$SRC/other", "b\n")
    made.run("cat", "$SRC/other", inputs=["$SRC/other"], stdout="$OUT/e")
    path = made.save(made.folder / "r.json")
    made.path("$SRC/a").write_text("changed\n")
    made.path("$SRC/other").unlink()
    done = emit(path, "nix", tmp_path / "o")
    assert done.returncode == 2 and not (tmp_path / "o").exists()
    assert "`$SRC/a` changed since it was recorded" in done.stderr
    assert "`$SRC/other` is gone" in done.stderr
    contents = path.with_name("r.json.contents")
    contents.mkdir()
    for text in ("a\n", "b\n"):
        digest = subprocess.run(["sha256sum"], input=text, capture_output=True, text=True).stdout.split()[0]
        (contents / digest).write_text(text)
    assert emit(path, "sh", tmp_path / "o", verify=True).returncode == 0


def test_a_folder_of_somebody_else_is_left_alone(made: Maker, emit: Run, tmp_path: Path) -> None:
    path = made.save(made.folder / "r.json")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    done = emit(path, "sh", tmp_path / "mine")
    assert done.returncode == 2 and "not written by emit" in done.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter"]
    assert emit(path, "sh", tmp_path / "o").returncode == 0
    other = emit(path, "ninja", tmp_path / "o")
    assert other.returncode == 2 and "`sh` was emitted into this folder" in other.stderr


def test_what_is_no_longer_written_goes(made: Maker, emit: Run, tmp_path: Path) -> None:
    path = made.save(made.folder / "r.json")
    assert emit(path, "sh", tmp_path / "o").returncode == 0
    before = {item.name for item in (tmp_path / "o" / "steps").iterdir()}
    path.write_text(
        replace(
            from_json(path.read_text()), plan=replace(made.recording().plan, steps=tuple(made.steps[:2]))
        ).to_json()
    )
    assert emit(path, "sh", tmp_path / "o").returncode == 0
    after = {item.name for item in (tmp_path / "o" / "steps").iterdir()}
    assert len(before - after) == 1 and after < before


def test_wrong_words(made: Maker, emit: Run, tmp_path: Path) -> None:
    path = made.save(made.folder / "r.json")
    unknown = emit(path, "ninjas", tmp_path / "o")
    assert (
        unknown.returncode == 2 and "did you mean `ninja`?" in unknown.stderr and "timeline" in unknown.stderr
    )
    no_build = emit(path, "json", tmp_path / "o", verify=True)
    assert no_build.returncode == 2 and "--verify is not for `json`" in no_build.stderr
    no_drv = emit(path, "sh", tmp_path / "o", drv=True)
    assert no_drv.returncode == 2 and "it is for nix" in no_drv.stderr
    missing = emit(tmp_path / "none.json", "sh", tmp_path / "o", verify=True)
    assert missing.returncode == 2 and not (tmp_path / "o").exists()
    assert "none.json: error: there is no such file" in missing.stderr
    unknown_port = emit("no-such-port", "sh", tmp_path / "o")
    assert unknown_port.returncode == 2 and "no port `no-such-port`" in unknown_port.stderr
    path.write_text("{")
    broken = emit(path, "sh", tmp_path / "o")
    assert broken.returncode == 2 and "no JSON" in broken.stderr


def test_json_of_document_004(made: Maker, emit: Run, tmp_path: Path) -> None:
    """Its five keys, by the schema that lies beside it; names are stable when contents change."""
    path = made.save(made.folder / "r.json")
    assert emit(path, "json", tmp_path / "o").returncode == 0
    value = json.loads((tmp_path / "o" / "calls.json").read_text())
    schema = json.loads((tmp_path / "o" / "calls.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(value)
    first, second, third = value["calls"]
    assert (first["command"], first["args"], first["cwd"]) == ("cp", ["$SRC/a", "$OUT/b"], "$SRC")
    assert first["env"]["V"] == "1" and first["type"] == "c_compiler_invocation"
    assert second["type"] == "rust_compiler_invocation" and second["needs"] == [first["id"]]
    assert second["inputs"][0]["made_by"] == first["id"] and third["type"] == "file_operation"
    for call in value["calls"]:
        for key in ("command", "args", "env", "cwd", "type"):
            spoiled = {**value, "calls": [{name: inner for name, inner in call.items() if name != key}]}
            assert not jsonschema.Draft202012Validator(schema).is_valid(spoiled)
    made.path("$SRC/a").write_text("other\n")
    anew = Maker(tmp_path / "anew")
    anew.write("$SRC/a", "quite another\n")
    anew.run("cp", "$SRC/a", "$OUT/b", inputs=["$SRC/a"], outputs=["$OUT/b"], trade="cc")
    assert emit(anew.save(tmp_path / "n.json"), "json", tmp_path / "n").returncode == 0
    assert json.loads((tmp_path / "n" / "calls.json").read_text())["calls"][0]["id"] == first["id"]


def test_dot_is_drawn(made: Maker, emit: Run, tmp_path: Path) -> None:
    made.run("true", trade='a "trade" \\', cwd="$OUT")
    assert emit(made.save(tmp_path / "r.json"), "dot", tmp_path / "o").returncode == 0
    text = (tmp_path / "o" / "plan.dot").read_text()
    assert len(re.findall(r" -> ", text)) == 2
    if shutil.which("dot") is None:
        pytest.skip("dot: not on this machine (Debian: graphviz)")
    drawn = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True)
    assert drawn.returncode == 0 and drawn.stdout.count('<g id="node') == 4


def test_a_secret_that_was_taken_out_is_nowhere(
    made: Maker, emit: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller's environment reaches no file either."""
    path = made.save(made.folder / "r.json")
    monkeypatch.setenv("MY_TOKEN", "hunter2-hunter2")
    for form in (*BUILT, "json", "dot", "timeline"):
        assert emit(path, form, tmp_path / form).returncode == 0
        for file in (tmp_path / form).rglob("*"):
            assert file.is_dir() or b"hunter2" not in file.read_bytes()


@pytest.mark.toolchain
@pytest.mark.parametrize("form", BUILT)
def test_a_port_is_emitted_and_says_what_is_portwright(
    form: str, emit: Run, tmp_path: Path, toolchain: Any
) -> None:
    """Its view is made by what was emitted, as portwright itself makes it."""
    need(form)
    name, out = "x86_64-portwright-linux", tmp_path / "o"
    done = emit(name, form, out, goal="view")
    assert done.returncode == 0 and "these steps run portwright itself: view" in done.stderr, done.stderr
    refused = emit(name, form, out, goal="view", verify=True)
    assert refused.returncode == 2 and "a port's plan has none" in refused.stderr
    argv = {"sh": ["sh", "build.sh"], "ninja": ["ninja"]}
    argv["nix"] = ["nix-build", "-A", "step001", "-o", "view", "--option", "sandbox", "false"]
    env = {**os.environ, **private_nix(tmp_path / "nix")}
    ran = subprocess.run(argv[form], cwd=tmp_path / "o", env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    folder = tmp_path / "o" / ("view" if form == "nix" else "results")
    assert next(folder.rglob("sysroot/Cargo.toml"), None) or (folder / "sysroot" / "Cargo.toml").is_file()
    subprocess.run(["chmod", "-R", "u+w", tmp_path / "nix"], check=False)


@pytest.mark.e2e
@pytest.mark.toolchain
def test_a_sysroot_is_built_by_nix_to_the_same_bytes(
    emit: Run, portwright: Callable[..., Any], tmp_path: Path, toolchain: Any
) -> None:
    """core, alloc, std and what they need, recorded as portwright builds them; every output compared."""
    need("nix")
    path, env = tmp_path / "std.json", {"PORTWRIGHT_CACHE": str(tmp_path / "cache")}
    build = [sys.executable, "-m", "portwright", "build", "x86_64-unknown-veridian", "sysroot"]
    recorded = portwright("record", "-o", path, "--", *build, cwd=tmp_path, env=env, timeout=1800)
    assert recorded.returncode == 0, recorded.stderr
    with in_private_nix(tmp_path / "nix"):
        done = emit(path, "nix", tmp_path / "o", verify=True)
    assert done.returncode == 0, done.stdout + done.stderr
    same, compared = re.findall(r"([\d,]+) of ([\d,]+) outputs", done.stdout)[0]
    assert same == compared and int(same.replace(",", "")) > 500


def test_many_reads_outside_are_one_note(made: Maker, emit: Run, tmp_path: Path) -> None:
    def change(recording: Recording) -> Recording:
        many = tuple(Impurity("outside", f"/opt/{number:02}") for number in range(80))
        seen = {**recording.seen, "step001": replace(recording.seen["step001"], impurities=many)}
        return replace(recording, seen=seen)

    done = emit(changed(made, change), "sh", tmp_path / "o")
    notes = [line for line in done.stderr.splitlines() if "impure" in line]
    assert notes == ["step001 is impure (outside): /opt/00, /opt/01, /opt/02 and 77 more"]


def test_what_is_compared_is_held_against_a_collection_of_garbage(
    made: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """nix-store --gc between the build and the comparison takes nothing away."""
    need("nix")
    compare = job.emit_folder.compare

    def collect_first(*given: Any) -> Any:
        found = subprocess.run(["nix-store", "--gc"], capture_output=True, text=True)
        assert found.returncode == 0, found.stderr
        return compare(*given)

    monkeypatch.setattr(job.emit_folder, "compare", collect_first)
    path = made.save(made.folder / "r.json")
    with in_private_nix(tmp_path / "nix"):
        running = job.run(job.Arguments(str(path), tmp_path / "o", "nix", verify=True))
        with pytest.raises(StopIteration) as ended:
            while True:
                next(running)
    assert ended.value.value.differences == () and ended.value.value.compared == 3
