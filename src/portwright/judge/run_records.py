"""Records of runs: the last results of a verb for a port, kept in the cache, from which reports are made.

A record is one JSON file, written whole or not at all; of each verb the last few are kept. A run that could not be
finished is a record too, so that an older and better one is not taken for the last.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from portwright.base.errors import BadInput, PortwrightError
from portwright.base.events import Event, Note
from portwright.base.files import cache_root, write_atomic
from portwright.base.hashing import hash_value
from portwright.base.plain import plain
from portwright.base.spans import Span, watched
from portwright.base.visible import everywhere, shortened
from portwright.describe import port as ports

FORMAT = 1
KEPT = 30
LONGEST = 8 << 10
"""Characters of one text that are kept."""
MOST = 4 << 20
"""Characters of a record from which on its texts are cut short."""
NUMBERS = count()
"""Two records of one process may be of one moment."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Record:
    """One run. `called`: the options that were given, `narrowed` those of them that left something out; `result` is the
    verb's own, None where `faults` stood in its way; `more`: what it kept beside its result."""

    verb: str
    at: str
    status: int
    called: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    result: Mapping[str, Any] | None = None
    faults: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


def folder(port: Path, verb: str) -> Path:
    """Where the records of a verb are, for the port in that folder: another folder's port is another port."""
    bundled = port.parent == ports.bundled_folder()
    name = port.name if bundled else f"{port.name}-{hash_value(str(port))[:8]}"
    return cache_root() / "records" / name / verb


def keeping(
    verb: str,
    arguments: Any,
    work: Generator[Event, None, T],
    *,
    narrows: Sequence[str] = (),
    more: Callable[[T], Mapping[str, Any]] = lambda result: {},
) -> Generator[Event, None, T]:
    """Do a job's work and keep a record of it. `narrows`: the arguments that make it leave something out.

    Input that is wrong is no run. Where nothing can be kept that is said, and changes no verdict.
    """
    spans: list[Span] = []
    called = _called(arguments)
    begun = (verb, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    given = tuple(text for _, text in called), tuple(text for name, text in called if name in narrows)
    try:
        result = yield from watched(work, spans)
    except BadInput:
        raise
    except PortwrightError as error:
        faults = tuple(str(fault) for fault in error.faults)
        yield from _keep(arguments.port, Record(*begun, error.status, *given, None, faults, tuple(spans)))
        raise
    status = int(getattr(result, "status", 2))
    record = Record(*begun, status, *given, plain(result), (), tuple(spans), plain(more(result)))
    yield from _keep(arguments.port, record)
    return result


def _called(arguments: Any) -> list[tuple[str, str]]:
    """(argument, as it is said on a command line) of each that is not as it is by default; files by their name only."""
    found = []
    for each in fields(arguments):
        value = getattr(arguments, each.name)
        default = each.default_factory() if each.default_factory is not MISSING else each.default
        if default is MISSING or value == default:
            continue
        flag = "--" + each.name.rstrip("_").replace("_", "-")
        for inner in value if isinstance(value, tuple) else (value,):
            text = shlex.quote(inner.name if isinstance(inner, Path) else str(inner))
            found.append((each.name, flag if inner is True else f"{flag} {text}"))
    return found


def _keep(port: str, record: Record) -> Generator[Event, None, None]:
    try:
        write(folder(ports.find(port), record.verb), record)
    except PortwrightError as error:
        yield Note(f"no record is kept of this run: {error.faults[0].what}", "warning")


def write(place: Path, record: Record) -> Path:
    """Keep a record, and of the older ones the last few."""
    for longest in (LONGEST, LONGEST // 8, LONGEST // 64):
        text = json.dumps(_cut({"format": FORMAT, **plain(record)}, longest), sort_keys=True)
        if len(text) <= MOST:
            break
    path = place / f"{time.time_ns():020d}-{os.getpid()}-{next(NUMBERS)}.json"
    write_atomic(path, text + "\n")
    for old in sorted(place.glob("*.json"))[:-KEPT]:
        with contextlib.suppress(OSError):
            old.unlink()
    return path


def _cut(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return shortened(value, longest)
    if isinstance(value, dict):
        return {key: _cut(inner, longest) for key, inner in value.items()}
    return [_cut(inner, longest) for inner in value] if isinstance(value, list) else value


def read(place: Path) -> tuple[list[Record], int]:
    """The records of a verb, the newest first, and how many files there are none that can be read."""
    found: list[Record] = []
    unread = 0
    for path in sorted(place.glob("*.json"), reverse=True):
        try:
            found.append(parse(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            unread += 1
    return found, unread


def parse(value: Any) -> Record:
    """The record in a JSON value, its texts made visible; raises `ValueError` and its like where it is none."""
    from pydantic import TypeAdapter

    if not isinstance(value, dict) or value.pop("format", None) != FORMAT:
        raise ValueError("no record of this format")
    return TypeAdapter(Record).validate_python(everywhere(value))
