"""Give a file or a folder of an image another path; into a folder where that is one."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import changes, session
from portwright.pack.session import Changed

VERB = "image mv"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image and the two paths."""

    image: Annotated[str, Arg("The image, or the address of one in it.", positional=True)]
    old: Annotated[str, Arg("The file or folder.", positional=True)]
    new: Annotated[str, Arg("Its new path.", positional=True)]


Result = Changed


def run(arguments: Arguments) -> Generator[Event, None, Changed]:
    """Do it, whole or not at all."""
    yield from session.waiting(arguments.image)
    return session.change(
        arguments.image,
        None,
        lambda found: changes.move(found.at(arguments.old), found.at(arguments.new)),
        VERB,
        arguments,
    )
