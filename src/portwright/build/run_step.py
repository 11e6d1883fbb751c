"""Runs one of portwright's own steps by itself: `python -m portwright.build.run_step OUT STEP --option value ...`.

What is emitted of a port's plan calls this; portwright's own builds do not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from portwright.base import rooms
from portwright.base.errors import PortwrightError
from portwright.build.own_step import ROOM
from portwright.build.steps import Call


def main(words: Sequence[str]) -> None:
    """Do the step's work in the folder; what went wrong is said on standard error."""
    out, step, *rest = words
    options = {name.removeprefix("--"): value for name, value in zip(rest[::2], rest[1::2], strict=True)}
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        rooms.load(ROOM, step).run(Call(options, dict(os.environ), folder, folder, ""))
    except PortwrightError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
