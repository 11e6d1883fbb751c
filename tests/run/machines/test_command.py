"""A machine that a command makes: its console, its end, what is typed, and a hundred megabytes."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import BadInput, MissingTool
from portwright.describe.machines.command import Command
from portwright.judge import boot as judge
from portwright.run import console
from portwright.run.console import Boot
from portwright.run.events import ConsoleOutput, MachineEnded, MachineEvent, Ticked
from portwright.run.session import Session
from portwright.run.transcript_file import Recorder


def machine(*words: str, **others: Any) -> Command:
    milestones = [{"name": "done", "text": "DONE", "seconds": 60}]
    return Command.model_validate(
        {"kind": "command", "command": list(words), "milestone": milestones, **others}
    )


@contextmanager
def running(tmp_path: Path, described: Command, **others: Any) -> Iterator[Session]:
    start = console.start(Boot("m", described, tmp_path, tmp_path, **others))
    session = Session(start, Recorder(tmp_path / "record"))
    try:
        yield session
    finally:
        session.close()


def until_the_end(session: Session) -> tuple[bytes, MachineEnded]:
    data = b""
    for event in session.events():
        if isinstance(event, ConsoleOutput):
            data += event.data
        if isinstance(event, MachineEnded):
            return data, event
    raise AssertionError


@pytest.mark.parametrize(
    ("script", "how", "status"),
    [("echo DONE", "powered-off", 0), ("echo DONE; exit 3", "exited", 3), ("kill -9 $$", "killed", -9)],
)
def test_its_ends(tmp_path: Path, script: str, how: str, status: int) -> None:
    with running(tmp_path, machine("/bin/sh", "-c", script)) as session:
        data, end = until_the_end(session)
    assert (end.how, end.status) == (how, status)
    assert data == (b"DONE\n" if "DONE" in script else b"")


def test_what_is_typed_and_what_the_line_gives(tmp_path: Path) -> None:
    words = ("/bin/sh", "-c", 'read line; echo "$0 $line $WORD"', "{kernel}:{append}")
    described = machine(*words, environment={"WORD": "env"})
    with running(tmp_path, described, kernel=tmp_path / "k", append="a b") as session:
        session.type(b"typed\n")
        data, _ = until_the_end(session)
    assert data.decode() == f"{tmp_path}/k:a b typed env\n"
    with pytest.raises(BadInput, match=r"asks for \{kernel\}"):
        console.start(Boot("m", described, tmp_path, tmp_path))
    with pytest.raises(MissingTool), running(tmp_path, machine("/nowhere/x")):
        pass


def test_time_passes_while_nothing_is_said(tmp_path: Path) -> None:
    with running(tmp_path, machine("/bin/sleep", "5")) as session:
        ticks = []
        for event in session.events():
            if isinstance(event, Ticked):
                ticks.append(event.at)
            if len(ticks) == 3:
                break
        assert ticks == sorted(ticks)
        session.sample(glance=True)
        sampled: MachineEvent = next(session.events())
        assert getattr(sampled, "state", None) == "unknown"


def test_a_hundred_megabytes_end_at_the_limit_and_are_not_held(tmp_path: Path) -> None:
    script = (
        "import sys; [sys.stdout.write('a line that says nothing new at all\\n' * 30000) for _ in range(100)]"
    )
    described = machine(sys.executable, "-c", script, most_output=8 << 20)
    seen = judge.begin(judge.Rules(described))
    began = time.process_time()
    with running(tmp_path, described) as session:
        for event in session.events():
            seen = judge.step(seen, event)
            if seen.verdict is not None:
                break
    assert seen.verdict is not None and seen.verdict.outcome == "flood"
    assert "again and again `a line that says nothing new" in seen.verdict.detail
    assert seen.total < 12 << 20
    assert len(seen.tail) <= judge.TAIL
    assert time.process_time() - began < 5
