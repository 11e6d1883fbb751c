"""The command line: verbs are the jobs, errors exit with 2, results with their status, and nothing tracebacks."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import click
import pytest
from click.testing import CliRunner
from click.testing import Result as Said

from portwright.base import rooms
from portwright.base.errors import Fault, StepFailed, fail
from portwright.base.events import Begun, Ended, Event, Note
from portwright.cli import app, commands, documents
from portwright.jobs import Arg

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def portwright(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the real command line."""
    return subprocess.run(
        [sys.executable, "-m", "portwright", *words], capture_output=True, text=True, env=ENVIRONMENT, **more
    )


def said(*words: str) -> Said:
    """What the same command line says without a process of its own, which takes half a second for each verb."""
    return CliRunner().invoke(app.command_line(), words, prog_name="portwright")


@dataclass(frozen=True)
class Arguments:
    """Of the test's job."""

    port: Annotated[str, Arg("the port", positional=True)]
    program: Annotated[str, Arg("the program", positional=True)] = ""
    rest: Annotated[tuple[str, ...], Arg("the rest", positional=True, rest=True)] = ()
    seed: Annotated[int | None, Arg("a seed", short="s")] = None
    share: Annotated[tuple[str, ...], Arg("shares")] = ()
    root: Annotated[Path | None, Arg("a folder")] = None
    kind: Annotated[bool, Arg("be kind")] = False
    engine: Annotated[str, Arg("the engine", choices=("native", "unicorn"))] = "native"


@dataclass(frozen=True)
class Result:
    """Of the test's job."""

    given: Arguments
    status: int = 1


def job(run: Any) -> ModuleType:
    module = ModuleType("portwright.jobs.sample", "Do the sample thing.\n\nMore about it.")
    module.VERB, module.Arguments, module.Result, module.run = "sample", Arguments, Result, run  # type: ignore[attr-defined]
    return module


def invoke(run: Any, *words: str) -> Any:
    return CliRunner().invoke(app._command(job(run)), list(words))


def echo(arguments: Arguments) -> Generator[Event, None, Result]:
    yield Begun("sample")
    yield Note("a warning for you", "warning")
    yield Ended("sample", "done", 0.1)
    return Result(arguments)


def test_arguments_arrive_typed_and_options_after_the_program_are_its_own() -> None:
    shown = invoke(
        echo, "--json", "-s", "7", "--share", "a=b", "--share", "c=d", "--kind", "P", "prog", "--seed", "9"
    )
    document = json.loads(shown.stdout)
    assert document["given"] == {
        "port": "P",
        "program": "prog",
        "rest": ["--seed", "9"],
        "seed": 7,
        "share": ["a=b", "c=d"],
        "root": None,
        "kind": True,
        "engine": "native",
    }
    assert shown.exit_code == document["status"] == 1
    assert "a warning for you" in shown.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "--seed", "7", "P", "prog", "--seed", "9"),
        ("P", "--json", "--seed=7", "prog", "--seed", "9"),
        ("P", "-s", "7", "--json", "prog", "--seed", "9"),
    ],
)
def test_own_options_may_stand_before_the_program_but_not_behind(words: tuple[str, ...]) -> None:
    given = json.loads(invoke(echo, *words).stdout)["given"]
    assert (
        given["seed"] == 7
        and given["rest"][-2:] == ["--seed", "9"]
        and "prog" in (given["program"], *given["rest"])
    )


def test_an_error_shows_every_fault_and_exits_with_its_status() -> None:
    def bad(arguments: Arguments) -> Generator[Event, None, Result]:
        yield Begun("sample")
        raise StepFailed([Fault("one", None, "try this", "some/code"), Fault("two")])

    shown = invoke(bad, "P")
    assert shown.exit_code == 1
    assert (
        "error: one [some/code]" in shown.stderr
        and "hint: try this" in shown.stderr
        and "two" in shown.stderr
    )
    document = json.loads(invoke(bad, "--json", "P").stdout)
    assert [fault["what"] for fault in document["faults"]] == ["one", "two"]


