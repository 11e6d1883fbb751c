"""The verb replay: causes that were planted are named, exit statuses, documents, and bad recordings."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portwright.base import namespaces
from portwright.base.errors import BadInput, PortwrightError
from portwright.base.events import outcome
from portwright.build import emit_recording, recording_file
from portwright.build.replay import Replay, Settings
from portwright.derive.recording import Impurity
from portwright.jobs import replay
from recording_maker import Maker

pytestmark = pytest.mark.usefixtures("fresh_cache")
needs_views = pytest.mark.skipif(bool(namespaces.refused()), reason="namespaces are not allowed here")


def run(path: Path, **how: Any) -> replay.Result:
    return outcome(replay.run(replay.Arguments(path, **{"isolation": "links", **how})))


def causes(result: replay.Result) -> dict[str, str]:
    return {one.path: one.cause.name for row in result.steps for one in row.causes}


def shell(maker: Maker, script: str, *outputs: str, **how: Any) -> None:
    maker.run("sh", "-c", script, outputs=[f"$OUT/{name}" for name in outputs], **how)


# --- causes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("isolation", ["links", pytest.param("namespace", marks=needs_views)])
def test_every_planted_impurity_is_named(tmp_path: Path, isolation: str) -> None:
    maker = Maker(tmp_path)
    maker.write("$SRC/told", "told\n")
    maker.write("$SRC/deep/untold", "untold\n")
    maker.write("$SRC/deep/other", "other\n")
    shell(maker, "pwd > $OUT/path", "path")
    shell(maker, "date '+%a %T.%N' > $OUT/date; date +%s%N > $OUT/epoch", "date", "epoch")
    shell(maker, "seq 50 | shuf > $OUT/order", "order")
    shell(maker, "head -c 16 /dev/urandom > $OUT/random", "random")
    shell(maker, "cat $SRC/deep/untold > $OUT/missing", "missing")
    shell(maker, "cat $SRC/deep/untold 2> /dev/null > $OUT/silent; true", "silent")
    shell(maker, "cat $SRC/told > $OUT/good", "good", inputs=["$SRC/told"])
    result = run(maker.save(tmp_path / "r.json"), isolation=isolation)
    assert causes(result) == {
        "$OUT/path": "path",
        "$OUT/date": "time",
        "$OUT/epoch": "time",
        "$OUT/order": "order",
        "$OUT/random": "randomness",
        "$OUT/missing": "undeclared-input",
        "$OUT/silent": "undeclared-input",
    }
    assert result.status == 1 and result.count("same") == 1
    told = [
        one.cause.what
        for row in result.steps
        for one in row.causes
        if one.path in ("$OUT/missing", "$OUT/silent")
    ]
    assert all("$SRC/deep" in words for words in told) and "$SRC/deep/untold" in told[0]


def test_causes_are_named_without_the_recorded_files(tmp_path: Path) -> None:
    """What was built is gone: a second run tells then."""
    maker = Maker(tmp_path)
    shell(maker, "date +%H:%M:%S.%N > $OUT/time", "time")
    shell(maker, "head -c 16 /dev/urandom > $OUT/random", "random")
    shell(maker, "pwd > $OUT/path", "path")
    shutil.rmtree(maker.roots["OUT"])
    found = causes(run(maker.save(tmp_path / "r.json")))
    assert found == {"$OUT/time": "time", "$OUT/random": "randomness", "$OUT/path": "path"}


def test_what_follows_from_an_input_says_so(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    shell(maker, "head -c 16 /dev/urandom > $OUT/a", "a", name="first")
    shell(maker, "cat $OUT/a $OUT/a > $OUT/b", "b", inputs=["$OUT/a"])
    result = run(maker.save(tmp_path / "r.json"))
    assert causes(result) == {"$OUT/a": "randomness", "$OUT/b": "input"}
    assert "$OUT/a of first" in result.steps[1].causes[0].cause.what


def _twisted(maker: Maker, path: Path, *argv: str, **changes: Any) -> Path:
    """The recording with another command in its last step."""
    maker.steps[-1] = replace(maker.steps[-1], argv=argv, **changes)
    return maker.save(path)


@pytest.mark.parametrize(
    ("argv", "name", "says", "status"),
    [
        (("sh", "-c", "kill -9 $$$$"), "killed", "SIGKILL", 2),
        (("sh", "-c", "head -c 9 /dev/zero > /dev/full"), "disk-full", "No space left", 2),
        (("no-such-tool",), "tool", "no-such-tool", 2),
        (("sh", "-c", "exit 7"), "status", "status 7, 0 was recorded", 1),
        (("true",), "missing-output", "did not make $OUT/a", 1),
        (("ln", "-s", "x", "$OUT/a"), "kind", "a file then, a symlink to x now", 1),
    ],
)
@pytest.mark.parametrize("isolation", ["links", pytest.param("namespace", marks=needs_views)])
def test_other_ends(
    tmp_path: Path, isolation: str, argv: tuple[str, ...], name: str, says: str, status: int
) -> None:
    maker = Maker(tmp_path)
    shell(maker, "echo x > $OUT/a", "a")
    result = run(_twisted(maker, tmp_path / "r.json", *argv), isolation=isolation)
    (row,) = result.steps
    assert [one.cause.name for one in row.causes] == [name] and result.status == status
    assert says in row.causes[0].cause.what


def test_secrets_and_the_network_are_called_to_mind(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    for name, kind in (("one", "secret"), ("two", "network")):
        shell(maker, f"echo x > $OUT/{name}", name, name=name)
        maker.steps[-1] = replace(maker.steps[-1], argv=("sh", "-c", "exit 3"))
        maker.seen[name] = replace(maker.seen[name], impurities=(Impurity(kind, "what was seen"),))
    found = run(maker.save(tmp_path / "r.json"))
    assert set(causes(found).values()) == {"secret", "network"}


@needs_views
def test_a_step_that_writes_elsewhere(tmp_path: Path, portwright: Any) -> None:
    """In a view nothing else can be written; beside its outputs, what it writes is named."""
    maker = Maker(tmp_path)
    away = tmp_path / "away"
    shell(maker, f"echo x > {away}; echo y > $OUT/beside; echo z > $OUT/a", "a")
    away.unlink()
    result = run(maker.save(tmp_path / "r.json"), isolation="namespace")
    assert result.status == 0 and result.steps[0].strays == ("$OUT/beside",) and not away.exists()
    done = portwright("replay", "--again", tmp_path / "r.json")
    assert "wrote what the recording does not know: $OUT/beside" in done.stderr + done.stdout


@pytest.mark.skipif(not shutil.which("unshare"), reason="unshare: not on this machine")
@needs_views
def test_a_full_disk_is_named(tmp_path: Path, repo: Path) -> None:
    """A cache of half a megabyte, and a step that makes a whole one: its own error, or ours when it is put away."""
    maker = Maker(tmp_path)
    shell(maker, "head -c 1000000 /dev/zero > $OUT/a", "a")
    maker.write("$SRC/big", bytes(1_000_000))
    shell(maker, "wc -c < $SRC/big > $OUT/b", "b", inputs=["$SRC/big"])
    file = maker.save(tmp_path / "r.json")
    small = tmp_path / "small"
    small.mkdir()
    for isolation in ("links", "namespace"):
        script = 'mount -t tmpfs -o size=500k none "$1" && shift && PORTWRIGHT_CACHE="$PWD/small" exec "$@"'
        argv = [sys.executable, "-m", "portwright", "replay", "--isolation", isolation, str(file)]
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script, "sh", str(small), *argv],
            cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(repo / "src"), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == 2 and "No space left" in said and "PORTWRIGHT_CACHE" in said, said
        assert "Traceback" not in said and "defect" not in said


# --- sources and tools -------------------------------------------------------------------------------------------


def test_all_that_is_gone_or_changed_is_listed_at_once(tmp_path: Path, portwright: Any) -> None:
    tool = tmp_path / "tools" / "mine"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\ncat\n")
    tool.chmod(0o755)
    maker = Maker(tmp_path, env={"PATH": f"{tool.parent}:/usr/bin:/bin"})
    for name in "abc":
        maker.write(f"$SRC/{name}", name)
        maker.run("mine", stdin=f"$SRC/{name}", stdout=f"$OUT/{name}")
    file = maker.save(tmp_path / "r.json")
    assert run(file).status == 0
    maker.path("$SRC/a").unlink()
    maker.write("$SRC/b", "other")
    tool.write_text("#!/bin/sh\ncat; echo\n")
    done = portwright("replay", file)
    assert done.returncode == 2
    for name, what in ((maker.path("$SRC/a"), "is gone"), (maker.path("$SRC/b"), "has changed")):
        assert f"{name}: error: this {what} since it was recorded" in done.stderr
    assert (
        f"{tool}: error: the tool has changed" in done.stderr and str(maker.path("$SRC/c")) not in done.stderr
    )
    maker.write("$SRC/a", "a")
    maker.write("$SRC/b", "b")
    with pytest.raises(BadInput, match="--tools-may-differ"):
        run(file)
    result = run(file, tools_may_differ=True)
    assert (
        result.status == 1
        and set(causes(result).values()) == {"tools"}
        and result.changed_tools == (str(tool),)
    )
    tool.unlink()
    with pytest.raises(BadInput, match="the tool is gone"):
        run(file)
    result = run(file, tools_may_differ=True)
    assert result.status == 2 and {row.outcome for row in result.steps} == {"unjudged"}


def test_why_each_step_ran(tmp_path: Path, portwright: Any) -> None:
    maker = Maker(tmp_path)
    maker.write("$SRC/a", "a")
    maker.write("$SRC/c", "c")
    maker.run("cp", "$SRC/a", "$OUT/b", inputs=["$SRC/a"], outputs=["$OUT/b"], name="copy")
    shell(maker, "wc -c < $OUT/b > $OUT/size", "size", inputs=["$OUT/b"], name="size")
    maker.run("cp", "$OUT/size", "$OUT/last", inputs=["$OUT/size"], outputs=["$OUT/last"], name="last")
    file = maker.save(tmp_path / "r.json")
    assert {row.why for row in run(file).steps} == {("it was not replayed before",)}
    assert {row.why for row in run(file).steps} == {("nothing that it reads has changed",)}
    maker.write("$SRC/a", "z")
    why = {row.name: row.why for row in run(file, update=True).steps}
    assert why["copy"] == ("$SRC/a changed",) and why["size"] == ("$OUT/b of copy changed",)
    assert why["last"] == ("nothing that it reads has changed",)
    done = portwright("replay", "--isolation", "links", "--update", "--explain", file)
    assert done.returncode == 0 and "changed: $SRC/a" in done.stdout and "copy (cp) rebuilt" in done.stdout
    assert {row.why for row in run(file, update=True, again=True).steps} == {("--again was said",)}
    maker.steps[-1] = replace(maker.steps[-1], env={**maker.env, "NEW": "1"})
    maker.write("$SRC/a", "a")
    (row,) = [row for row in run(maker.save(file)).steps if row.ran]
    assert (row.name, row.why) == ("last", ("its environment is another",))


# --- the verb ----------------------------------------------------------------------------------------------------


def test_document_and_outputs(tmp_path: Path, portwright: Any) -> None:
    maker = Maker(tmp_path)
    shell(maker, "mkdir -p $OUT/in; echo x > $OUT/in/a", "in/a")
    file = maker.save(tmp_path / "r.json", ended=False)
    done = portwright("replay", "--json", "-j", "1", "-o", tmp_path / "got", file)
    document = json.loads(done.stdout)
    assert (done.returncode, document["verb"], document["status"]) == (0, "replay", 0)
    assert document["ended"] is False and document["written"] == 1
    assert (tmp_path / "got" / "in" / "a").read_text() == "x\n"
    done = portwright("replay", file)
    assert done.returncode == 0 and "the same: 1 step, 0 ran, 1 output as recorded" in done.stdout
    assert "cut off" in done.stdout
    assert portwright("replay", "--root", "SRC", file).returncode == 2
    done = portwright("replay", "-o", file, file)
    assert done.returncode == 2 and "Traceback" not in done.stderr and "defect" not in done.stderr


# --- bad recordings ----------------------------------------------------------------------------------------------


def _spoilt(change: Callable[[Any], Any]) -> Callable[[str], str]:
    def spoil(text: str) -> str:
        value = json.loads(text)
        change(value)
        return json.dumps(value)

    return spoil


def _step(number: int, **values: Any) -> Callable[[str], str]:
    return _spoilt(lambda value: value["plan"]["steps"][number].update(values))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda text: text[: len(text) // 2], "cut off or damaged"),
        (lambda text: "", "no JSON"),
        (lambda text: "[]", "not a recording"),
        (lambda text: "{}", "not a recording"),
        (_spoilt(lambda value: value.update(schema=99)), "not a recording of schema"),
        (_spoilt(lambda value: value["seen"].clear()), "no entry in what was seen"),
        (_spoilt(lambda value: value["roots"].clear()), "the root OUT, whose folder is not said"),
        (_spoilt(lambda value: value["roots"].update(SRC="../x")), "no absolute folder"),
        (_step(1, name="one"), "two steps are called `one`"),
        (_step(1, needs=["three"]), "which is no step before it"),
        (_step(0, outputs=["$OUT/x"]), "which does not make it"),
        (_step(0, outputs=["$OUT/../../x"]), "no normalised name"),
        (_step(0, outputs=["x"]), "no normalised name"),
        (_step(0, argv=[]), "without words"),
        (_step(0, stdout="$OUT/q"), "no file of its own"),
        (_step(0, name="../one"), "a name that no file can have"),
        (_step(0, argv=[1]), "`plan.steps[0].argv[0]` is 1, and must be a text"),
        (_step(0, argv=["a\0"]), "has a NUL"),
        (_step(0, argv=["a\ud800"]), "halves of characters"),
        (_step(0, kind="zzz"), "must be one of tool"),
        (_step(0, kind="portwright"), "own work"),
        (_step(0, env={"": "x"}), "cannot be called ''"),
        (_step(0, env={"a=b": "x"}), "cannot be called 'a=b'"),
        (_step(0, outputs=["/etc/x"]), "below no root"),
        (_step(0, outputs=["$OUT"]), "a root itself"),
        (_step(0, colour=1), "`plan.steps[0].colour` is not known"),
        (_spoilt(lambda value: value["plan"]["steps"][0].pop("argv")), "`plan.steps[0].argv` is missing"),
        (
            _spoilt(lambda value: value["plan"]["steps"][0]["inputs"][0].update(digest="../..")),
            "digest that is none",
        ),
        (
            _spoilt(lambda value: value["plan"]["steps"][0]["inputs"][0].update(kind="fifo")),
            "must be one of file",
        ),
        (_spoilt(lambda value: value["plan"]["texts"].update({"../x": "a"})), "is not what its digest says"),
        (_spoilt(lambda value: value["seen"]["one"]["outputs"].clear()), "other files than its outputs"),
        (_spoilt(lambda value: value["seen"]["one"].update(seconds="1")), "and must be a number"),
        (_spoilt(lambda value: value["seen"]["one"].update(seconds=float("nan"))), "and must be a number"),
        (_spoilt(lambda value: value["seen"]["one"].update(status="0")), "and must be a whole number"),
        (_spoilt(lambda value: value["tools"][0].update(path=5)), "`tools[0].path` is 5"),
        (_spoilt(lambda value: value["roots"].update(a="/x")), "a root cannot be called 'a'"),
    ],
)
def test_bad_recordings(tmp_path: Path, spoil: Callable[[str], str], says: str) -> None:
    file = _small(tmp_path)
    file.write_text(spoil(file.read_text()))
    with pytest.raises(BadInput) as caught:
        recording_file.load(file)
    assert says in str(caught.value)
    assert all(fault.hint and str(file) in str(fault.where) for fault in caught.value.faults)


def _small(folder: Path) -> Path:
    maker = Maker(folder)
    maker.write("$SRC/a", "a")
    shell(maker, "cat $SRC/a > $OUT/b", "b", inputs=["$SRC/a"], name="one")
    shell(maker, "cat $OUT/b > $OUT/c", "c", inputs=["$OUT/b"], name="two")
    return maker.save(folder / "r.json")


def test_no_file_and_no_text(tmp_path: Path) -> None:
    for path in (tmp_path / "gone", tmp_path, tmp_path / "bytes"):
        (tmp_path / "bytes").write_bytes(b"\xff\xfe\0")
        with pytest.raises(BadInput, match="cannot be read"):
            recording_file.load(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_is_bad_input_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    """Any value of the document replaced by any other."""
    file = tmp_path / "small.json"
    if not file.exists():
        shutil.copy(_small(tmp_path), file)
    value = json.loads(file.read_text())
    place: Any = value
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not data.draw(st.integers(0, 3)):
            break
        place = place[key]
    place[key] = data.draw(
        st.none()
        | st.integers(-5, 5)
        | st.text("a$/.=\0\u00e9\ud800\udc80", max_size=4)
        | st.just([])
        | st.just({})
        | st.just([[1]])
        | st.booleans()
    )
    spoilt = tmp_path / "spoilt.json"
    spoilt.write_text(json.dumps(value))
    try:
        file_of = recording_file.load(spoilt)
    except PortwrightError as error:
        assert isinstance(error, BadInput)
        return
    with contextlib.suppress(PortwrightError):
        emit_recording.emission(file_of.recording, spoilt)
    emit_recording.draft(file_of.recording)
    with contextlib.suppress(PortwrightError), Replay(file_of, Settings(isolation="links", jobs=1)) as replay:
        list(replay.run())
        replay.finish()
