"""The ledger against itself, and with --source against the kernel's source code.

Without --source: registers, traps and clobbers that the CPU does not have, numbers that two calls share, operations
that nothing provides, layouts that overlap, arguments that cannot be passed: all faults in one run. With it: each
number that agrees, differs, or is missing on either side, with both places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from portwright.base.events import Begun, Event
from portwright.describe import ledger as ledgers
from portwright.describe import ledger_check, ledger_source
from portwright.describe import port as ports
from portwright.describe.ledger_finding import Finding
from portwright.describe.ledger_source import Found, Row
from portwright.jobs import Arg

VERB = "ledger check"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What to check."""

    port: Annotated[str, Arg("the port: a folder, or the name of a bundled one", positional=True)]
    ledger: Annotated[
        str | None, Arg("a second ledger of the port (abi.VARIANT.toml)", metavar="VARIANT")
    ] = None
    source: Annotated[
        Path | None, Arg("the kernel's source tree, or one file of it, to compare with", metavar="DIR")
    ] = None


@dataclass(frozen=True, slots=True)
class Result:
    """Findings of the ledger itself, and the comparison with the source, if one was given.

    `tables` says which tables of the source were read; `rows` has one for each number on either side; `counts` how
    many rows have each outcome.
    """

    ledger: Path
    calls: int
    findings: tuple[Finding, ...]
    tables: tuple[Found, ...] = ()
    rows: tuple[Row, ...] = ()
    counts: dict[str, int] | None = None

    @property
    def status(self) -> int:
        """1 where there is an error, or a number that does not agree with the source."""
        wrong = any(finding.severity == "error" for finding in self.findings)
        return 1 if wrong or any(row.outcome != "matches" for row in self.rows) else 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Check; raises `BadInput` where the port or the source cannot be read."""
    port = ports.load(arguments.port, arguments.ledger)
    path = ledgers.ledger_path(port.folder, port.variant)
    findings = tuple(ledger_check.check(port.ledger, port.ledger_places))
    if arguments.source is None:
        return Result(path, len(port.ledger.syscalls), findings)
    yield Begun(f"comparing with {arguments.source}")
    tables, rows = ledger_source.compare(port.ledger, port.ledger_places, arguments.source)
    counts: dict[str, int] = dict(sorted(Counter(row.outcome for row in rows).items()))
    return Result(path, len(port.ledger.syscalls), findings, tuple(tables), tuple(rows), counts)
