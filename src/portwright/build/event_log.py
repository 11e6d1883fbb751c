"""Reads the event logs that the native recorder writes: text, an event a line, into typed events and back.

A log that was cut off (the recorder was killed, the disk was full) is read up to its last whole line. Words are held
as Python's `surrogateescape` holds bytes; times are nanoseconds since the recording's start.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote_to_bytes

from portwright.base.errors import BadInput, Where, fail

VERSION = 1
"""The version of the log's format; another one is refused."""


class Fork(NamedTuple):
    """A process made another one."""

    t: int
    pid: int
    child: int


class Exec(NamedTuple):
    """A process became another program; `fds` is what its descriptors 0 to 2 are, empty for a closed one."""

    t: int
    pid: int
    exe: str
    cwd: str
    fds: tuple[str, str, str]
    argv: tuple[str, ...]
    env: tuple[str, ...]


class Open(NamedTuple):
    """A file was opened: `r` read, `w` written from its start, `a` written in place, `d` a folder listed."""

    t: int
    pid: int
    mode: Literal["r", "w", "a", "d"]
    path: str


class Miss(NamedTuple):
    """A file was looked for and is not there."""

    t: int
    pid: int
    path: str


class Moved(NamedTuple):
    """A file has a new name, or one more (`kind` link), or two changed theirs with one another (`exchange`)."""

    t: int
    pid: int
    kind: Literal["rename", "link", "exchange"]
    old: str
    new: str


class Symlinked(NamedTuple):
    """A symbolic link was made."""

    t: int
    pid: int
    target: str
    path: str


class Changed(NamedTuple):
    """One path was changed, other than by writing through an open file."""

    t: int
    pid: int
    kind: Literal["unlink", "mkdir", "rmdir", "chmod", "truncate"]
    path: str


class Hashed(NamedTuple):
    """The content of a file that the process wrote, when that version was settled."""

    t: int
    pid: int
    path: str
    digest: str
    size: int
    mode: int


class Net(NamedTuple):
    """The process spoke to an address of the network."""

    t: int
    pid: int
    family: str
    address: str


class Exit(NamedTuple):
    """A process ended: `status` is negative for a signal; times are its own, without its children's."""

    t: int
    pid: int
    status: int
    user: int
    system: int
    peak: int


class Lost(NamedTuple):
    """Something that could not be followed."""

    t: int
    pid: int
    why: str


class Wrap(NamedTuple):
    """The wrapper was called in place of a tool; `argv` is what it then became, the added flags in it."""

    t: int
    pid: int
    parent: int
    cwd: str
    argv: tuple[str, ...]
    env: tuple[str, ...]


class Answer(NamedTuple):
    """What a tool answered to a probe that went through the wrapper."""

    t: int
    pid: int
    status: int
    text: str


class End(NamedTuple):
    """The recorded command ended and the log is whole; `status` is the command's, negative for a signal."""

    t: int
    status: int


Event = (
    Fork | Exec | Open | Miss | Moved | Symlinked | Changed | Hashed | Net | Exit | Lost | Wrap | Answer | End
)


class Log(NamedTuple):
    """A log: the wall clock at its start (Unix time in ns), its events in their order, whether its end is there."""

    start: int
    events: tuple[Event, ...]
    ended: bool


def _word(field: str) -> str:
    return os.fsdecode(unquote_to_bytes(field)) if "%" in field else field


_MODES = {"r", "w", "a", "d"}


