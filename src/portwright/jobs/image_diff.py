"""Say what differs between two images, or an image and a folder: first what they hold, then modes, owners and times.

A folder of the host has no say about owners and times.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import compare, session
from portwright.pack.compare import Difference, Tree

VERB = "image diff"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The two sides."""

    left: Annotated[str, Arg("An image, an address in one, or a folder.", positional=True)]
    right: Annotated[str, Arg("The other.", positional=True)]
    content: Annotated[bool, Arg("Only what they hold.")] = False


@dataclass(frozen=True, slots=True)
class Result:
    """What differs; `same` files are in both and alike."""

    left: str
    right: str
    differences: tuple[Difference, ...]
    same: int

    @property
    def status(self) -> int:
        """1 where something differs, as diff says it."""
        return 1 if self.differences else 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Compare them."""
    yield from ()
    with contextlib.ExitStack() as held:
        sides = [_side(each, held) for each in (arguments.left, arguments.right)]
        rows = compare.differences(*sides, content_only=arguments.content)
        paths = {path for side in sides for path in side.nodes}
    same = len(paths) - len({row.path for row in rows})
    return Result(arguments.left, arguments.right, tuple(rows), same)


def _side(text: str, held: contextlib.ExitStack) -> Tree:
    if Path(text).is_dir():
        return compare.host(Path(text))
    return compare.image(held.enter_context(session.looking(text)))
