"""A guest's shell asks for a command when it likes: none is typed before, and nothing of its prompt is output."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from portwright.describe.machine import Shell
from portwright.run.booting import PROMPT_SECONDS, Booting
from portwright.run.events import ConsoleOutput, MachineEvent, Ticked
from portwright.run.session import Session

SHELL = Shell(
    prompt="^bare> ",
    type=["echo {mark}", "{command}", "last {mark}"],
    status=r"^{mark} (?P<status>\d+)",
    noise=[r"^\[kernel\] "],
)


class Poor:
    """A session with a shell that repeats what was typed in a message of its kernel, `size` bytes at a time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._pending = b"bare> "
        self._at = 0.0
        self.typed_early: list[bytes] = []
        self.running = SimpleNamespace(started=SimpleNamespace(slowness=1.0))

    def events(self) -> Iterator[MachineEvent]:
        """What it shows, piece by piece, then ticks."""
        while True:
            self._at += 0.01
            piece, self._pending = self._pending[: self._size], self._pending[self._size :]
            yield ConsoleOutput(self._at, piece) if piece else Ticked(self._at)

    def type(self, line: bytes) -> None:
        """A line at the prompt, which may have been shown only in part."""
        if self._pending:
            self.typed_early.append(line)
        text = line.decode().rstrip("\n")
        word, _, rest = text.partition(" ")
        shown = {"echo": rest, "last": f"{rest} 0"}.get(word, "unknown")
        self._pending += f"[kernel] command '{text}'\r\n{shown}\r\nbare> ".encode()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 13, 64, 1000])
def test_no_command_is_typed_before_its_prompt(size: int) -> None:
    session = Poor(size)
    judge = SimpleNamespace(over=False, booted=True, wants_cpus="", take=lambda event: None)
    booting = Booting(cast(Session, session), cast(Any, judge))
    assert booting.log_in(SHELL)
    for command, output in (("echo a", "a\n"), ("nonsense", "unknown\n"), ("echo b", "b\n")):
        answer = booting.command(SHELL, command, 5.0)
        assert (answer.output, answer.status, answer.ended) == (output, 0, True)
        assert all(line.startswith("[kernel] ") for line in answer.noise) and len(answer.noise) == 3
    assert session.typed_early == []


def test_a_shell_that_asks_no_more_gets_its_command_in_the_end() -> None:
    session = Poor(1000)
    judge = SimpleNamespace(over=False, booted=True, wants_cpus="", take=lambda event: None)
    booting = Booting(cast(Session, session), cast(Any, judge))
    shell = Shell(
        prompt="^never> ",
        type=["echo {mark} {command} {mark} 7"],
        status=r"{mark} (?P<status>\d+)",
        noise=SHELL.noise,
    )
    answer = booting.command(shell, "x", 1.0)
    assert (answer.ended, answer.status, answer.output) == (True, 7, "x ")
    assert booting.at > PROMPT_SECONDS
