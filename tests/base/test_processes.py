"""The one door to processes: what it prints can be pasted, what it starts it ends, and what fails is named."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.base import processes
from portwright.base.errors import MissingTool, StepFailed

SRC = str(Path(processes.__file__).parents[2])
WORD = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=12)


@given(st.lists(WORD, min_size=1, max_size=4))
def test_a_pasted_command_gives_the_same_arguments(words: list[str]) -> None:
    line = processes.paste(["printf", "%s\\0", *words])
    shown = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True).stdout
    assert shown == b"".join(word.encode() + b"\0" for word in words)


def test_output_status_and_time_are_told() -> None:
    done = processes.run(["/bin/sh", "-c", "cat; echo problem >&2; exit 3"], stdin=b"in")
    assert (done.status, done.stdout, done.stderr) == (3, b"in", b"problem\n")
    with pytest.raises(StepFailed) as caught:
        processes.check(done, what="the step")
    assert "problem" in caught.value.faults[0].what and "/bin/sh -c" in (caught.value.faults[0].hint or "")
    assert caught.value.status == 1


def test_a_missing_tool_is_named() -> None:
    with pytest.raises(MissingTool, match="no-such-tool"):
        processes.run(["no-such-tool-at-all"])
    with pytest.raises(MissingTool, match="no-such-tool"):
        processes.need("no-such-tool-at-all", "install it")


def test_what_runs_too_long_is_ended_with_its_children() -> None:
    began = time.monotonic()
    done = processes.run(["/bin/sh", "-c", "sleep 60 & sleep 60"], timeout=0.3)
    assert done.status == -9 and time.monotonic() - began < 10


def test_lines_come_as_they_are_written_and_large_output_does_not_block() -> None:
    script = "import sys\nfor i in range(3): print('e', i, file=sys.stderr)\nsys.stdout.write('x' * 1000000)"
    lines: list[bytes] = []
    done = processes.run([sys.executable, "-c", script], on_line=lines.append)
    assert [line.split()[1] for line in lines] == [b"0", b"1", b"2"]
    assert len(done.stdout) == 1000000


def test_the_environment_can_lose_variables() -> None:
    environment = processes.environment({"A": "1", "B": None}, base={"B": "2", "C": "3"})
    assert environment == {"A": "1", "C": "3"}


def test_a_long_running_process_is_told_of_and_ended(tmp_path: Path) -> None:
    script = ["/bin/sh", "-c", "echo words >&2; exec sleep 60"]
    attended = processes.Attended(script, tmp_path / "words")
    while not attended.words():
        time.sleep(0.01)
    assert (attended.status(), attended.words()) == (None, "words")
    attended.close()
    attended.close()
    assert attended.status() in (-15, -9)
    ended = processes.Attended(["/bin/sh", "-c", "exit 3"], tmp_path / "words")
    select.select([ended.handle], [], [], 10)
    assert ended.status() == 3
    ended.close()
    with pytest.raises(MissingTool):
        processes.Attended(["/nowhere/x"], tmp_path / "words")


def test_it_does_not_outlive_us(tmp_path: Path) -> None:
    """Even where we are killed without a chance to do anything."""
    if processes.which("setpriv") is None:
        pytest.skip("setpriv: util-linux has it")
    code = (
        "import sys, time; from pathlib import Path; from portwright.base.processes import Attended\n"
        f"a = Attended(['/bin/sleep', '300'], Path({str(tmp_path / 'words')!r}))\n"
        "print(a.process.pid, flush=True); time.sleep(300)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": SRC}
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    handle = os.pidfd_open(child)
    while Path(f"/proc/{child}/comm").read_text() != "sleep\n":  # setpriv is still at work
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    assert select.select([handle], [], [], 10)[0], "it ended"
    os.close(handle)
    parent.stdout.close()
