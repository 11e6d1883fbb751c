"""docs/ledger.md: its pieces are one ledger, which loads, checks as the page says, and becomes a crate."""

from __future__ import annotations

import re
from pathlib import Path

from portwright.derive.calls_rust import functions
from portwright.describe import ledger as ledgers
from portwright.describe import ledger_check, toml_file


def pieces(repo: Path) -> str:
    """All TOML of the page, in order."""
    page = (repo / "docs" / "ledger.md").read_text()
    return "\n".join(re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))


def test_the_page_is_a_ledger(repo: Path, tmp_path: Path) -> None:
    """No error, and the one warning that the page speaks of."""
    path = tmp_path / "abi.toml"
    path.write_text(pieces(repo))
    ledger = ledgers.load(path)
    found = ledger_check.check(ledger, toml_file.Places(path))
    assert [(row.severity, row.code) for row in found] == [
        ("warning", "ledger/unpassed-argument"),
    ], [str(row.fault()) for row in found]
    assert "`random` never passes `flags`" in found[0].what
    assert len(ledger.syscalls) == 13
    assert "pub unsafe fn create(" in functions(ledger)


def test_the_tables_name_every_form_and_key(repo: Path) -> None:
    """A key that a call can have is on the page."""
    page = (repo / "docs" / "ledger.md").read_text()
    for field in (*ledgers.Call.model_fields.values(), *ledgers.Abi.model_fields.values()):
        assert re.search(rf"\b{field.alias}\b", page), field.alias
