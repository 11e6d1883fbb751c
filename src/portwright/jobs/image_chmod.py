"""Set the permission bits of files of an image: `755`, or `u+x,go-w`."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import changes, session
from portwright.pack.session import Changed

VERB = "image chmod"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image, the mode and the file."""

    image: Annotated[str, Arg("The image, or the address of one in it.", positional=True)]
    mode: Annotated[str, Arg("The bits, in octal or as u+x,go-w.", positional=True)]
    path: Annotated[str | None, Arg("The file or folder.", positional=True)] = None
    recursive: Annotated[bool, Arg("All below it too.", short="R")] = False


Result = Changed


def run(arguments: Arguments) -> Generator[Event, None, Changed]:
    """Do it, whole or not at all."""
    yield from session.waiting(arguments.image)
    return session.change(
        arguments.image,
        arguments.path,
        lambda found: changes.change_mode(found, arguments.mode, recursive=arguments.recursive),
        VERB,
        arguments,
    )
