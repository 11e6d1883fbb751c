"""Signals of one process, as far as std needs them: each is ignored, or does what it does by default.

By their POSIX names; the ledger's constants give them numbers. A program's own handlers are not called.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING

from portwright.run.events import Died, Report

if TYPE_CHECKING:
    from portwright.run.process import Process

# What a signal does by default where that is not to end the process.
HARMLESS = frozenset({"SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"})
STOPPING = frozenset({"SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"})
FIXED = frozenset({"SIGKILL", "SIGSTOP"})
DEFAULT, IGNORE = 0, 1  # where a ledger has no SIG_DFL and SIG_IGN


def number(name: str) -> int:
    """A signal's number in POSIX systems, by which ends are told; 9 for one that none of them has."""
    found = getattr(signal, name, signal.SIGKILL)
    return int(found)


def name(number: int) -> str:
    """The name of a POSIX number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class Signals:
    """What each signal does to a process."""

    def __init__(self, process: Process, actions: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self._process = process
        constants = process.ledger.constants
        self._default = constants.get("SIG_DFL", DEFAULT)
        self._ignore = constants.get("SIG_IGN", IGNORE)
        self._actions: dict[str, Mapping[str, int]] = dict(actions or {})

    def action(self, name: str) -> Mapping[str, int]:
        """The action of a signal, as the program gave it."""
        return self._actions.get(name, {"sa_handler": self._default})

    def set_action(self, name: str, action: Mapping[str, int]) -> None:
        """Give a signal another action."""
        self._actions[name] = dict(action)

    def copied(self, process: Process) -> Signals:
        """The same for a process that was forked."""
        return Signals(process, self._actions)

    def start_program(self) -> None:
        """A new program has no handlers; what is ignored stays so."""
        ignored = {"sa_handler": self._ignore}
        self._actions = {
            name: ignored
            for name, action in self._actions.items()
            if action.get("sa_handler") == self._ignore
        }

    def deliver(self, name: str, *, why: str) -> None:
        """Let a signal do what it does; `why` says where it came from, to a person."""
        process, handler = self._process, self.action(name).get("sa_handler", self._default)
        if process.end is not None or (handler == self._ignore and name not in FIXED):
            return
        if handler not in (self._default, self._ignore) and name not in FIXED:
            advice = "std installs none; the signal did what it does by default"
            process.complain("not-offered", f"a handler of the program for {name}", advice)
        if name in STOPPING:
            process.complain("not-offered", f"stopping a process ({name})", "it goes on")
        elif name not in HARMLESS:
            process.finish(Died(number(name), Report("signal", f"ended by {name}: {why}")))
