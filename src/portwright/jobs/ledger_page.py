"""Write the ABI page that follows from the ledger, in Markdown: calls, errors, constants, structs, surprises.

Without a file it is printed. A file that is as it should be is left untouched.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.events import Event
from portwright.base.files import write_made
from portwright.derive.generators import abi_page
from portwright.describe import port as ports
from portwright.jobs import Arg

VERB = "ledger page"


@dataclass(frozen=True, slots=True)
class Arguments:
    """Which ledger, and where to write."""

    port: Annotated[str, Arg("the port: a folder, or the name of a bundled one", positional=True)]
    output: Annotated[Path | None, Arg("the file to write; its folders are made", metavar="FILE")] = None
    ledger: Annotated[
        str | None, Arg("a second ledger of the port (abi.VARIANT.toml)", metavar="VARIANT")
    ] = None


@dataclass(frozen=True, slots=True)
class Result:
    """The text, the file that holds it now (none: it is only shown), and whether that was changed."""

    text: str
    file: Path | None
    changed: bool

    @property
    def status(self) -> int:
        """Written, or shown."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Make the text; raises `BadInput` where a file that is not portwright's own is in the way."""
    yield from ()
    text = abi_page.generate(ports.load(arguments.port, arguments.ledger))
    changed = arguments.output is not None and write_made(arguments.output, text, abi_page.MARK)
    return Result(text, arguments.output, changed)