def test_bad_input_exits_with_2_or_with_the_jobs_own_failure_status() -> None:
    def bad(arguments: Arguments) -> Generator[Event, None, Result]:
        yield Begun("sample")
        raise fail("no")

    assert invoke(bad, "P").exit_code == 2
    module = job(bad)
    module.FAILURE_STATUS = 125  # type: ignore[attr-defined]
    assert CliRunner().invoke(app._command(module), ["P"]).exit_code == 125


def test_a_defect_is_one_line_and_a_file_never_a_traceback() -> None:
    def broken(arguments: Arguments) -> Generator[Event, None, Result]:
        yield Begun("sample")
        raise ZeroDivisionError("oh")

    shown = invoke(broken, "P")
    assert shown.exit_code == 2
    assert "portwright has a defect: ZeroDivisionError: oh" in shown.stderr
    assert "Traceback" not in shown.output
    path = Path(shown.stderr.split("with the file ")[1].split()[0])
    assert "Traceback" in path.read_text()
    path.unlink()


def test_interruption_has_its_own_status() -> None:
    def interrupted(arguments: Arguments) -> Generator[Event, None, Result]:
        yield Begun("sample")
        raise KeyboardInterrupt

    assert invoke(interrupted, "P").exit_code == 130


def test_the_version_and_the_verbs() -> None:
    shown = portwright("--version")
    assert (shown.returncode, shown.stdout.split()[0]) == (0, "portwright")
    assert portwright("check", "--help").stdout.split() == said("check", "--help").stdout.split()
    for verb in app.verbs():
        help_ = said(*verb.split(), "--help")
        assert help_.exit_code == 0, help_.stderr
        assert "Usage: portwright " + verb in help_.stdout


def test_every_job_keeps_the_contract() -> None:
    from portwright.base import rooms

    for name, module in rooms.load_all("portwright.jobs").items():
        assert name.replace("-", " ") == module.VERB
        assert commands.summary(module.__doc__), f"{name} has no first sentence"
        assert all(isinstance(p, click.Parameter) for p in commands.parameters(module.Arguments))
        assert hasattr(module.Result, "status") or "status" in module.Result.__annotations__


def test_a_misspelled_verb_is_met_with_the_closest() -> None:
    shown = portwright("chekc", "x")
    assert shown.returncode == 2
    assert "Did you mean `check`?" in shown.stderr


def test_a_port_that_is_not_there_exits_with_2_and_lists_the_bundled() -> None:
    shown = portwright("check", "x86_64-unknown-veridan")
    assert shown.returncode == 2
    assert "x86_64-unknown-veridian" in shown.stderr


def test_documents_are_stable_and_hold_any_value() -> None:
    @dataclass(frozen=True)
    class Odd:
        raw: bytes
        path: Path
        names: frozenset[str]
        status: int = 0

    text = documents.result_document("odd", Odd(b"a\xff", Path("/x"), frozenset({"b", "a"})))
    assert json.loads(text) == {
        "verb": "odd",
        "status": 0,
        "raw": "a\\xff",
        "path": "/x",
        "names": ["a", "b"],
    }


@pytest.mark.parametrize("words", [("--nonsense",), ("check",), ("ledger", "nonsense")])
def test_wrong_usage_exits_with_2(words: tuple[str, ...]) -> None:
    assert portwright(*words).returncode == 2


def test_every_verb_says_what_it_must_be_told() -> None:
    """No verb meets a missing argument later than the command line, and none asks for one that has a default."""
    for verb, entry in app.verbs().items():
        module = rooms.load(app.JOBS, entry)
        fields = dataclasses.fields(module.Arguments)
        required = {f.name for f in fields if f.default is f.default_factory is dataclasses.MISSING}
        made = commands.parameters(module.Arguments)
        assert {one.name for one in made if one.required} == required, verb
        if required:
            done = said(*verb.split())
            assert done.exit_code == getattr(module, "FAILURE_STATUS", 2), verb
            assert "Missing argument" in done.stderr, verb


@pytest.mark.parametrize("words", [("schema", "port"), ("schema", "port", "--json")])
def test_a_result_that_cannot_be_written_is_said(words: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        argv = [sys.executable, "-m", "portwright", *words]
        done = subprocess.run(
            argv, stdout=full, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "error: the result cannot be written: No space left on device\n"
