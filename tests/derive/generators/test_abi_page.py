"""generators/abi_page: nothing of a ledger is missing on its page, and the page is a page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portwright.derive.generators import abi_page
from portwright.describe import port as ports
from portwright.describe.ledger import Call, ErrorNumber

NAMES = ("x86_64-unknown-veridian",)


@pytest.mark.parametrize("name", NAMES)
def test_everything_of_a_ledger_is_on_its_page(name: str) -> None:
    """Each call with its number, error, constant, struct and reason."""
    ledger = ports.load(name).ledger
    page = abi_page.generate(ports.load(name))
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")]
    for call, facts in ledger.syscalls.items():
        numbers = ", ".join(map(str, [facts.number, *facts.aliases]))
        row = next(row for row in rows if row[1] == f"`{call}`")
        assert row[0] == f"| {numbers}" and row[3] == (facts.operation or "-")
    for error, given in ledger.errors.items():
        number = given.number if isinstance(given, ErrorNumber) else given
        assert any(row[:2] == [f"| {number}", f"`{error}`"] for row in rows)
    for constant in ledger.constants:
        assert any(row[0] == f"| `{constant}`" for row in rows)
    for struct, layout in ledger.types.items():
        assert f"### `{struct}`: {layout.size} bytes" in page
    for reason in (*ledger.why.values(), *ledger.abi.why.values()):
        assert " ".join(reason.split()) in page


def test_each_table_has_as_many_cells_in_every_row() -> None:
    """A bar in a note does not make another cell."""
    port = ports.load(NAMES[0])
    calls = {**port.ledger.syscalls, "odd": Call(number=4000, note="a | b\nand more")}
    page = abi_page.generate(replace(port, abi=port.ledger.model_copy(update={"syscalls": calls})))
    assert "a \\| b and more" in page
    cells = 0
    for line in page.splitlines():
        if line.startswith("|---"):
            cells = line.count("---")
        if line.startswith("| ") and cells:
            assert line.replace("\\|", "").count("|") == cells + 1, line
        if not line:
            cells = 0
