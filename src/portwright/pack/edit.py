"""Edits as data, and what they make of an image: in place where its format can, by building it anew where not.

An edit of an image inside an image makes new bytes of the inner one, which then take the old one's place in the
outer, up to the host's file. Nothing is written here: the outcome is a source.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from portwright.base.errors import Where, fail
from portwright.base.sources import Source, Window
from portwright.formats import Editor, Node
from portwright.pack import volume as volumes
from portwright.pack.overlay import Overlay, laid
from portwright.pack.place import Address, inner, printable
from portwright.pack.rebuild import Rebuilder
from portwright.pack.volume import Level

What = Literal["add", "remove", "rename", "mode", "link", "repair"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One edit of one image: `place` leads from the host's file to the image, `path` to the file in it.

    `to` is the new path (rename), or the existing file (link). `node` is what to add, with its content.
    Operations of one `turn` on one image are done together: an image that is built anew is so once.
    """

    what: What
    place: tuple[str, ...]
    path: bytes = b""
    to: bytes = b""
    mode: int = 0
    node: Node | None = None
    turn: int = 0


@dataclass(slots=True)
class Outcome:
    """New bytes of an image, and what `repair` said that it did."""

    source: Source
    mended: list[str] = field(default_factory=list)


def apply(source: Source, address: Address, operations: Iterable[Operation]) -> Outcome:
    """The image after the operations, in their order; raises `BadInput`, and nothing has changed then."""
    outcome = Outcome(source)
    for (_, place), group in itertools.groupby(operations, key=lambda each: (each.turn, each.place)):
        outcome.source = _at(outcome, outcome.source, Address(address.file), place, list(group))
    return outcome


def _at(
    outcome: Outcome,
    source: Source,
    address: Address,
    place: tuple[str, ...],
    operations: Sequence[Operation],
) -> Source:
    level = volumes.enter(source, address)
    if not place:
        return _here(outcome, level, operations)
    part, rest = place[0], place[1:]
    further = address.then(part)
    if level.table is not None:
        chosen = volumes.partition(level, part)
        window = Window(source, chosen.start, chosen.size, str(further))
        new = _at(outcome, window, further, rest, operations)
        return _into_partition(source, window, new)
    path = volumes.follow(level, inner(part))
    new = _at(outcome, volumes.file_content(level, path), further, rest, operations)
    node = replace(volumes.require(level, path), content=new, size=new.size, same_as=b"", number=-1)
    return _here(outcome, level, [Operation("add", (), path, node=node)])


def _into_partition(source: Source, window: Window, new: Source) -> Source:
    if new.size > window.size:
        what = f"the new image has {new.size:,} bytes, the partition {window.size:,}"
        raise fail(
            what, Where(window.name), "take files away, or make a disk with a larger partition", "image/full"
        )
    overlay = Overlay(source)
    if isinstance(new, Overlay) and new.source is window:
        for each in new.stretches:
            overlay.copy(window.offset + each.start, each.source, each.place, each.end - each.start)
        return overlay
    overlay.copy(window.offset, new, 0, new.size)
    step = 1 << 20
    for at in range(new.size, window.size, step):
        overlay.write(window.offset + at, bytes(min(step, window.size - at)))
    return overlay


def _here(outcome: Outcome, level: Level, operations: Sequence[Operation]) -> Source:
    assert level.volume is not None or level.files  # raises where it holds partitions
    if any(each.what == "repair" for each in operations):
        return _repaired(outcome, level)
    if level.format.in_place:
        overlay = Overlay(level.source)
        editor = level.format.edit(overlay)
        for each in operations:
            perform(editor, each)
        return overlay
    rebuilder = Rebuilder(level)
    for each in operations:
        perform(rebuilder, each)
    return laid(rebuilder.layout(), level.source.name)


def _repaired(outcome: Outcome, level: Level) -> Source:
    if not level.format.mends:
        hint = f"extract what can be read, and pack it anew with --format {level.format.name}"
        what = f"nothing here can repair a {level.format.name} image"
        raise fail(what, Where(str(level.address)), hint, "image/no-repair")
    overlay = Overlay(level.source)
    outcome.mended += level.format.repair(overlay)
    return overlay if overlay.stretches else level.source


def perform(editor: Editor, change: Operation) -> None:
    """Have an editor do one change."""
    if change.what == "add":
        assert change.node is not None
        editor.add(change.node)
    elif change.what == "remove":
        editor.remove(change.path)
    elif change.what == "rename":
        editor.rename(change.path, change.to)
    elif change.what == "mode":
        editor.change_mode(change.path, change.mode)
    elif change.what == "link":
        editor.link(change.to, change.path)


def says(change: Operation) -> str:
    """An operation in a few words, for the log."""
    path = f"/{printable(change.path)}"
    if change.what in ("rename", "link"):
        return f"{change.what} {path} {'to' if change.what == 'rename' else 'as'} /{printable(change.to)}"
    if change.what == "mode":
        return f"mode {change.mode:04o} {path}"
    if change.what == "add" and change.node is not None:
        return f"add {change.node.kind} {path}"
    return change.what if change.what == "repair" else f"{change.what} {path}"
