"""What one `movem` was made of is taken from llc's own code, or the build stops."""

from __future__ import annotations

import pytest

from portwright.base.errors import BadInput
from portwright.build import errata_mending


def mend(moves: list[str], *assembly: str) -> tuple[list[str], dict[str, int]]:
    """The instructions of a function after the mend, and how many there were to mend."""
    machine = "# Machine code for function f: NoPHIs\n" + "".join(
        f"  {move}, implicit $d0\n" for move in moves
    )
    body = "".join(f"\t{line}\n" for line in assembly)
    text = f"\t.type\tf,@function\nf:\n{body}\trts\n.Lfunc_end0:\n"
    made, counts = errata_mending.mend("m68k", text, "case", machine=machine)
    lines = made.split("f:\n")[1].split("\trts")[0].splitlines()
    return [line.strip().replace("\t", " ") for line in lines], counts


def test_what_lies_in_the_order_of_the_registers_stays() -> None:
    moves = ["MOVM32mp 1, 4, $sp", "MOVM32mp 8, 8, $sp", "frame-setup MOVM32pm 24, $sp, 1276"]
    lines = ["movem.l (4,%sp), %d0/%d3", "movem.l %d2-%d7/%a2, (24,%sp)"]
    assert mend(moves, *(line.replace(" ", "\t", 1) for line in lines)) == (lines, {})


def test_a_register_between_others_is_fetched_alone() -> None:
    moves = ["MOVM32mp 1, 4, $sp", "MOVM32mp 8, 8, $sp", "MOVM32mp 2, 0, $sp"]
    made = ["movem.l (4,%sp), %d0", "movem.l (8,%sp), %d3", "movem.l (0,%sp), %d1"]
    assert mend(moves, "movem.l\t(0,%sp), %d0-%d1/%d3") == (made, {"collapsed-moves": 1})


def test_a_register_that_is_stored_twice() -> None:
    moves = [f"MOVM32pm {offset}, $sp, {mask}" for offset, mask in ((80, 1), (84, 128), (76, 128), (72, 128))]
    made = [f"movem.l %d{register}, ({at},%sp)" for at, register in ((80, 0), (84, 7), (76, 7), (72, 7))]
    assert mend(moves, "movem.l\t%d0/%d7, (72,%sp)") == (made, {"collapsed-moves": 1})


@pytest.mark.parametrize(
    "moves", [[], ["MOVM32mp 4, 0, $sp"], ["MOVM32pm 0, $sp, 1"], ["MOVM32mp 1, 8, $sp"]]
)
def test_what_llc_did_not_say_stops_the_build(moves: list[str]) -> None:
    with pytest.raises(BadInput, match=r"in f: `movem.l.*` is not what llc's own code has there"):
        mend(moves, "movem.l\t(0,%sp), %d0")
