"""A machine that was: a transcript is played again, as fast as it can be read."""

from __future__ import annotations

from typing import Literal

from portwright.describe.machine import Machine


class Transcript(Machine):
    """[machine.NAME] of kind `transcript`: `file` is one that `boot` recorded, or any console log."""

    kind: Literal["transcript"]
    file: str


MODEL = Transcript
