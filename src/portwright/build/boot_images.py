"""Which file each drive of a machine gets: the one that a person named, or the port's own image of that name, built."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

from portwright.base.events import Event
from portwright.build import goals
from portwright.describe.machine import Machine
from portwright.describe.port import Port


def named(words: Sequence[str]) -> dict[str, Path]:
    """Image name -> file, of the words `[NAME=]FILE`; the one without a name is the first drive's."""
    found: dict[str, Path] = {}
    for text in words:
        name, separator, file = text.partition("=")
        if separator and not Path(text).exists():
            found[name] = Path(file)
        else:
            found[""] = Path(text)
    return found


def build(port: Port, machine: Machine, given: Mapping[str, Path]) -> Generator[Event, None, dict[str, Path]]:
    """`given`, and for each other drive whose image is an `[image.NAME]` of the port that image, brought up to date."""
    found = dict(given)
    for number, drive in enumerate(getattr(machine, "drives", ())):
        name = drive.image
        if name in found or name not in port.manifest.image or (number == 0 and "" in found):
            continue
        made = yield from goals.build(port, f"image-{name}")
        found[name] = made.images[name]
    return found
