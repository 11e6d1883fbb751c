"""What a person sees of `ledger check`, `ledger show`, `ledger diff` and `schema`, also where nothing is wrong."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from portwright.base import rooms
from portwright.base.errors import Where
from portwright.base.events import outcome
from portwright.describe.ledger_finding import Finding
from portwright.describe.ledger_source import Found, Row
from portwright.jobs import ledger_check, ledger_crate, ledger_diff, ledger_show, schema

NAME = "x86_64-unknown-veridian"


def shown(view: str, result: Any, width: int = 100) -> str:
    """What the view of that name (`ledger-check`) prints."""
    out = io.StringIO()
    rooms.load("portwright.cli.views", view).view(
        result, Console(file=out, width=width, highlight=False, soft_wrap=True)
    )
    return out.getvalue()


def test_ledger_check_says_what_it_is_about_in_words() -> None:
    """Findings, tables and rows, each on a line of its own; brackets in texts are no markup."""
    where = Where("abi.toml", 3, 4)
    finding = Finding("error", "ledger/lacks", "needs [constants] O_RDONLY", ("x",), where, "say [it]")
    warning = Finding("warning", "ledger/x", "may be meant", ("y",), where)
    found = Found("syscalls", Path("mod.rs"), "rust-enum", "Call", 7, "search")
    row = Row("syscalls", "differs", "read", 1, where, 2, "FileRead", Where("mod.rs", 9))
    alone = Row(
        "syscalls", "not-in-ledger", "Futex", source=8, source_name="Futex", source_at=Where("mod.rs", 10)
    )
    gone = Row("syscalls", "not-in-source", "exit", 4, where, hint='kernel-name = "Halt"')
    rows = (row, alone, gone)
    counts = {"differs": 1, "not-in-ledger": 1, "not-in-source": 1}
    result = ledger_check.Result(Path("abi.toml"), 5, (finding, warning), (found,), rows, counts)
    assert shown("ledger-check", result).splitlines() == [
        "abi.toml:3:4: error: needs [constants] O_RDONLY [ledger/lacks]",
        "  hint: say [it]",
        "abi.toml:3:4: warning: may be meant [ledger/x]",
        "syscalls: mod.rs:7 `Call` (found by its names: [sources] does not lead there)",
        "  differs: read = 1 (abi.toml:3:4), `FileRead` = 2 (mod.rs:9)",
        "  not in the ledger: `Futex` = 8 (mod.rs:10)",
        '  not in the source: exit = 4 (abi.toml:3:4); kernel-name = "Halt"',
        "source: 1 differs, 1 not in ledger, 1 not in source",
        "abi.toml: 5 calls, 1 error, 1 warning",
    ]
    assert result.status == 1


@pytest.mark.parametrize("width", [40, 100, 250])
def test_ledger_show_has_a_row_for_each_call(width: int) -> None:
    """However narrow the terminal: nothing is cut or wrapped."""
    result = outcome(ledger_show.run(ledger_show.Arguments(NAME, "document")))
    text = shown("ledger-show", result, width)
    assert all(row.name in text for row in result.calls)
    assert "operations not offered: " in text
    (line,) = [line for line in text.splitlines() if line.startswith("9 ")]
    assert line.split("  ")[-1] == "address, length, protection, flags, fd, offset"


def test_ledger_diff_groups_by_table() -> None:
    """A head for each table, what only one has in one line."""
    result = outcome(ledger_diff.run(ledger_diff.Arguments(NAME)))
    lines = shown("ledger-diff", result).splitlines()
    heads = [line for line in lines[2:] if line and not line.startswith(" ")]
    assert heads[:3] == ["calls", "numbers that mean two things", "abi"]
    assert any(line.startswith("  only in abi.toml: ") and "lseek (seek)" in line for line in lines)
    assert lines[-1] == f"{len(result.differences)} rows differ, {result.agreeing} agree"
    same = outcome(ledger_diff.run(ledger_diff.Arguments(NAME, NAME)))
    assert shown("ledger-diff", same).splitlines()[-1].startswith("0 rows differ")


def test_schema_is_json_and_nothing_else() -> None:
    """It is written to a file as it stands, however narrow the terminal."""
    import json

    result = outcome(schema.run(schema.Arguments("abi")))
    assert json.loads(shown("schema", result, width=20)) == result.schema


def test_ledger_crate_says_what_changed() -> None:
    """Each file that changed on a line; a second run changes none."""
    folder = Path("[out]")
    first = ledger_crate.Result("small-sys", folder, ("Cargo.toml", "src/lib.rs"), ("src/lib.rs",))
    assert (
        shown("ledger-crate", first) == "wrote [out]/src/lib.rs\nsmall-sys in [out]: 1 of 2 files changed\n"
    )
    second = ledger_crate.Result("small-sys", folder, ("Cargo.toml", "src/lib.rs"), ())
    assert shown("ledger-crate", second) == "small-sys in [out]: nothing changed\n"
