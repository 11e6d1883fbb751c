"""`portwright conformance`, from outside: Rust's own tests on a port, in guests, judged and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from port_copies import copied, quick
from portwright.build import test_goals
from portwright.describe import port as ports
from portwright.describe.port import Port
from portwright.jobs import conformance
from portwright.run import machine
from portwright.run.options import Options
from std_oracle import BUNDLED, result_of

NAME = "x86_64-unknown-veridian"
ABORT = ("--panic", "abort")  # the sysroot that other tests have built already
SUITES = (*ABORT, "--suite", "std-istr", "--suite", "std-num", "--suite", "std-pipe-subprocess")
pytestmark = [pytest.mark.toolchain, pytest.mark.slow, pytest.mark.usefixtures("toolchain")]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder: Path = copied(NAME, tmp_path / "port", "target", "port.lock", "expected.toml")
    return folder


def document(shown: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shown.stdout)
    assert "suites" in found, shown.stdout + shown.stderr
    return found


@pytest.mark.parametrize("engine", ["native", "unicorn"])
def test_small_suites_pass_on_both_engines_and_are_kept(portwright: Callable[..., Any], engine: str) -> None:
    shown = portwright("conformance", NAME, *SUITES, "--engine", engine, "--json")
    found = document(shown)
    counts = {suite["name"]: suite["counts"] for suite in found["suites"]}
    assert counts["std-istr"]["passed"] == 5 and counts["std-num"]["passed"] == 25
    assert counts["std-pipe-subprocess"]["passed"] == 1
    assert found["failures"] == [] and found["on"] == engine and shown.returncode == 0
    kept = json.loads(Path(found["kept"]).read_text())["suites"]
    assert len(kept["std-num"]) == 25 and {row[0] for row in kept["std-num"].values()} == {"passed"}
    again = document(portwright("conformance", NAME, *SUITES, "--engine", engine, "--json"))
    assert again["compared"] == {"worse": [], "mended": [], "new": 0, "gone": 0}


def test_an_exception_for_a_test_that_passes_fails_the_run(
    portwright: Callable[..., Any], copy: Path
) -> None:
    (copy / "expected.toml").write_text(
        '[[expected]]\nsuite = "std-istr"\ntest = "string_ref*"\nreason = "not needed any more"\n'
        '[[expected]]\nsuite = "std-istr"\ntest = "no_such"\nreason = "its test is gone"\n'
    )
    shown = portwright("conformance", str(copy), *ABORT, "--suite", "std-istr", "--json")
    found = document(shown)
    assert shown.returncode == 1 and found["failures"] == [] and len(found["expired"]) == 2, found


def test_what_an_older_machine_told_is_not_taken_over(tmp_path: Path) -> None:
    code = tmp_path / "run"
    (code / "engines" / "__pycache__").mkdir(parents=True)
    (code / "engines" / "one.py").write_text("A = 1\n")
    before = conformance.machine_hash(code)
    (code / "engines" / "__pycache__" / "one.pyc").write_bytes(b"made anew")
    assert conformance.machine_hash(code) == before
    (code / "engines" / "one.py").write_text("A = 2\n")
    assert conformance.machine_hash(code) != before


def test_a_filter_runs_only_what_it_names(portwright: Callable[..., Any]) -> None:
    found = document(
        portwright("conformance", NAME, *ABORT, "--suite", "std-num", "--filter", "u64", "--json")
    )
    (suite,) = found["suites"]
    assert 0 < suite["counts"]["passed"] < 25


def test_a_suite_that_is_not_there_is_told(portwright: Callable[..., Any]) -> None:
    shown = portwright("conformance", NAME, "--suite", "std-nmu", "--filter", "x")
    assert shown.returncode == 2 and "did you mean `std-num`" in shown.stderr


def test_the_quick_part_passes_on_the_bundled_port(portwright: Callable[..., Any]) -> None:
    """Programs and integration tests: what `make test` has of Rust's own tests."""
    shown = portwright("conformance", NAME, "--quick", *ABORT, "--json")
    found = document(shown)
    unexpected = [row for row in found["failures"] if row["reason"] is None]
    assert (unexpected, found["expired"]) == ([], []) and shown.returncode == 0
    by_kind = {
        kind: sum(s["counts"]["passed"] for s in found["suites"] if s["kind"] == kind)
        for kind in ("programs", "std")
    }
    assert by_kind["programs"] >= 10 and by_kind["std"] > 290


def test_guests_find_the_programs_that_tests_start(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Options] = []
    run_program = machine.run_program

    def run(port: Port, binary: Path, options: Options, *emit: Any) -> Any:
        seen.append(options)
        return run_program(port, binary, options, *emit)

    monkeypatch.setattr(machine, "run_program", run)
    result = result_of(conformance.run(conformance.Arguments(NAME, suite=("std-istr",), panic="abort")))
    assert result.status == 0 and seen
    for options in seen:
        assert {"/bin/sh", "/bin/env", "/bin/mkdir", "/bin/echo"} <= set(options.programs)
        assert options.at is not None and options.at.endswith("/std-istr"), "and they find themselves"
    port = ports.load(NAME, panic="abort")
    assert result_of(test_goals.build(port, ["std-istr"], hosts=False, guests=False)).utilities == {}


def test_a_test_finds_its_own_file(portwright: Callable[..., Any]) -> None:
    """By the link that the ledger speaks of: one asks for it, the other copies it and starts the copy."""
    suites = ("--suite", "std-env", "--suite", "std-process_spawning")
    found = document(portwright("conformance", str(quick(BUNDLED)), *ABORT, *suites, "--json"))
    assert found["failures"] == [] and sum(suite["counts"]["passed"] for suite in found["suites"]) == 7


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("port", "way"),
    [
        (NAME, ("--engine", "native")),
        (NAME, ("--engine", "unicorn")),
        ("x86_64-portwright-linux", ("--on", "kernel")),
        ("x86_64-portwright-linux", ("--engine", "native")),
        ("x86_64-portwright-linux", ("--engine", "unicorn")),
        ("aarch64-portwright-linux", ("--on", "kernel")),
        ("aarch64-portwright-linux", ("--engine", "unicorn")),
    ],
)
def test_all_of_rusts_own_tests(portwright: Callable[..., Any], port: str, way: tuple[str, str]) -> None:
    """Nothing but what is expected fails, and core and alloc do all that they do on the host."""
    shown = portwright("conformance", port, *way, "--json", timeout=3600)
    found = document(shown)
    unexpected = [
        (row["suite"], row["test"], row["result"]) for row in found["failures"] if row["reason"] is None
    ]
    assert (unexpected, found["expired"]) == ([], [])
    for row in found["against"]:
        assert row["missing"] == [], row
