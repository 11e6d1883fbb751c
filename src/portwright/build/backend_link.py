"""The linker that rustc calls for a port with [backend]: `python -m portwright.build.backend_link SETTINGS WORDS...`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from portwright.base import rooms
from portwright.base.errors import PortwrightError
from portwright.build import linker_words
from portwright.build.backends import Report, Request, Settings

ROOM = "portwright.build.backends"


def settings(path: Path) -> Settings:
    """The settings that the plan wrote."""
    value = json.loads(path.read_text())
    lists = {name: tuple(item) for name, item in value.items() if isinstance(item, list)}
    known = {row.name for row in fields(Settings)}
    return Settings(**{name: item for name, item in (value | lists).items() if name in known})


def link(own: Settings, words: Sequence[str]) -> Report:
    """Link as the settings say."""
    report: Report = rooms.load(ROOM, own.kind).link(Request(own, linker_words.read(words)))
    return report


def main(words: Sequence[str]) -> None:
    """Link; what is wrong is said on standard error, where rustc shows it."""
    try:
        link(settings(Path(words[0])), words[1:])
    except PortwrightError as error:
        raise SystemExit(str(error)) from None
    except OSError as error:  # a full disk, a file that went away
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main(sys.argv[1:])
