"""The ledger as a table: each system call with its number, operation and arguments, and how a call is made."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.events import Event
from portwright.describe import errno
from portwright.describe import ledger as ledgers
from portwright.describe import port as ports
from portwright.describe.ledger import Abi, Call, ErrorNumber
from portwright.describe.ledger_text import shown
from portwright.describe.operation import vocabulary
from portwright.jobs import Arg

VERB = "ledger show"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What to show."""

    port: Annotated[str, Arg("the port: a folder, or the name of a bundled one", positional=True)]
    ledger: Annotated[
        str | None, Arg("a second ledger of the port (abi.VARIANT.toml)", metavar="VARIANT")
    ] = None


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call; `arguments` as a person reads them, None where the ledger does not say them."""

    name: str
    number: int | None
    symbol: str | None
    aliases: tuple[int, ...]
    operation: str | None
    arguments: tuple[str, ...] | None
    kernel_name: str | None
    source: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error number and what it becomes."""

    name: str
    number: int
    kind: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """The ledger's calls by number, how a call is made, its errors, and the operations that no call provides."""

    ledger: Path
    abi: Abi
    calls: tuple[CallRow, ...]
    errors: tuple[ErrorRow, ...]
    not_offered: tuple[str, ...]

    @property
    def status(self) -> int:
        """Showing judges nothing."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Read the ledger into rows."""
    yield from ()
    port = ports.load(arguments.port, arguments.ledger)
    ledger = port.ledger
    calls = [_row(name, call, ledger.abi.default_source) for name, call in ledger.syscalls.items()]
    calls.sort(key=lambda row: (row.number is None, row.number or 0, row.name))
    errors = [
        ErrorRow(name, error.number, error.kind)
        if isinstance(error, ErrorNumber)
        else ErrorRow(name, error, errno.KINDS.get(name))
        for name, error in ledger.errors.items()
    ]
    errors.sort(key=lambda row: row.number)
    missing = tuple(name for name in vocabulary() if name not in ledger.offers)
    path = ledgers.ledger_path(port.folder, port.variant)
    return Result(path, ledger.abi, tuple(calls), tuple(errors), missing)


def _row(name: str, call: Call, default: str | None) -> CallRow:
    passed = None if call.arguments is None else tuple(shown(value) for value in call.arguments)
    source = call.source or default
    return CallRow(
        *(name, call.number, call.symbol, tuple(call.aliases), call.operation),
        *(passed, call.kernel_name, source, call.note),
    )
