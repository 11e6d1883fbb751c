"""A NeXT computer that Previous makes, an emulator with a screen of its own: nothing of the guest's is on a console."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from portwright.describe.machine import Machine
from portwright.describe.model import Described


class Disk(Described):
    """A disk: `image` is the name of an [image.NAME] of the port, of what `--image NAME=FILE` gives, or of a file that
    whoever owns it has put into the folder for such.

    `bus`: a `scsi` disk, a `cd` or a `floppy`. `read_only`: the guest cannot write to it. `optional`: where there is no
    such file, the machine has no such disk. What is written is dropped at the end, or stays with `--persist`.
    """

    image: str
    bus: Literal["scsi", "cd", "floppy"] = "scsi"
    read_only: bool = False
    optional: bool = False


class Previous(Machine):
    """[machine.NAME] of kind `previous`.

    `program` is how the emulator is called. `rom`: the file with the computer's own ROM, which nobody may hand out.
    `model`: the computer. `memory`: megabytes, of one bank. `drives`: the disks, of which the first starts.
    """

    kind: Literal["previous"]
    program: str = "Previous"
    rom: str
    model: Literal["cube", "station", "station-color"] = "cube"
    memory: Literal[4, 8, 16] = 16
    drives: Annotated[list[Disk], Field(max_length=8)] = []


MODEL = Previous
