"""Put a file or a folder of the host into an image, in the place of a file that is there.

Without a path it goes into the image's root under its own name; a path that ends in `/` or is a folder takes it in.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import changes, session, tree
from portwright.pack.edit import Operation
from portwright.pack.session import Changed
from portwright.pack.tree import Keeping
from portwright.pack.volume import Found

VERB = "image add"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image, the host's file, and where it goes."""

    image: Annotated[str, Arg("The image, or the address of one in it.", positional=True)]
    source: Annotated[Path, Arg("The file or folder of the host.", positional=True)]
    path: Annotated[str, Arg("Where it goes in the image.", positional=True)] = "/"
    mode: Annotated[str | None, Arg("Its permission bits, in octal.", short="m", metavar="MODE")] = None
    parents: Annotated[bool, Arg("Make the folders above it.", short="p")] = False
    owners: Annotated[bool, Arg("Keep its user and group (else 0:0).")] = False
    times: Annotated[bool, Arg("Keep when it was changed.")] = False


Result = Changed


def run(arguments: Arguments) -> Generator[Event, None, Changed]:
    """Do it, whole or not at all."""
    yield from session.waiting(arguments.image)
    keeping = Keeping(arguments.owners, arguments.times, tree.epoch())
    mode = None if arguments.mode is None else changes.mode_of(arguments.mode)

    def operations(found: Found) -> list[Operation]:
        into = arguments.path.endswith("/")
        return changes.add(
            found, arguments.source, into=into, keeping=keeping, mode=mode, parents=arguments.parents
        )

    return session.change(arguments.image, arguments.path, operations, VERB, arguments)
