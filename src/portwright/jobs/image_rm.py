"""Take a file out of an image, or a folder with all in it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import changes, session
from portwright.pack.session import Changed

VERB = "image rm"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image and the file."""

    image: Annotated[str, Arg("The image, or the address of one in it.", positional=True)]
    path: Annotated[str | None, Arg("The file or folder.", positional=True)] = None
    recursive: Annotated[bool, Arg("A folder with all in it.", short="r")] = False


Result = Changed


def run(arguments: Arguments) -> Generator[Event, None, Changed]:
    """Do it, whole or not at all."""
    yield from session.waiting(arguments.image)
    return session.change(
        arguments.image,
        arguments.path,
        lambda found: changes.remove(found, recursive=arguments.recursive),
        VERB,
        arguments,
    )
