"""Make a folder in an image."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import changes, session
from portwright.pack.session import Changed

VERB = "image mkdir"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image and the folder."""

    image: Annotated[str, Arg("The image, or the address of one in it.", positional=True)]
    path: Annotated[str | None, Arg("The folder.", positional=True)] = None
    parents: Annotated[bool, Arg("Those above it too, and one that is there is fine.", short="p")] = False
    mode: Annotated[str | None, Arg("Its permission bits, in octal.", short="m", metavar="MODE")] = None


Result = Changed


def run(arguments: Arguments) -> Generator[Event, None, Changed]:
    """Do it, whole or not at all."""
    yield from session.waiting(arguments.image)
    mode = None if arguments.mode is None else changes.mode_of(arguments.mode)
    return session.change(
        arguments.image,
        arguments.path,
        lambda found: changes.make_folder(found, parents=arguments.parents, mode=mode),
        VERB,
        arguments,
    )
