"""The ledger held against itself: every internal fault in one pass, each at its place.

Faults of form (unknown keys, wrong types) are found when the ledger is read; whether it agrees with the kernel's
source is `ledger_source`'s to say.
"""

from __future__ import annotations

from portwright.base import rooms
from portwright.base.errors import Where
from portwright.describe import cpu as cpus
from portwright.describe import ledger_calls, ledger_numbers, ledger_tables
from portwright.describe.ledger import Ledger
from portwright.describe.ledger_finding import Case, Finding
from portwright.describe.toml_file import Places


def check(ledger: Ledger, places: Places) -> list[Finding]:
    """All findings, in the order of the file."""
    known = ledger.abi.cpu in rooms.names(cpus.ROOM)
    case = Case(ledger, places, cpus.cpu(ledger.abi.cpu) if known else None)
    checks = (*ledger_tables.CHECKS, *ledger_calls.CHECKS, *ledger_numbers.CHECKS)
    found = [finding for each in checks for finding in each(case)]
    return sorted(
        dict.fromkeys(found), key=lambda finding: (_place(finding.where), finding.code, finding.what)
    )


def _place(where: Where) -> tuple[int, int]:
    return where.line or 0, where.column or 0
