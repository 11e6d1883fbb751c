"""A machine driven: booted until whoever judges says that it is over, logged in, given commands, or given to a person."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Protocol

from portwright.describe.machine import Shell
from portwright.run import console
from portwright.run.console import Boot
from portwright.run.events import Answer, ConsoleInput, ConsoleOutput, MachineEnded, MachineEvent
from portwright.run.guest_shell import Dialogue
from portwright.run.session import Session
from portwright.run.transcript_file import Recorder

LAST_SEEN = 2048
PROMPT_SECONDS = 2.0
"""How long a shell may take after a command's end until it asks for the next; then that is typed all the same."""


class Judge(Protocol):
    """Who says how far it is: takes each event, and then says whether it is over, or up, or to be looked at."""

    @property
    def over(self) -> bool:
        """There is a verdict."""

    @property
    def booted(self) -> bool:
        """All milestones were passed."""

    @property
    def wants_cpus(self) -> Literal["", "glance", "look"]:
        """Whether the CPUs are to be looked at."""

    def take(self, event: MachineEvent) -> None:
        """One more event."""


class Booting:
    """One boot. Everything that happens goes to the judge, also while commands are given."""

    def __init__(self, session: Session, judge: Judge) -> None:
        self._session, self._judge = session, judge
        self._events = session.events()
        self._tail = b""
        self.at = 0.0
        self.gone = False

    def _go(self) -> Iterator[MachineEvent]:
        """Event after event, judged, until there is a verdict or the machine is gone."""
        for event in self._events:
            self.at = max(self.at, event.at)
            self._judge.take(event)
            self.gone = self.gone or isinstance(event, MachineEnded)
            if isinstance(event, ConsoleOutput):
                self._tail = (self._tail + event.data)[-LAST_SEEN:]
            if self._judge.wants_cpus and not self.gone:
                self._session.sample(self._judge.wants_cpus == "glance")
            yield event
            if self._judge.over or self.gone:
                return

    def boot(self) -> Iterator[MachineEvent]:
        """Until it is up, or over."""
        for event in self._go():
            yield event
            if self._judge.booted:
                return

    def log_in(self, shell: Shell) -> bool:
        """Type what each question wants, then wait for the prompt; whether that came."""
        slowness = self._session.running.started.slowness
        for row in shell.login:
            if not self._await(row.pattern, shell.seconds * slowness):
                return False
            self._tail = b""
            self._session.type((row.send + shell.newline).encode())
        return self._await(shell.prompt, shell.seconds * slowness)

    def _await(self, pattern: str, seconds: float) -> bool:
        """Whether it is the last of what the console shows, or comes in that time."""
        wanted, until = re.compile(pattern.encode(), re.MULTILINE), self.at + seconds
        if wanted.search(self._tail):
            return True
        for event in self._go():
            if isinstance(event, ConsoleOutput) and wanted.search(self._tail):
                return True
            if event.at > until:
                return False
        return False

    def command(self, shell: Shell, command: str, seconds: float) -> Answer:
        """Give a command at the prompt and take its answer."""
        dialogue = Dialogue(shell, command, before=self._behind_prompt(shell))
        dialogue.began = self.at
        self._session.type(dialogue.type)
        for event in self._go() if not (self._judge.over or self.gone) else ():
            if isinstance(event, ConsoleOutput):
                dialogue.take(event)
                if dialogue.answer is not None:
                    self._tail = dialogue.after
                    return dialogue.answer
                if dialogue.type:
                    self._session.type(dialogue.type)
            if event.at > dialogue.began + seconds:
                break
        return dialogue.give_up(self.at - dialogue.began)

    def _behind_prompt(self, shell: Shell) -> bytes:
        """Wait for the prompt where it has not come whole; what the console shows of a line behind it."""
        if self._judge.over or self.gone:
            return b""
        slowness = self._session.running.started.slowness
        self._await(shell.prompt, PROMPT_SECONDS * slowness)
        shown = list(re.finditer(shell.prompt.encode(), self._tail, re.MULTILINE))
        return self._tail[shown[-1].end() :] if shown else b""

    def attend(self) -> None:
        """Leave it to the person at the terminal, until they leave or it is over."""
        for event in self._go():
            if self._session.left and not isinstance(event, ConsoleInput):
                return


WATCH = "console.sock"


@contextlib.contextmanager
def started(
    boot: Boot, judge: Judge, record: Path, about: Mapping[str, str], *, interactive: bool = False
) -> Iterator[Booting]:
    """The machine, running and recorded; it ends when the block ends. Others may watch at `WATCH` in its scratch."""
    recorder = Recorder(record, about)
    try:
        running = console.start(boot)
    except BaseException:
        recorder.close()
        record.unlink(missing_ok=True)
        raise
    session = Session(running, recorder, boot.scratch / WATCH, (0, 1) if interactive else None)
    try:
        with _raw_terminal(interactive):
            yield Booting(session, judge)
    finally:
        session.close()


@contextlib.contextmanager
def _raw_terminal(wanted: bool) -> Iterator[None]:
    """Give every key to the guest, and put the terminal back as it was."""
    if not wanted:
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
