"""The room of faults as a whole: every manual is whole, every fault has its test, and the page says all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from elf_maker import make
from fault_case import case
from portwright.base.errors import BadInput
from portwright.pack import fault


@pytest.mark.parametrize("page", fault.pages(), ids=lambda page: page.name)
def test_every_manual_is_whole_and_every_fault_has_a_test(page: fault.Manual, repo: Path) -> None:
    assert page.title.endswith(".")
    assert tuple(page.sections) == fault.SECTIONS and all(page.sections.values())
    assert (repo / "tests/pack/faults" / f"test_{page.name.replace('-', '_')}.py").is_file()
    assert page.advice and not page.advice[0].isupper()


def test_findings_come_in_the_order_of_their_weight() -> None:
    data = make(entry=0, stack=7, symbols=[("x", 0x201000, 1, 2)] * 100)
    assert [row.severity for row in fault.examine(case(data))] == ["error", "error", "warning", "note"]
    assert fault.examine(case(data))[0].code == "inspect/entry-zero"


def test_there_is_a_hint_for_what_does_not_exist() -> None:
    with pytest.raises(BadInput, match="no entry `entry-zeroo`"):
        fault.page_of("entry-zeroo")


def test_the_page_has_every_fault() -> None:
    text = fault.manual_page()
    assert all(f"\n## {page.name}\n" in text for page in fault.pages())
