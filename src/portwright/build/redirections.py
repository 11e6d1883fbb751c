"""What a step's standard streams are: files that a replay gives it again, and pipes, which no recording holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from portwright.build.process_tree import Process
from portwright.build.trade import trade_of
from portwright.build.work_units import Unit, started_by
from portwright.derive.recording import Impurity

if TYPE_CHECKING:
    from portwright.build.step_record import Reading

SHELL = "/bin/sh"
"""What opens the streams that a step's own fields cannot name: standard error, and files that are appended to."""

FEEDERS = ("shell", "script", "python", "program")
"""Trades of drivers that feed what they start; make gives its children the ends of pipes that hold nothing."""


@dataclass(frozen=True, slots=True)
class Streams:
    """A step's standard input and output by name, and its command line, led by a shell where that must open more."""

    stdin: str
    stdout: str
    argv: tuple[str, ...]


def streams(unit: Unit, reading: Reading, argv: tuple[str, ...], impurities: list[Impurity]) -> Streams:
    """The streams of a step; what cannot be repeated is told."""
    entry, out, error = unit.process.image.fds
    inherited = _inherited(unit.process)
    read = {version.path for version in unit.reads}
    stdin = reading.path(entry) if entry in read and reading.places.root(entry) else ""
    taken = {path for path in (out, error) if path in unit.writes and reading.places.root(path)}
    for at, path in enumerate((entry, out, error)):
        own = path in (read if at == 0 else unit.writes)
        if path.startswith("/") and reading.places.root(path) and path not in inherited and not own:
            what = "what it read from" if at == 0 else "what it wrote to"
            impurities.append(Impurity("unseen", f"{what} {reading.path(path)}, its stream {at}"))
    if _fed(unit, inherited):
        impurities.append(Impurity("unseen", "what came to its standard input through a pipe"))
    names: list[str] = []
    opened = ""
    stdout = reading.path(out) if out in taken and out not in read else ""
    if out in taken and out in read:
        names.append(reading.path(out))
        opened += f' >> "$${len(names)}"'
    if error in taken and error == out:
        opened += " 2>&1"
    elif error in taken:
        names.append(reading.path(error))
        opened += f' 2{">>" if error in read else ">"} "$${len(names)}"'
    if not opened:
        return Streams(stdin, stdout, argv)
    reading.tools.add(SHELL)
    return Streams(stdin, stdout, (SHELL, "-c", _script(opened, len(names)), "sh", *names, *argv))


def _script(opened: str, count: int) -> str:
    """A script that opens files (the first `count` words) and becomes the command that the other words are."""
    if not count:
        return f'exec "$$@"{opened}'
    kept = " ".join(f"f{at}=$${at}" for at in range(1, count + 1))
    for at in range(1, count + 1):
        opened = opened.replace(f'"$${at}"', f'"$$f{at}"')
    return f'{kept}; shift {count}; exec "$$@"{opened}'


def _inherited(process: Process) -> tuple[str, ...]:
    """The streams of the program that started it; its own where that is not known."""
    parent = process.parent
    while parent is not None and parent.images[-1].call is None:
        parent = parent.parent
    return parent.image.fds if parent is not None else process.image.fds


def _fed(unit: Unit, inherited: tuple[str, ...]) -> bool:
    """Whether its standard input is a pipe into which the driver or another step may have written."""
    entry = unit.process.image.fds[0]
    parent = unit.process.parent
    while parent is not None and parent.images[-1].call is None:
        parent = parent.parent
    if not entry.startswith("pipe:") or parent is None or entry in inherited:
        return False
    beside = any(entry in one.image.fds[1:] for one in started_by(parent))
    call = parent.image.call
    return beside or (call is not None and trade_of(call)[0] in FEEDERS)
