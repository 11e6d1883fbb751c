"""Transcripts: what a machine showed, with the times, as lines of JSON; any other file is a plain console log.

The first line is `{"transcript": 1, ...}`; each further line is an event, `{"at": seconds, "event": name, ...}`. Bytes
are UTF-8 text in which a byte that is none stands as the lone surrogate U+DC80 to U+DCFF (Python's
`surrogateescape`), so that every byte comes back.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import IO, Any

from portwright.base.errors import BadInput, Fault, Where, fail
from portwright.base.files import disk_errors
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

VERSION = 1
CHUNK = 1 << 20
KINDS: dict[str, type[MachineEvent]] = {
    "started": MachineStarted,
    "output": ConsoleOutput,
    "input": ConsoleInput,
    "tick": Ticked,
    "reset": MachineReset,
    "cpus": CpusSampled,
    "ended": MachineEnded,
}
NAMES = {kind: name for name, kind in KINDS.items()}


class Recorder:
    """Writes a transcript. A tick is written only before something that follows from it."""

    def __init__(self, path: Path, about: Mapping[str, Any] | None = None) -> None:
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = path.open("w", encoding="ascii", buffering=1 << 16)
        self.path = path
        self._tick: Ticked | None = None
        self._put({"transcript": VERSION, **(about or {})})

    def write(self, event: MachineEvent) -> None:
        """Add an event."""
        if isinstance(event, Ticked):
            self._tick = event
            return
        if not isinstance(event, ConsoleOutput):
            self._time()
        self._tick = None
        self._put(_row(event))

    def close(self) -> None:
        """Write the time of the end; may be called twice."""
        if not self._file.closed:
            with contextlib.suppress(OSError):
                self._time()
            with disk_errors(self.path):
                self._file.close()

    def flush(self) -> None:
        """Bring what was written to the disk."""
        with disk_errors(self.path):
            self._file.flush()

    def _time(self) -> None:
        if self._tick is not None:
            self._put(_row(self._tick))
            self._tick = None

    def _put(self, row: Mapping[str, Any]) -> None:
        with disk_errors(self.path):
            self._file.write(json.dumps(row, separators=(",", ":")) + "\n")


def _row(event: MachineEvent) -> dict[str, Any]:
    row: dict[str, Any] = {"at": round(event.at, 4), "event": NAMES[type(event)]}
    if isinstance(event, ConsoleOutput | ConsoleInput):
        return {**row, "data": event.data.decode("utf-8", "surrogateescape")}
    return {**row, **{key: value for key, value in asdict(event).items() if key != "at"}}


def read(path: Path) -> Iterator[MachineEvent]:
    """The events of a transcript, or of a plain console log: all its bytes, and that it ends there.

    Raises `BadInput` with the line that is no event. A last line that was cut off is left out.
    """
    try:
        with path.open("rb") as file:
            head = file.read(64)
            file.seek(0)
            yield from _events(file, path) if head.startswith(b'{"transcript"') else _plain(file)
    except OSError as error:
        raise fail(f"cannot be read: {error.strerror}", Where(path), None, "transcript/file") from None


def _plain(file: IO[bytes]) -> Iterator[MachineEvent]:
    yield MachineStarted(0.0, "transcript", "a console log without times")
    while data := file.read(CHUNK):
        yield ConsoleOutput(0.0, data)
    yield MachineEnded(0.0, "closed")


def _events(file: IO[bytes], path: Path) -> Iterator[MachineEvent]:
    ended = False
    at = 0.0
    for number, line in enumerate(file, 1):
        try:
            row = json.loads(line)
            if number == 1:
                if row.get("transcript") != VERSION:
                    what = f"a transcript of version {row.get('transcript')}, and this reads {VERSION}"
                    raise fail(what, Where(path, 1), "record it anew", "transcript/version")
                continue
            event = _event(row)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if not line.endswith(b"\n"):
                break
            raise BadInput(
                [Fault(f"no event: {error}", Where(path, number), None, "transcript/line")]
            ) from None
        at, ended = event.at, isinstance(event, MachineEnded)
        yield event
    if not ended:
        yield MachineEnded(at, "closed")


def _event(row: Mapping[str, Any]) -> MachineEvent:
    kind = KINDS[row["event"]]
    values = {each.name: row[each.name] for each in fields(kind) if each.name in row}
    if not isinstance(values["at"], int | float):
        raise TypeError("`at` is no number")
    if "data" in values:
        values["data"] = values["data"].encode("utf-8", "surrogateescape")
    if "cpus" in values:
        values["cpus"] = tuple(_cpu(each) for each in values["cpus"])
    if values.get("cpu"):
        values["cpu"] = _cpu(values["cpu"])
    if "notes" in values:
        values["notes"] = tuple(map(str, values["notes"]))
    return kind(**values)


def _cpu(row: Mapping[str, Any]) -> Cpu:
    frames = tuple(Frame(**frame) for frame in row.get("backtrace", ()))
    return Cpu(**{**row, "samples": tuple(row["samples"]), "backtrace": frames})
