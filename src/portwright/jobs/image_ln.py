"""Give a file of an image another name, or with `-s` make a symlink (whose target need not be there)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import changes, session
from portwright.pack.session import Changed

VERB = "image ln"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image, what the name stands for, and the name."""

    image: Annotated[str, Arg("The image, or the address of one in it.", positional=True)]
    target: Annotated[str, Arg("The file, or the symlink's target.", positional=True)]
    path: Annotated[str, Arg("The new name.", positional=True)]
    symbolic: Annotated[bool, Arg("Make a symlink.", short="s")] = False
    force: Annotated[bool, Arg("Take away a file that is there.")] = False


Result = Changed


def run(arguments: Arguments) -> Generator[Event, None, Changed]:
    """Do it, whole or not at all."""
    yield from session.waiting(arguments.image)
    return session.change(
        arguments.image,
        arguments.path,
        lambda found: changes.link(
            found, arguments.target, symbolic=arguments.symbolic, force=arguments.force
        ),
        VERB,
        arguments,
    )
