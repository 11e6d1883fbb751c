"""Show what was done to an image: its journal, oldest first, with what was taken back."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import session, transaction
from portwright.pack.journal import Extent, Journal

VERB = "image log"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image."""

    image: Annotated[Path, Arg("The image, or its journal.", positional=True)]


@dataclass(frozen=True, slots=True)
class Row:
    """An edit: `undone` by the edit of that number; `undoes` those that it took back itself."""

    number: int
    time: str
    verb: str
    arguments: dict[str, Any]
    portwright: str
    done: tuple[str, ...]
    size_before: int
    size_after: int
    changed_bytes: int
    extents: tuple[Extent, ...]
    undoes: tuple[int, ...]
    undone: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """The edits."""

    journal: Path
    edits: tuple[Row, ...]

    @property
    def status(self) -> int:
        """0: it could be read."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Read the journal."""
    yield from ()
    if arguments.image.is_dir():
        journal = Journal(arguments.image)
        return Result(journal.folder, _rows(journal))
    with transaction.reading(arguments.image):
        journal = Journal.of(arguments.image.resolve())
        return Result(journal.folder, _rows(journal))


def _rows(journal: Journal) -> tuple[Row, ...]:
    entries = journal.entries()
    undone = {number: entry.number for entry in entries for number in entry.undoes}
    return tuple(
        Row(
            each.number,
            each.time,
            each.verb,
            each.arguments,
            each.portwright,
            session.summary(each),
            *each.sizes,
            each.changed_bytes,
            each.extents,
            each.undoes,
            undone.get(each.number),
        )
        for each in entries
    )
