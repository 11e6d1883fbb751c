"""A machine that any command makes: another emulator, a board farm's client. Its standard streams are the console."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from portwright.describe.machine import Machine


class Command(Machine):
    """[machine.NAME] of kind `command`.

    `command`: the words of the command; `{kernel}`, `{image}`, `{initrd}` and `{append}` are what the command line
    of `boot` gives. `environment`: variables for it. `ends_well`: the machine switching itself off ends the command,
    with status 0.
    """

    kind: Literal["command"]
    command: Annotated[list[str], Field(min_length=1)]
    environment: dict[str, str] = {}
    ends_well: bool = True


MODEL = Command
