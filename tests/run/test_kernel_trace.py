"""Traces of programs on this machine's kernel, in the ledger's words."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import std_oracle as oracles
from portwright.describe.toolchain import Toolchain
from portwright.run import kernel_trace, on_kernel
from portwright.run.events import Called, Died, Exited, Outcome
from portwright.run.limits import Limits
from portwright.run.options import Options
from portwright.run.trace import text_line

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
ORACLE = oracles.load()
Run = Callable[..., Outcome]


@pytest.fixture(scope="module")
def traced(toolchain: Toolchain) -> Run:
    """Runs the guest with every call shown."""
    oracles.skip_elsewhere()
    guest = oracles.Oracle(ORACLE, toolchain).build(Path(__file__).parent / "kernel_guest.rs")

    def run(*words: str, **given: object) -> Outcome:
        options = Options(**{"stdin": b"", "capture": True, "calls": True, "arguments": words, **given})  # type: ignore[arg-type]
        return on_kernel.run_on_kernel(ORACLE, guest, options)

    return run


def lines(calls: tuple[Called, ...]) -> list[str]:
    return [text_line(called) for called in calls]


def test_the_program_s_calls_and_no_others(traced: Run) -> None:
    """Not those of what started it; what it read and wrote is shown, and errors have names."""
    seen = traced("echo", stdin=b"abc")
    assert (seen.end, seen.stdout) == (Exited(0), b"abc")
    shown = lines(seen.calls)
    assert shown[0].startswith("mmap(NULL, ") and shown[1].startswith("arch_prctl(0x")
    assert 'read(0, "abc", ' in "\n".join(shown)
    assert 'write(1, "abc", 3) = 3' in shown and 'write(2, "3", 1) = 1' in shown
    assert shown[-1] == "exit_group(0) = ?"
    assert all(called.thread is None for called in seen.calls)
    failed = traced("look").calls
    assert ("open", "ENOENT") in {(called.name, called.error) for called in failed}


def test_every_thread_is_followed(traced: Run) -> None:
    seen = traced("threads")
    assert seen.end == Exited(0)
    written = {called.thread: called.result for called in seen.calls if called.name == "write"}
    assert sorted(written.values()) == [1, 2]  # an empty file is not written to
    made = [called.result for called in seen.calls if called.operation == "thread_clone"]
    ended = [called.thread for called in seen.calls if called.operation == "thread_exit"]
    assert len(made) == 3 and sorted(made) == sorted(ended) and {*written} < {*made}
    assert {called.process for called in seen.calls if called.thread in made} == {seen.calls[-1].process}


def test_children_and_what_they_become_are_followed(traced: Run) -> None:
    seen = traced("child")
    assert (seen.end, seen.stdout) == (Exited(0), b"Some(5)\n")
    (child,) = {called.process for called in seen.calls if called.operation == "execute"}
    (parent,) = {called.process for called in seen.calls if called.operation == "fork"}
    assert child != parent
    execution = next(called for called in seen.calls if called.operation == "execute")
    assert execution.error is None and '"status", "5"' in dict(execution.arguments)["arguments"]
    assert lines(tuple(c for c in seen.calls if c.process == child))[-1].endswith("exit_group(5) = ?")
    assert any(called.operation == "wait" and called.result == child for called in seen.calls)


def test_what_is_left_running_ends_with_the_program(traced: Run) -> None:
    began = time.monotonic()
    seen = traced("leave")
    assert seen.end == Exited(0) and time.monotonic() - began < 20
    left = Path(f"/proc/{seen.stdout.decode().strip()}/stat")
    # An orphan that nobody has reaped yet is still a name, but no process.
    assert not left.exists() or left.read_text().rpartition(")")[2].split()[0] == "Z"


def test_ends_and_limits_are_those_of_an_untraced_run(traced: Run) -> None:
    assert traced("status", "7").status == 7
    seen = traced("null")
    assert isinstance(seen.end, Died) and seen.end.report.kind == "bad-access"
    late = traced("sleep", limits=Limits(seconds=0.5))
    assert isinstance(late.end, Died) and late.end.report.kind == "time-limit"
    assert late.calls[-1].name == "nanosleep" and late.calls[-1].result is None


def test_lines_go_where_they_are_asked_to(traced: Run, tmp_path: Path) -> None:
    with (tmp_path / "trace").open("wb") as file:
        seen = traced("status", "0", calls=False, trace="text", trace_fd=file.fileno())
    assert seen.calls == () and (tmp_path / "trace").read_text().endswith("exit_group(0) = ?\n")


def test_a_trace_that_cannot_be_made_ends_the_program(traced: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def refuse(kind: int, pid: int, *_: object) -> None:
        asked.append(pid)
        raise PermissionError(1, "not here")

    monkeypatch.setattr(kernel_trace.ptrace, "request", refuse)
    with pytest.raises(PermissionError, match="not here"):
        traced("sleep")
    assert len(asked) == 1 and not Path(f"/proc/{asked[0]}").exists()
