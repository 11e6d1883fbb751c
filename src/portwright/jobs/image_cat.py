"""Print a file of an image, byte for byte.

With `--json` its content is text where it is UTF-8, else base64.
"""

from __future__ import annotations

import base64
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Annotated

from portwright.base.events import Event
from portwright.jobs import Arg
from portwright.pack import session, volume
from portwright.pack.place import shown

VERB = "image cat"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image and the file."""

    image: Annotated[str, Arg("The image, or the address of the file.", positional=True)]
    path: Annotated[str | None, Arg("The file.", positional=True)] = None
    format: Annotated[str | None, Arg("Read it as this format.", short="f", metavar="NAME")] = None
    encoded: Annotated[bool, Arg("The content as text or base64 in the result.", with_json=True)] = False


@dataclass(frozen=True, slots=True)
class Result:
    """The file; `text` or `base64` where the result was to hold its content. `whole`: `image` is its own address."""

    image: str
    path: str
    size: int
    text: str | None = None
    base64: str | None = None
    format: str | None = None
    whole: bool = False

    @property
    def status(self) -> int:
        """0: it could be read."""
        return 0

    def chunks(self) -> Iterator[bytes]:
        """The content, some at a time."""
        inside = None if self.whole else self.path
        with session.looking(self.image, inside, self.format) as found:
            yield from volume.chunks(volume.file_content(found.level, found.node.path))


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Find it; the content is read when it is printed."""
    yield from ()
    with session.looking(arguments.image, arguments.path, arguments.format) as found:
        node = found.node
        source = volume.file_content(found.level, node.path)
        text = encoded = None
        if arguments.encoded:
            data = b"".join(volume.chunks(source))
            try:
                text = data.decode()
            except UnicodeDecodeError:
                encoded = base64.b64encode(data).decode()
        return Result(
            arguments.image,
            shown(node.path),
            source.size,
            text,
            encoded,
            arguments.format,
            arguments.path is None,
        )
