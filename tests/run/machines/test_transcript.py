"""A machine that was: its events come again, and nobody waits for them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from portwright.base.errors import BadInput
from portwright.describe.machines.transcript import Transcript
from portwright.run import console
from portwright.run.console import Boot
from portwright.run.events import ConsoleOutput, MachineEnded, MachineStarted, Ticked
from portwright.run.session import Session
from portwright.run.transcript_file import Recorder


def test_events_come_again_at_once(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "t")
    events = [MachineStarted(0.0, "qemu", "QEMU", 2.0), *(ConsoleOutput(float(n), b"x") for n in range(100))]
    for event in [*events, MachineEnded(100.0, "powered-off")]:
        recorder.write(event)
    recorder.close()
    machine = Transcript.model_validate(
        {"kind": "transcript", "file": "t", "milestone": [{"name": "x", "text": "x"}]}
    )
    began = time.monotonic()
    running = console.start(Boot("m", machine, tmp_path, tmp_path))
    session = Session(running, Recorder(tmp_path / "again"))
    session.type(b"nobody hears it")
    found = [
        event
        for event in session.events()
        if isinstance(event, MachineStarted | ConsoleOutput | MachineEnded)
    ]
    session.close()
    assert found == [*events, MachineEnded(100.0, "powered-off")]
    assert running.sample(glance=False).state == "unknown"
    assert time.monotonic() - began < 3
    assert not [event for event in found if isinstance(event, Ticked)]


def test_a_transcript_that_is_not_there(tmp_path: Path) -> None:
    machine = Transcript.model_validate(
        {"kind": "transcript", "file": "t", "milestone": [{"name": "x", "text": "x"}]}
    )
    with pytest.raises(BadInput, match="no transcript at"):
        console.start(Boot("m", machine, tmp_path, tmp_path))
