"""Take files out of an image into a folder; nothing is ever written outside of that.

Devices and names that the host cannot have are refused before anything is written, or left out with `--skip`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import extract, session

VERB = "image extract"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image, what of it, and where to."""

    image: Annotated[str, Arg("The image, or an address in it.", positional=True)]
    path: Annotated[str | None, Arg("A folder or a file in it (else all).", positional=True)] = None
    output: Annotated[Path, Arg("The folder to extract into.", short="o", metavar="FOLDER")] = Path()
    skip: Annotated[bool, Arg("Leave out what cannot be extracted.")] = False
    force: Annotated[bool, Arg("Put files in the place of those that are there.")] = False
    format: Annotated[str | None, Arg("Read it as this format.", short="f", metavar="NAME")] = None


@dataclass(frozen=True, slots=True)
class Result:
    """How much was extracted, and what was left out with the reason."""

    output: Path
    files: int
    folders: int
    symlinks: int
    bytes: int
    skipped: tuple[str, ...]

    @property
    def status(self) -> int:
        """1 where something was left out."""
        return 1 if self.skipped else 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Extract it."""
    with session.looking(arguments.image, arguments.path, arguments.format) as found:
        work = extract.extract(found, arguments.output, skip=arguments.skip, force=arguments.force)
        done = yield from work
    return Result(arguments.output, done.files, done.folders, done.symlinks, done.bytes, tuple(done.skipped))
