"""Write the Rust crate `<os>-sys` that follows from the ledger: numbers, constants, errors, structs and raw calls.

The crate is `no_std` and needs no other. Files that are as they should be are left untouched.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.errors import Where, fail
from portwright.base.events import Event
from portwright.base.files import disk_errors, write_atomic
from portwright.derive.generators import sys_crate
from portwright.describe import port as ports
from portwright.jobs import Arg

VERB = "ledger crate"


@dataclass(frozen=True, slots=True)
class Arguments:
    """Which ledger, and where to write."""

    port: Annotated[str, Arg("the port: a folder, or the name of a bundled one", positional=True)]
    folder: Annotated[Path, Arg("the crate's folder; made where it is missing", positional=True)]
    ledger: Annotated[
        str | None, Arg("a second ledger of the port (abi.VARIANT.toml)", metavar="VARIANT")
    ] = None


@dataclass(frozen=True, slots=True)
class Result:
    """The crate's name and folder, all of its files, and those that changed."""

    crate: str
    folder: Path
    files: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def status(self) -> int:
        """Written."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Write the files; raises `BadInput` where a crate that is not portwright's own lies there."""
    yield from ()
    port = ports.load(arguments.port, arguments.ledger)
    files = sys_crate.generate(port)
    manifest = arguments.folder / "Cargo.toml"
    with disk_errors(arguments.folder):
        if manifest.exists() and not manifest.read_text(errors="replace").startswith(sys_crate.MARK):
            hint = "give a folder of its own: what lies there is overwritten each time"
            raise fail("this crate was not made by portwright", Where(manifest), hint, "crate/foreign")
        changed = [path for path, text in files.items() if write_atomic(arguments.folder / path, text)]
    return Result(f"{port.os}-sys", arguments.folder, tuple(files), tuple(changed))
