"""A real machine at a serial line, or what looks like one: a pseudo-terminal, a Unix socket of another emulator."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from portwright.describe.machine import Machine


class Serial(Machine):
    """[machine.NAME] of kind `serial`.

    `device`: the serial device, or the path of a Unix socket. `speed` in bits per second. `start`: a command that
    switches the machine on, word by word, once the line is open; `end`: one that switches it off.
    """

    kind: Literal["serial"]
    device: str
    speed: Annotated[int, Field(gt=0)] = 115200
    start: list[str] = []
    end: list[str] = []


MODEL = Serial