def _lists(fields: Sequence[str], at: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The two counted lists that end a line."""
    count = int(fields[at])
    first = fields[at + 1 : at + 1 + count]
    rest = fields[at + 1 + count :]
    if count < 0 or len(first) != count or int(rest[0]) != len(rest) - 1:
        raise ValueError("a count is not that of what follows")
    return tuple(map(_word, first)), tuple(map(_word, rest[1:]))


def _exec(f: Sequence[str]) -> Event:
    argv, env = _lists(f, 8)
    fds = (_word(f[5]), _word(f[6]), _word(f[7]))
    return Exec(int(f[1]), int(f[2]), _word(f[3]), _word(f[4]), fds, argv, env)


def _open(f: Sequence[str]) -> Event:
    _, t, pid, mode, path = f
    if mode not in _MODES:
        raise ValueError("no such mode")
    return Open(int(t), int(pid), mode, _word(path))  # type: ignore[arg-type]


def _moved(f: Sequence[str]) -> Event:
    kind, t, pid, old, new = f
    return Moved(int(t), int(pid), kind, _word(old), _word(new))  # type: ignore[arg-type]


def _symlinked(f: Sequence[str]) -> Event:
    _, t, pid, target, path = f
    return Symlinked(int(t), int(pid), _word(target), _word(path))


def _changed(f: Sequence[str]) -> Event:
    kind, t, pid, path = f
    return Changed(int(t), int(pid), kind, _word(path))  # type: ignore[arg-type]


_DIGEST = re.compile(r"[0-9a-f]{64}")


def _hashed(f: Sequence[str]) -> Event:
    _, t, pid, path, digest, size, mode = f
    if not _DIGEST.fullmatch(digest):
        raise ValueError("no SHA-256")
    return Hashed(int(t), int(pid), _word(path), digest, int(size), int(mode, 8))


def _wrap(f: Sequence[str]) -> Event:
    argv, env = _lists(f, 5)
    return Wrap(int(f[1]), int(f[2]), int(f[3]), _word(f[4]), argv, env)


def _plain(kind: Any, words: int) -> Callable[[Sequence[str]], Event]:
    """A reader of numbers followed by so many words."""

    def read(f: Sequence[str]) -> Event:
        if len(f) - 1 != len(kind._fields):
            raise ValueError("another number of fields")
        numbers = len(f) - words
        found: Event = kind(*map(int, f[1:numbers]), *map(_word, f[numbers:]))
        return found

    return read


_READERS: dict[str, Callable[[Sequence[str]], Event]] = {
    "fork": _plain(Fork, 0),
    "exec": _exec,
    "open": _open,
    "miss": _plain(Miss, 1),
    "rename": _moved,
    "link": _moved,
    "exchange": _moved,
    "symlink": _symlinked,
    **dict.fromkeys(("unlink", "mkdir", "rmdir", "chmod", "truncate"), _changed),
    "hash": _hashed,
    "net": _plain(Net, 2),
    "exit": _plain(Exit, 0),
    "lost": _plain(Lost, 1),
    "wrap": _wrap,
    "answer": _plain(Answer, 1),
    "end": _plain(End, 0),
}


def events(data: bytes, name: str, first_line: int = 1) -> Iterator[Event]:
    """The events of whole lines; what follows the last line's end is left out. `BadInput` for what is no event."""
    whole = data[: data.rfind(b"\n") + 1].decode("ascii", "replace")
    for number, line in enumerate(whole.split("\n")[:-1], first_line):
        fields = line.split("\t")
        reader = _READERS.get(fields[0])
        if reader is None:
            raise _bad(f"no event is called `{fields[0][:40]}`", name, number)
        try:
            yield reader(fields)
        except (ValueError, IndexError):
            raise _bad(f"this is no whole `{fields[0]}` event", name, number) from None


def _bad(what: str, name: str, line: int) -> BadInput:
    hint = "the log was damaged or written by another version: record the build again"
    return fail(what, Where(name, line), hint, "event-log/bad-line")


def parse(data: bytes, name: str) -> Log:
    """The tracer's log. `BadInput` for what is none."""
    head, newline, rest = data.partition(b"\n")
    fields = head.decode("ascii", "replace").split("\t")
    if not newline or len(fields) != 3 or fields[0] != "log" or not fields[2].isdecimal():
        hint = "the recorder was ended before it began, or this is another file"
        raise fail("this is no event log", Where(name, 1), hint, "event-log/not-one")
    if fields[1] != str(VERSION):
        raise _bad(f"a log of version {fields[1][:20]}, where {VERSION} is read", name, 1)
    found = tuple(events(rest, name, 2))
    return Log(int(fields[2]), found, bool(found) and isinstance(found[-1], End))


def parse_wrapped(folder: Path) -> tuple[Event, ...]:
    """The events of the wrapper's files in a recording's folder, in the order of their times."""
    found: list[Event] = []
    for path in folder.glob("wrap-*"):
        found += events(path.read_bytes(), str(path))
    return tuple(sorted(found, key=lambda event: event.t))


def _quote(word: str) -> str:
    return "".join(chr(b) if 0x21 <= b <= 0x7E and b != 0x25 else f"%{b:02X}" for b in os.fsencode(word))


def line(event: Event) -> str:
    """The line of an event, as the recorder writes it."""
    values: dict[str, Any] = event._asdict()
    kind = values.pop("kind", "") or next(name for name, made in _KINDS.items() if isinstance(event, made))
    fields = [kind]
    for key, value in values.items():
        if isinstance(value, tuple):
            fields += [*([] if key == "fds" else [str(len(value))]), *map(_quote, value)]
        elif isinstance(value, str):
            fields.append(_quote(value))
        else:
            fields.append(f"{value:o}" if key == "mode" else str(value))
    return "\t".join(fields) + "\n"


_KINDS: dict[str, type] = {
    "fork": Fork,
    "exec": Exec,
    "open": Open,
    "miss": Miss,
    "symlink": Symlinked,
    "hash": Hashed,
    "net": Net,
    "exit": Exit,
    "lost": Lost,
    "wrap": Wrap,
    "answer": Answer,
    "end": End,
}
