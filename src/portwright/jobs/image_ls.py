"""List what is in an image, or in a folder of it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

from portwright.base.events import Event
from portwright.formats import Partition
from portwright.jobs import Arg
from portwright.pack import listing, session
from portwright.pack.listing import Row

VERB = "image ls"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image, and which folder of it."""

    image: Annotated[str, Arg("The image, or an address in it: disk.img:2:/boot.", positional=True)]
    path: Annotated[str | None, Arg("A folder or a file in it.", positional=True)] = None
    long: Annotated[bool, Arg("Mode, owner, size and time of each.", short="l")] = False
    recursive: Annotated[bool, Arg("All below too.", short="R")] = False
    format: Annotated[str | None, Arg("Read it as this format.", short="f", metavar="NAME")] = None


@dataclass(frozen=True, slots=True)
class Result:
    """What is there: `rows` of files, or `partitions`."""

    image: str
    format: str
    rows: tuple[Row, ...] = ()
    partitions: tuple[Partition, ...] = ()
    long: bool = False
    recursive: bool = False

    @property
    def status(self) -> int:
        """0: it could be read."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Read it."""
    yield from ()
    with session.looking(arguments.image, arguments.path, arguments.format) as found:
        level = found.level
        if level.table is not None:
            return Result(arguments.image, level.format.name, partitions=level.table.partitions)
        rows = tuple(listing.rows(found, deep=arguments.recursive))
        return Result(
            arguments.image, level.format.name, rows, long=arguments.long, recursive=arguments.recursive
        )
