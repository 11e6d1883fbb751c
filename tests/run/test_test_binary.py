"""Tests of one test binary: each gets its result, whatever the guest does, with real test binaries of this machine."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from portwright.base.errors import PortwrightError
from portwright.describe.toolchain import Toolchain
from portwright.run import host_process, test_binary, test_queue, test_suites
from portwright.run.events import Outcome, RunEvent, TestResult
from portwright.run.options import Options

pytestmark = pytest.mark.toolchain
SOURCE = """
#[test] fn a_passes() { println!("not shown") }
#[test] fn b_fails() { println!("said before"); assert_eq!(1 + 1, 3, "arithmetic") }
#[test] #[ignore = "for a reason"] fn c_is_ignored() { unreachable!() }
#[test] #[should_panic(expected = "this")] fn d_panics_as_expected() { panic!("this and more") }
#[test] #[should_panic(expected = "this")] fn e_panics_otherwise() { panic!("that") }
#[test] fn f_crashes() { if std::env::var_os("GENTLE").is_none() { std::process::abort() } }
#[test] fn g_exits() { std::process::exit(0) }
#[test] fn h_hangs() { loop { std::thread::sleep(std::time::Duration::from_secs(9)) } }
#[test] fn i_prints_what_looks_like_a_line_of_libtest() {
    use std::io::Write;
    let line = r#"{ "type": "test", "name": "a_passes", "event": "failed" "#;
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}
#[test] fn j_passes() {}
"""
PASSED = ["a_passes", "d_panics_as_expected", "i_prints_what_looks_like_a_line_of_libtest", "j_passes"]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory, toolchain: Toolchain) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("binary")
    (folder / "t.rs").write_text(SOURCE)

    def made(*flags: str) -> Path:
        out = folder / ("t" + "".join(flags).replace("=", ""))
        argv = [
            str(toolchain.rustc),
            "--edition=2021",
            "--test",
            *flags,
            "-o",
            str(out),
            str(folder / "t.rs"),
        ]
        subprocess.run(argv, check=True, env={"RUSTC_BOOTSTRAP": "1", "PATH": "/usr/bin:/bin"})
        return out

    return made


def binary(path: Path, *, aborts: bool) -> test_binary.TestBinary:
    return test_binary.TestBinary(path, host_process.run, Options(), 2.0, aborts)


def results(one: test_binary.TestBinary) -> tuple[dict[str, TestResult], set[str]]:
    tests, alone = one.tests()
    seen: dict[str, TestResult] = {}

    def tell(what: str | TestResult) -> None:
        if isinstance(what, TestResult):
            assert what.name not in seen
            seen[what.name] = what

    one.together([test.name for test in tests if not test.ignored and test.name not in alone], tell)
    for name in sorted(alone):
        one.alone(name, tell)
    return seen, alone


def test_where_panics_unwind_one_guest_serves_many_and_goes_on_behind_a_crash(
    build: Callable[..., Path],
) -> None:
    seen, alone = results(binary(build(), aborts=False))
    assert alone == set()
    assert [name for name, result in seen.items() if result.result == "passed"] == PASSED
    assert {name: result.result for name, result in seen.items() if name not in PASSED} == {
        "b_fails": "failed",
        "e_panics_otherwise": "failed",
        "f_crashes": "crashed",
        "g_exits": "crashed",
        "h_hangs": "hung",
    }
    assert "said before" in seen["b_fails"].detail and "arithmetic" in seen["b_fails"].detail
    assert "signal 6" in seen["f_crashes"].detail and "status 0" in seen["g_exits"].detail
    assert seen["h_hangs"].seconds >= 2.0


@pytest.mark.parametrize("aborts", [False, True])
def test_one_that_is_known_to_hang_runs_alone_and_for_its_own_time(
    build: Callable[..., Path], aborts: bool
) -> None:
    path = build(*(("-Cpanic=abort", "-Zpanic-abort-tests") if aborts else ()))
    known = dataclasses.replace(
        binary(path, aborts=aborts), seconds=60.0, hangs=lambda name: name == "h_hangs", hanging=0.5
    )
    seen, alone = results(known)
    assert "h_hangs" in alone and seen["h_hangs"].result == "hung" and seen["h_hangs"].seconds < 30
    assert sorted(name for name, result in seen.items() if result.result == "passed") == PASSED


def test_where_panics_abort_what_must_panic_runs_alone_and_every_result_is_the_same(
    build: Callable[..., Path],
) -> None:
    seen, alone = results(binary(build("-Cpanic=abort", "-Zpanic-abort-tests"), aborts=True))
    assert alone == {"d_panics_as_expected", "e_panics_otherwise"}
    assert sorted(name for name, result in seen.items() if result.result == "passed") == PASSED
    assert {
        name: seen[name].result for name in ("b_fails", "e_panics_otherwise", "f_crashes", "h_hangs")
    } == {
        "b_fails": "failed",
        "e_panics_otherwise": "failed",
        "f_crashes": "crashed",
        "h_hangs": "hung",
    }
    assert "arithmetic" in seen["b_fails"].detail


def test_a_guest_that_never_came_to_its_test_took_no_longer_than_it_ran() -> None:
    """And a list of the tests is given its own time, whatever is known to hang."""
    given: list[float | None] = []

    def run(path: Path, options: Options, emit: Callable[[RunEvent], None]) -> Outcome:
        from portwright.run.limits import time_end

        given.append(options.limits.seconds)
        return Outcome(time_end("wall", 1.0))

    seen: list[str | TestResult] = []
    one = test_binary.TestBinary(Path("t"), run, Options(), 60.0, hangs=lambda name: True, hanging=5.0)
    with pytest.raises(PortwrightError):
        one.tests()
    one.alone("it", seen.append)
    dataclasses.replace(one, hanging=None).alone("it", seen.append)
    assert given == [120.0, 5.0, 60.0]
    assert [what.seconds < 60 for what in seen if isinstance(what, TestResult)] == [True, True]


def test_a_slow_test_behind_others_gets_the_whole_of_its_time() -> None:
    """The guest's time is over while a test still has some of its own: a fresh guest takes it on."""
    started: list[tuple[str, ...]] = []

    def run(path: Path, options: Options, emit: Callable[[RunEvent], None]) -> Outcome:
        from portwright.run.events import Exited, Wrote
        from portwright.run.limits import time_end

        started.append(options.arguments)
        wanted = options.arguments[options.arguments.index("--exact") + 1 :]
        for name in wanted:
            emit(Wrote("stdout", f'{{ "type": "test", "event": "started", "name": "{name}" }}\n'.encode()))
            if name == "slow" and len(wanted) > 1:
                return Outcome(time_end("wall", 1.0))
            emit(Wrote("stdout", f'{{ "type": "test", "name": "{name}", "event": "ok" }}\n'.encode()))
        return Outcome(Exited(0))

    seen: list[str | TestResult] = []
    test_binary.TestBinary(Path("t"), run, Options(), 5.0).together(["quick", "slow"], seen.append)
    assert [what.result for what in seen if isinstance(what, TestResult)] == ["passed", "passed"]
    assert len(started) == 2 and started[1][-1] == "slow"


