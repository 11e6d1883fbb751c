"""Take back the last edit of an image, or the last N; refused where something else has changed the image since."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import session, transaction

VERB = "image undo"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image, and how many edits."""

    image: Annotated[Path, Arg("The image.", positional=True)]
    count: Annotated[int, Arg("How many edits to take back.", short="n", metavar="N")] = 1


@dataclass(frozen=True, slots=True)
class Result:
    """The edits that were taken back (newest first), and the number of the edit that did it."""

    image: Path
    edit: int
    undone: tuple[int, ...]
    done: tuple[str, ...]

    @property
    def status(self) -> int:
        """0: they are undone (what cannot be raises)."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Undo, whole or not at all."""
    yield from session.waiting(str(arguments.image).replace(":", "\\:"))
    with transaction.editing(arguments.image) as held:
        entry, taken = held.undo(arguments.count, session.said(arguments))
    texts = tuple(f"{each.verb}: {', '.join(session.summary(each))}" for each in taken)
    return Result(arguments.image, entry.number, tuple(each.number for each in taken), texts)
