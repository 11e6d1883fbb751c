"""Trades: what a command is (a compiler, an archiver, something that only starts others), as data by its name.

A trade is an entry of `build/trades/`; a program of no trade is a step of the type `program`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import PurePosixPath
from typing import Literal

from portwright.base import rooms

ROOM = "portwright.build.trades"

Role = Literal["driver", "step", "either"]
"""A driver only starts others; a step is one piece of work with all that it starts; a script can be either."""


@dataclass(frozen=True, slots=True)
class Call:
    """One program that was started."""

    exe: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str = "/"

    @property
    def options(self) -> tuple[str, ...]:
        """The words behind the program's name."""
        return self.argv[1:]

    def after(self, *names: str) -> str:
        """The value of the last of these options (`-o x`, `--out=x`), or nothing."""
        found = ""
        for at, word in enumerate(self.argv[:-1]):
            if word in names:
                found = self.argv[at + 1]
        for word in self.argv[1:]:
            for name in names:
                if word.startswith(name + "="):
                    found = word[len(name) + 1 :]
        return found


def _never(call: Call) -> bool:
    return False


def _always(call: Call) -> bool:
    return True


def _nothing(call: Call) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Trade:
    """What is known of a kind of program.

    `names` are patterns of its file name, `paths` of its whole path; `matches` tells a script by its call. `role` may
    depend on the command line. `probe` tells a question from work. `subject` is what a step's name says beside the
    trade. `environment` are patterns of the variables that it may read: with those that `declared` finds in the texts
    of the files `declarations` they are recorded, and no others. `wrapped`: the wrapper sees it too. `notes` are
    patterns of files that it writes for its driver, `logs` of those that it writes for people. Beside and below the
    files `looks_beside` that it reads, it looks whether others are there, without opening them. `remap` is its option
    that writes a folder as another name, and `remapped` tells the calls that want it: those that may write names of
    folders into what they make. `own_work`: what a driver of this trade writes itself is work to keep (a script's), not
    its bookkeeping. `toolchain` tells from the path of its program where the toolchain lies that it belongs to, if
    anywhere of its own. `roots` names the folders that a build by it has, given the command (`signs` are files in the
    source folder that tell such a build); `settings` are variables that a portable recording of it sets.
    """

    why: str
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    matches: Callable[[Call], bool] = _never
    role: Role | Callable[[Call], Role] = "step"
    probe: Callable[[Call], bool] = _never
    subject: Callable[[Call], str] = _nothing
    environment: tuple[str, ...] = ()
    declarations: Callable[[Call, Sequence[str]], Sequence[str]] | None = None
    declared: Callable[[str], set[str]] | None = None
    wrapped: bool = False
    notes: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    looks_beside: tuple[str, ...] = ()
    remap: str = ""
    remapped: Callable[[Call], bool] = _always
    own_work: bool = False
    toolchain: Callable[[str], str] | None = None
    roots: Callable[[Call], Mapping[str, str]] | None = None
    signs: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    def role_of(self, call: Call) -> Role:
        """Its role in this command."""
        return self.role if isinstance(self.role, str) else self.role(call)


PROGRAM = Trade("runs a program of no known trade")
"""What a program of no trade is."""


@cache
def trades() -> Mapping[str, Trade]:
    """Every trade by its name."""
    return {name: module.TRADE for name, module in rooms.load_all(ROOM).items()}


@cache
def _named(program: str) -> tuple[str, Trade] | None:
    """The trade of a program's file name."""
    for name, trade in trades().items():
        if any(fnmatchcase(program, pattern) for pattern in trade.names):
            return name, trade
    return None


@cache
def _placed(exe: str) -> tuple[str, Trade] | None:
    """The trade of a program's whole path."""
    for name, trade in trades().items():
        if any(fnmatchcase(exe, pattern) for pattern in trade.paths):
            return name, trade
    return None


def trade_of(call: Call) -> tuple[str, Trade]:
    """(name, trade) of a command: by where the program lies, by its own name, by the name it was called by."""
    called = PurePosixPath(call.argv[0]).name if call.argv else ""
    found = _placed(call.exe) or _matching(call)
    found = found or _named(PurePosixPath(call.exe).name) or _named(called)
    return found or ("program", PROGRAM)


def _matching(call: Call) -> tuple[str, Trade] | None:
    return next(((name, trade) for name, trade in trades().items() if trade.matches(call)), None)
