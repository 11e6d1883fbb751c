"""Where somebody keeps what a machine needs and nobody may hand out: ROMs, disks with a licensed system."""

from __future__ import annotations

from pathlib import Path

from portwright.base.errors import Fault, Where
from portwright.describe.lock import state_root


def folder(target: str) -> Path:
    """The folder for a port's machines."""
    return state_root() / "machines" / target


def find(name: str, *folders: Path) -> Path | None:
    """The file of that name in the first folder that has it."""
    return next((each / name for each in folders if (each / name).is_file()), None)


def missing(what: str, name: str, own: Path, otherwise: str = "") -> Fault:
    """That it is not there, and where to put it."""
    hint = f"put your own there; it cannot be handed out with portwright{otherwise}"
    return Fault(f"there is no {what}", Where(own / name), hint, "boot/owned")
