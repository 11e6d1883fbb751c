"""What every image verb does first and last: follow its address, hold the image meanwhile, and carry an edit out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from portwright.base.events import Event, Note
from portwright.base.sources import Source, Window
from portwright.pack import edit, transaction
from portwright.pack import volume as volumes
from portwright.pack.edit import Operation
from portwright.pack.journal import Entry
from portwright.pack.place import Address, inner, parse
from portwright.pack.transaction import Done
from portwright.pack.volume import Found


@dataclass(frozen=True, slots=True)
class Changed:
    """What an edit did: its number in the image's log (None: nothing had to change), and how much it touched.

    `method`: `beside` (a new file took the image's place) or `in-place`.
    """

    image: Path
    edit: int | None
    done: tuple[str, ...] = ()
    changed_bytes: int = 0
    method: str = ""

    @property
    def status(self) -> int:
        """0: it was done (an edit that cannot be done raises)."""
        return 0


@contextlib.contextmanager
def looking(image: str, path: str | None = None, forced: str | None = None) -> Iterator[Found]:
    """Where IMAGE and PATH lead, while nobody edits the image."""
    address = parse(image)
    with transaction.reading(address.file):
        yield volumes.find(address, forced).at(path)


@contextlib.contextmanager
def bytes_of(image: str) -> Iterator[tuple[Source, Address]]:
    """The bytes of the image that an address leads to, which need not be readable, while nobody edits it."""
    address = parse(image)
    with transaction.reading(address.file):
        yield source_at(address), address


def source_at(address: Address, host: Source | None = None) -> Source:
    """The bytes that an address leads to."""
    if not address.parts:
        return host or volumes.host_file(address.file)
    outer = volumes.find(Address(address.file, address.parts[:-1]), source=host)
    level, part = outer.level, address.parts[-1]
    if level.table is not None:
        chosen = volumes.partition(level, part)
        return Window(level.source, chosen.start, chosen.size, str(address))
    if outer.named:  # a path in front: the image that lies there
        level = volumes.folder_of(outer).level
    return volumes.file_content(level, volumes.follow(level, inner(part)))


def waiting(image: str) -> Iterator[Event]:
    """Say that another edit is going on, where it is."""
    path = parse(image).file
    if transaction.held(path):
        yield Note(f"waiting for another edit of {path}")


def change(
    image: str,
    path: str | None,
    operations: Callable[[Found], Sequence[Operation]],
    verb: str,
    arguments: object,
) -> Changed:
    """Carry out what `operations` makes of the place that IMAGE and PATH lead to."""
    address = parse(image)
    with transaction.editing(address.file) as held:
        found = volumes.find(address, source=held.source).at(path)
        return changed(address.file, held.commit(list(operations(found)), verb, said(arguments)))


def changed(image: Path, done: Done) -> Changed:
    """The outcome of an edit as a result."""
    entry = done.entry
    if entry is None:
        return Changed(image, None, done.mended)
    texts = done.mended or tuple(edit.says(each) for each in entry.operations)
    return Changed(image, entry.number, texts, entry.changed_bytes, entry.method)


def said(arguments: Any) -> Mapping[str, Any]:
    """A verb's arguments as the log keeps them: those that were given."""
    rows = asdict(arguments).items()
    return {name: _plain(value) for name, value in rows if value not in (None, False, (), "")}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value if isinstance(value, int | str) else str(value)


def summary(entry: Entry) -> tuple[str, ...]:
    """What an edit did, a few words for each operation."""
    return tuple(edit.says(each) for each in entry.operations)
