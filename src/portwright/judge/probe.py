"""Compare what a probe reported with a ledger: one row per fact, and for each that differs what to change."""

from __future__ import annotations

from portwright.describe.cpu import Cpu
from portwright.describe.ledger import Ledger
from portwright.judge import probe_entry, probe_files, probe_memory
from portwright.judge.probe_report import Report, Row


def compare(report: Report, ledger: Ledger, cpu: Cpu) -> tuple[Row, ...]:
    """All rows, in the ledger's own order of tables."""
    return (
        *probe_entry.rows(report, ledger, cpu),
        *probe_memory.rows(report, ledger),
        *probe_files.rows(report, ledger, cpu),
    )
