"""Transcripts: what is written comes back, whatever the bytes; what is broken is named with its line."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portwright.base.errors import BadInput
from portwright.run import transcript_file
from portwright.run.events import (
    ConsoleInput,
    ConsoleOutput,
    Cpu,
    CpusSampled,
    Frame,
    MachineEnded,
    MachineEvent,
    MachineReset,
    MachineStarted,
    Ticked,
)
from portwright.run.transcript_file import Recorder

EVENTS: list[MachineEvent] = [
    MachineStarted(0.0, "qemu", "QEMU", 4.0, "qemu -x"),
    ConsoleOutput(0.5, "é and ".encode() + bytes(range(256)) + b"\xc3"),
    ConsoleInput(0.6, b"ls\n"),
    MachineReset(0.7, "guest-reset"),
    CpusSampled(
        1.0, "spinning", (Cpu(0, (1, 2), False, True, (Frame(1, "f", 3, "a.rs:1"),), "0"),), ("note",)
    ),
    MachineEnded(2.0, "triple-fault", 1, "words", Cpu(1, (5,))),
]


def test_everything_comes_back(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "t", {"port": "x"})
    for event in EVENTS:
        recorder.write(event)
    recorder.close()
    recorder.close()
    assert list(transcript_file.read(tmp_path / "t")) == EVENTS
    assert (tmp_path / "t").read_text().startswith('{"transcript":1,"port":"x"}\n')


def test_only_ticks_that_something_follows_from(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "t")
    for event in (
        Ticked(0.1),
        Ticked(0.2),
        ConsoleOutput(0.3, b"x"),
        Ticked(0.4),
        Ticked(2.0),
        CpusSampled(2.0, "idle"),
    ):
        recorder.write(event)
    recorder.write(Ticked(3.0))
    recorder.close()
    found = list(transcript_file.read(tmp_path / "t"))
    assert found[:3] == [ConsoleOutput(0.3, b"x"), Ticked(2.0), CpusSampled(2.0, "idle")]
    assert found[3:] == [Ticked(3.0), MachineEnded(3.0, "closed")]


def test_any_other_file_is_a_console(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\x00\xffhello\n")
    found = list(transcript_file.read(tmp_path / "log"))
    assert found[1:] == [ConsoleOutput(0.0, b"\x00\xffhello\n"), MachineEnded(0.0, "closed")]
    (tmp_path / "empty").write_bytes(b"")
    assert len(list(transcript_file.read(tmp_path / "empty"))) == 2
    with pytest.raises(BadInput, match="cannot be read"):
        list(transcript_file.read(tmp_path))


HEAD = '{"transcript":1}\n'
BROKEN = {
    '{"at":0,"event":"nothing"}\n': "no event",
    '{"event":"tick"}\n': "no event",
    '{"at":"x","event":"tick"}\n': "`at` is no number",
    "[]\n": "no event",
    "{\n": "no event",
    '{"at":0,"event":"cpus","state":"idle","cpus":[{"number":0}]}\n': "no event",
}


@pytest.mark.parametrize("line", BROKEN)
def test_what_is_broken_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "t").write_text(HEAD + line)
    with pytest.raises(BadInput) as caught:
        list(transcript_file.read(tmp_path / "t"))
    assert BROKEN[line] in str(caught.value)
    assert caught.value.faults[0].where is not None and caught.value.faults[0].where.line == 2


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "t").write_text(HEAD + '{"at":1.0,"event":"tick"}\n{"at":2.0,"ev')
    assert list(transcript_file.read(tmp_path / "t")) == [Ticked(1.0), MachineEnded(1.0, "closed")]
    (tmp_path / "t").write_text('{"transcript":9}\n')
    with pytest.raises(BadInput, match="version 9"):
        list(transcript_file.read(tmp_path / "t"))


@given(some.binary(max_size=300), some.integers(0, 400), some.binary(min_size=1, max_size=4))
def test_broken_ones_give_only_clean_errors(data: bytes, place: int, change: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t"
        recorder = Recorder(path)
        recorder.write(ConsoleOutput(0.5, data))
        recorder.write(EVENTS[4])
        recorder.close()
        assert next(iter(transcript_file.read(path))) == ConsoleOutput(0.5, data)
        whole = path.read_bytes()
        path.write_bytes(whole[:place] + change + whole[place + len(change) :])
        with contextlib.suppress(BadInput):
            list(transcript_file.read(path))