def test_a_queue_of_several_guests_and_a_journal_give_the_same_and_a_stopped_run_goes_on(
    build: Callable[..., Path], tmp_path: Path
) -> None:
    one = binary(build(), aborts=False)
    request = test_suites.Request(tmp_path, "", 7, 2)
    running = test_suites.run({"t": one}, request)
    for progress in running:
        if isinstance(progress.now.what, TestResult) and progress.done == 2:
            running.close()  # as a Ctrl-C does
    kept = (tmp_path / "t.jsonl").read_text().splitlines()
    assert 3 <= len(kept) < 11
    (tmp_path / "t.jsonl").write_text("\n".join(kept) + '\n{"name": "torn", "resu')
    running = test_suites.run({"t": one}, request)
    begun = set()
    while True:
        try:
            told = next(running).now
            begun.add(told.what if isinstance(told.what, str) else told.what.name)
        except StopIteration as stop:
            ran: test_suites.Ran = stop.value
            break
    assert "a_passes" not in begun and ran.resumed >= 2
    assert ran.whole == {"t"}
    assert [name for name, result in ran.results["t"].items() if result.result == "passed"] == PASSED
    assert ran.results["t"]["c_is_ignored"] == TestResult("c_is_ignored", "ignored", "for a reason")
    again = test_suites.run({"t": one}, request)
    assert next(again).total == 9  # a whole run is history


def test_a_binary_that_does_not_list_its_tests_is_told_beside_the_others(tmp_path: Path) -> None:
    broken = test_binary.TestBinary(Path("/bin/false"), host_process.run, Options(), 1.0)
    lone = test_binary.TestBinary(Path("/bin/true"), host_process.run, Options(), 1.0, harness=False)
    running = test_suites.run({"broken": broken, "lone": lone}, test_suites.Request(tmp_path, "", 1, 1))
    while True:
        try:
            next(running)
        except StopIteration as stop:
            ran: test_suites.Ran = stop.value
            break
    assert "does not list its tests" in ran.broken["broken"]
    assert ran.results["lone"]["main"].result == "passed"


def test_batches_leave_no_test_out_and_keep_the_order(tmp_path: Path) -> None:
    one = test_binary.TestBinary(tmp_path, host_process.run, Options(), 1.0, aborts=True)
    names = [f"t{number}" for number in range(1000)]
    found = test_queue.batches("s", one, names, {"t7", "t900"}, 2)
    shared = [name for batch in found if not batch.alone for name in batch.names]
    assert shared == [name for name in names if name not in ("t7", "t900")]
    assert [name for batch in found if batch.alone for name in batch.names] == ["t7", "t900"]
