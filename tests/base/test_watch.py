"""`processes.watch`: lines as they come, the end as the result, and nothing left running when it is given up."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from portwright.base.errors import MissingTool
from portwright.base.processes import Completed, watch


def test_lines_come_while_the_process_runs_and_the_end_is_returned() -> None:
    work = watch(["sh", "-c", "echo one >&2; echo out; sleep 0.5; echo two >&2; exit 3"])
    began = time.monotonic()
    assert next(work) == b"one\n"
    assert time.monotonic() - began < 0.4, "the first line did not wait for the second"
    assert next(work) == b"two\n"
    with pytest.raises(StopIteration) as end:
        next(work)
    done = end.value.value
    assert isinstance(done, Completed)
    assert (done.status, done.stdout, done.stderr) == (3, b"out\n", b"one\ntwo\n")


def test_much_output_on_both_sides_does_not_block() -> None:
    script = "i=0; while [ $i -lt 20000 ]; do echo $i; echo $i >&2; i=$((i+1)); done"
    work = watch(["sh", "-c", script])
    lines = 0
    while True:
        try:
            next(work)
            lines += 1
        except StopIteration as end:
            done: Completed = end.value
            break
    assert lines == 20000 and done.stdout.count(b"\n") == 20000


def test_giving_up_ends_the_process_and_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    work = watch(["sh", "-c", f"sleep 60 & echo $! > {note}; echo up >&2; wait"])
    assert next(work) == b"up\n"
    work.close()
    child = int(note.read_text())
    for _ in range(50):
        if not _runs(child):
            return
        time.sleep(0.05)
    os.kill(child, 9)
    pytest.fail("the child still runs")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


def test_a_tool_that_is_not_there_is_an_error() -> None:
    with pytest.raises(MissingTool, match="cannot start"):
        next(watch(["/no/such/tool"]))
