"""Make an image from its recipe; `portwright build PORT image` writes recipes from [image.NAME], and calls this."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.errors import fail
from portwright.base.events import Event
from portwright.base.files import write_atomic
from portwright.jobs import Arg
from portwright.pack import compose
from portwright.pack.make import Made

VERB = "image compose"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The recipe, and what was built for it."""

    recipe: Annotated[Path, Arg("The recipe, JSON.", positional=True)]
    output: Annotated[Path, Arg("The image to write.", short="o", metavar="IMAGE")]
    made: Annotated[
        tuple[str, ...], Arg("What was built: program:NAME, image:NAME or sysroot.", metavar="WHAT=PATH")
    ] = ()
    manifest: Annotated[Path | None, Arg("Write a list of the files with their hashes.", metavar="FILE")] = (
        None
    )


@dataclass(frozen=True, slots=True)
class Result:
    """The image."""

    image: Made

    @property
    def status(self) -> int:
        """0: it is there."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Make it."""
    made: dict[str, str] = {}
    for each in arguments.made:
        what, equals, path = each.partition("=")
        if not equals or not path:
            raise fail(f"`--made {each}` says no path", None, "--made program:hello=PATH", "image/recipe")
        made[what] = path
    recipe = compose.read(arguments.recipe)
    image = yield from compose.compose(recipe, made, arguments.output, arguments.manifest)
    if arguments.manifest is not None and not arguments.manifest.exists():
        write_atomic(arguments.manifest, "")  # a disk holds no files itself
    return Result(image)
