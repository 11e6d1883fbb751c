"""What of std works on a port, and what each missing operation would unlock: what pays most comes first.

Computed from the ledger: an operation counts as offered when a call means it and the constants, fields and
tables that std needs for it are there.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.events import Event
from portwright.describe import ledger as ledgers
from portwright.describe import port as ports
from portwright.describe import std_needs, std_support
from portwright.describe.std_support import Support
from portwright.jobs import Arg

VERB = "std"


@dataclass(frozen=True, slots=True)
class Arguments:
    """Which port."""

    port: Annotated[str, Arg("The port: a folder, or the name of a bundled one.", positional=True)]
    ledger: Annotated[
        str | None, Arg("A second ledger of the port (abi.VARIANT.toml).", metavar="VARIANT")
    ] = None


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A part of std that no operation of the vocabulary means yet."""

    name: str
    remark: str


@dataclass(frozen=True, slots=True)
class Result:
    """What works, what would pay, and what no ledger can give yet.

    `works` and `missing` hold operations in the order in which they pay; `missing` those that would give std
    something. `thread_local`: thread-locals are real ones. `runs`: a program of std can run at all.
    """

    target: str
    ledger: Path
    runs: bool
    thread_local: bool
    works: tuple[Support, ...]
    missing: tuple[Support, ...]
    beyond: tuple[Unsupported, ...]

    @property
    def status(self) -> int:
        """0: programs run; 1: something without which none does is missing."""
        return 0 if self.runs else 1


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Weigh the ledger's operations."""
    yield from ()
    port = ports.load(arguments.port, arguments.ledger)
    rows = std_support.support(port.ledger)
    return Result(
        port.target,
        ledgers.ledger_path(port.folder, port.variant),
        std_support.runs(rows),
        std_needs.thread_pointer(port.ledger),
        tuple(row for row in rows if not row.open),
        tuple(row for row in rows if row.open),
        tuple(Unsupported(name, remark) for name, remark in std_support.BEYOND.items()),
    )
