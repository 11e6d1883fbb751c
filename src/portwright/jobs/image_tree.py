"""Show all that is in an image as a tree."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import listing, session
from portwright.pack.listing import Row

VERB = "image tree"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image, and which folder of it."""

    image: Annotated[str, Arg("The image, or an address in it.", positional=True)]
    path: Annotated[str | None, Arg("A folder in it.", positional=True)] = None
    format: Annotated[str | None, Arg("Read it as this format.", short="f", metavar="NAME")] = None


@dataclass(frozen=True, slots=True)
class Result:
    """What is below `top`, folder by folder."""

    image: str
    format: str
    top: str
    rows: tuple[Row, ...]

    @property
    def status(self) -> int:
        """0: it could be read."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Read it."""
    yield from ()
    with session.looking(arguments.image, arguments.path, arguments.format) as found:
        rows = tuple(listing.rows(found, deep=True))
        top = listing.top(found)
        return Result(arguments.image, found.level.format.name, top, rows)
