"""The one door to processes: what it prints can be pasted, what it starts it ends, and what fails is named."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.base import processes
from portwright.base.errors import MissingTool, StepFailed

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
