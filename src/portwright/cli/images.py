"""How the image verbs' views write what they share: names, sizes, and what an edit did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portwright.pack.place import encoded, printable

if TYPE_CHECKING:
    from rich.console import Console

    from portwright.pack.listing import Row
    from portwright.pack.session import Changed

SHOWN = 20


def name(text: str) -> str:
    """A name as it can be printed: what is no printable UTF-8 is escaped."""
    return printable(encoded(text))


def amount(size: int) -> str:
    """A size for people: exact below 10 KiB, else in its unit."""
    for unit, step in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= 10 * step or (size >= step and size % step == 0):
            return f"{size / step:.4g} {unit}"
    return f"{size} bytes"


def label(row: Row) -> str:
    """The last part of a row's path, and where a symlink points."""
    last = name(row.path.rpartition("/")[2])
    return f"{last} -> {name(row.target)}" if row.target is not None else last


def say(text: str, console: Console, style: str | None = None) -> None:
    """A line as it is, without markup."""
    from rich.text import Text

    console.print(Text(text, style=style or ""))


def changed(result: Changed, console: Console) -> None:
    """What an edit did."""
    if result.edit is None:
        say(f"{result.image} is as it shall be: nothing was changed", console)
        return
    for line in result.done[:SHOWN]:
        say(line, console)
    if len(result.done) > SHOWN:
        say(f"and {len(result.done) - SHOWN} more", console)
    say(f"edit {result.edit} of {result.image}: {amount(result.changed_bytes)} changed", console)
