"""A machine at a serial line: a pseudo-terminal, and the Unix socket of another emulator."""

from __future__ import annotations

import os
import pty
import select
import socket
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import BadInput
from portwright.describe.machines.serial import Serial
from portwright.run import console
from portwright.run.console import Boot
from portwright.run.events import ConsoleOutput, MachineEnded, MachineEvent
from portwright.run.session import Session
from portwright.run.transcript_file import Recorder


def machine(device: str, **others: Any) -> Serial:
    milestones = [{"name": "done", "text": "DONE"}]
    return Serial.model_validate({"kind": "serial", "device": device, "milestone": milestones, **others})


def session(tmp_path: Path, described: Serial) -> Session:
    running = console.start(Boot("m", described, tmp_path, tmp_path))
    return Session(running, Recorder(tmp_path / "record"))


def wait_for(events: Any, kind: type[MachineEvent]) -> Any:
    return next(event for event in events if isinstance(event, kind))


def test_a_pseudo_terminal(tmp_path: Path) -> None:
    board, line = pty.openpty()
    (tmp_path / "end").write_text("")
    described = machine(os.ttyname(line), end=["/bin/sh", "-c", f"echo off >{tmp_path}/end"])
    watched = session(tmp_path, described)
    os.close(line)
    events = watched.events()
    os.write(board, b"hello\r\n")
    assert wait_for(events, ConsoleOutput).data == b"hello\r\n", "as it came: no terminal changes it"
    watched.type(b"x" * 200)
    got = b""
    for _ in events:
        if select.select([board], [], [], 0)[0]:
            got += os.read(board, 300)
        if len(got) == 200:
            break
    watched.sample(glance=False)
    assert getattr(next(e for e in events if hasattr(e, "state")), "state", "") == "unknown"
    os.close(board)
    assert wait_for(events, MachineEnded).how == "closed"
    watched.close()
    assert (tmp_path / "end").read_text() == "off\n"


def test_a_unix_socket_and_a_board_that_is_switched_on(tmp_path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "s"))
    server.listen()
    watched = session(
        tmp_path, machine(str(tmp_path / "s"), start=["/bin/sh", "-c", f"echo on >{tmp_path}/on"])
    )
    board, _ = server.accept()
    board.sendall(b"DONE\n")
    events = watched.events()
    assert wait_for(events, ConsoleOutput).data == b"DONE\n"
    board.close()
    assert wait_for(events, MachineEnded).how == "closed"
    watched.close()
    server.close()
    assert (tmp_path / "on").read_text() == "on\n"


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot open the line: No such file"):
        session(tmp_path, machine(str(tmp_path / "none")))
    board, line = pty.openpty()
    with pytest.raises(BadInput, match="no serial line has 12345 bits"):
        session(tmp_path, machine(os.ttyname(line), speed=12345))
    os.close(board)
    os.close(line)


def test_a_board_that_cannot_be_switched_on_was_not_started(tmp_path: Path) -> None:
    board, line = pty.openpty()
    watched = session(
        tmp_path, machine(os.ttyname(line), start=["/bin/sh", "-c", "echo no power >&2; exit 4"])
    )
    end = wait_for(watched.events(), MachineEnded)
    watched.close()
    assert (end.how, end.status, end.words) == ("not-started", 4, "no power")
    os.close(board)
    os.close(line)
