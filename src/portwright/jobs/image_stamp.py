"""Write the version record into an image: git's revision, its time, the port's lock, and the hash of all that is in it.

The places are those of a port's [image.NAME], or given here. With neither, the stamps that are there are read, and
said whether files were changed since.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base import revision
from portwright.base.errors import Where, closest, fail
from portwright.base.events import Event
from portwright.base.hashing import hash_value
from portwright.describe import lock
from portwright.describe import port as ports
from portwright.jobs import Arg
from portwright.pack import session, stamp
from portwright.pack.session import Changed
from portwright.pack.stamp import PLACE, Stamp, Version

VERB = "image stamp"


@dataclass(frozen=True, slots=True)
class Arguments:
    """The image and the places."""

    image: Annotated[str, Arg("The image, or the address of one in it.", positional=True)]
    place: Annotated[
        tuple[str, ...], Arg("A file and its line, in which {stamp} is the record.", metavar="FILE=LINE")
    ] = ()
    port: Annotated[str | None, Arg("The port whose [image.NAME] says the places.")] = None
    name: Annotated[str | None, Arg("Which of the port's images this is, if it has several.")] = None


@dataclass(frozen=True, slots=True)
class Result:
    """The stamps that are there (now), and the edit that wrote them, if one did."""

    image: str
    stamps: tuple[Stamp, ...]
    edit: Changed | None = None

    @property
    def status(self) -> int:
        """1 where there is no stamp, or files were changed since."""
        return 0 if self.stamps and not any(each.changed for each in self.stamps) else 1


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Stamp it, and read the stamps."""
    yield from session.waiting(arguments.image)
    places, folder, locked = _places(arguments)
    edit = None
    if places:
        version = Version.of(revision.of(folder), locked)
        edit = session.change(
            arguments.image, None, lambda found: stamp.operations(found, places, version), VERB, arguments
        )
    with session.looking(arguments.image) as found:
        return Result(arguments.image, tuple(stamp.stamps(found.volume)), edit)


def _places(arguments: Arguments) -> tuple[list[tuple[str, str]], Path, str]:
    """(file, line) of the places, the folder whose revision counts, and the hash of the lock."""
    rows: list[tuple[str, str]] = []
    for each in arguments.place:
        path, equals, line = each.partition("=")
        if not equals or PLACE not in line or "\n" in line:
            hint = "--place '/etc/init.rc=echo this is {stamp}'"
            raise fail(f"`{each}` is no place for a stamp", None, hint, "stamp/place")
        rows.append((path, line))
    if arguments.port is None:
        return rows, Path.cwd(), ""
    port = ports.load(arguments.port)
    rows += [(row.file, row.line) for row in port.manifest.image[_image(arguments, port)].stamp]
    if not rows:
        what = "the port's image has no stamp"
        raise fail(
            what, Where(port.folder / "port.toml"), "add [[image.NAME.stamp]], or give --place", "stamp/place"
        )
    found = lock.read(lock.place(port))
    locked = hash_value([dict(found.facts), dict(found.tools)]) if found is not None else ""
    return rows, port.folder, locked


def _image(arguments: Arguments, port: ports.Port) -> str:
    names = list(port.manifest.image)
    if arguments.name is None and len(names) == 1:
        return names[0]
    if arguments.name in names:
        return arguments.name
    near = closest(arguments.name or "", names)
    hint = f"did you mean `{near}`? " if near else ""
    what = (
        f"the port has no image `{arguments.name}`"
        if arguments.name
        else "say which of the port's images this is"
    )
    hint += f"--name takes one of: {', '.join(names) or 'none: port.toml has no [image.NAME]'}"
    raise fail(what, Where(port.folder / "port.toml"), hint, "image/unknown")
