"""Which instructions destroy flags that are wanted: copies and extensions, told from what a branch asks about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.base.errors import BadInput, Where
from portwright.build import errata_mending, m68k_assembly, m68k_flags


def unit(*body: str) -> m68k_assembly.Unit:
    lines = "\n".join(line if line.endswith(":") else f"\t{line}" for line in body)
    return m68k_assembly.read(f"\t.type\tf,@function\nf:\n{lines}\n.Lfunc_end0:\n", Where("case.s"))


def destroyed(*body: str) -> list[str]:
    found = unit(*body)
    places = [
        place for first, end in found.functions() for place, _ in m68k_flags.destroyed(found, first, end)
    ]
    return [found.lines[place].text.strip().replace("\t", " ") for place in places]


COMPARE = ("cmpi.b\t#0, %d3",)
END = (".L1:", "rts")


def test_a_copy_between_a_compare_and_its_branch() -> None:
    assert destroyed(*COMPARE, "move.l\t%a0, %d5", "beq\t.L1", *END) == ["move.l %a0, %d5"]
    assert destroyed("move.l\t%a0, %d5", *COMPARE, "beq\t.L1", *END) == []
    assert destroyed(*COMPARE, "move.l\t%d0, %a5", "beq\t.L1", *END) == []  # to an address register: no flags


def test_through_blocks() -> None:
    assert destroyed(*COMPARE, "bne\t.L2", "moveq\t#1, %d0", ".L2:", "bcs\t.L1", *END) == ["moveq #1, %d0"]


def test_carry_in_x_survives_moves() -> None:
    assert destroyed("add.l\t%d0, %d1", "move.l\t%d2, %d3", "addx.l\t%d4, %d5", "rts") == []


def test_an_extension_behind_a_compare_is_in_the_way() -> None:
    extension = ("move.b\t(%a0), %d2", "and.l\t#255, %d2")
    assert len(destroyed(*COMPARE, *extension, "beq\t.L1", *END)) == 2
    assert len(destroyed("sub.l\t%d0, %d1", *extension, "bcs\t.L1", "move.l\t%d1, %d0", *END)) == 2


def test_an_and_that_is_asked_about_is_none() -> None:
    body = ("lsr.l\t#8, %d5", "and.l\t#255, %d5", "beq\t.L1", "move.l\t%d5, %d0", *END)
    assert destroyed(*body) == []
    assert destroyed("lsr.l\t#8, %d5", "and.l\t#255, %d5", "move.l\t%d1, %d2", "beq\t.L1", *END) == [
        "move.l %d1, %d2"
    ]


def test_flags_that_nothing_has_set_stop_the_build() -> None:
    with pytest.raises(BadInput, match="in f: flags are asked for"):
        destroyed("move.l\t%d0, %d1", "beq\t.L1", *END)
    with pytest.raises(BadInput, match="in f: flags are asked for"):
        destroyed(*COMPARE, "jsr\tg", "beq\t.L1", *END)


@pytest.mark.parametrize(
    ("move", "mended"),
    [
        ("move.l\t%d0, %d1", ["movem.l %d0, -(%sp)", "movem.l (%sp)+, %d1"]),
        ("move.l\t%a0, %d1", ["pea (%a0)", "movem.l (%sp)+, %d1"]),
        ("moveq\t#-3, %d1", ["pea -3", "movem.l (%sp)+, %d1"]),
        ("move.l\t(8,%sp), %d1", ["movem.l (8,%sp), %d1"]),
        ("move.l\t%d1, (8,%sp)", ["movem.l %d1, (8,%sp)"]),
        ("move.b\t(8,%sp), %d1", ["move.w %ccr, -(%sp)", "move.b (8+2,%sp), %d1", "move.w (%sp)+, %ccr"]),
        ("move.w\t(%a0)+, %d1", ["move.w %ccr, -(%sp)", "move.w (%a0)+, %d1", "move.w (%sp)+, %ccr"]),
    ],
)
def test_the_mends(move: str, mended: list[str]) -> None:
    body = "\n\t".join(("cmpi.b\t#0, %d3", move, "beq\t.L1"))
    text = f"\t.type\tf,@function\nf:\n\t{body}\n.L1:\n\trts\n.Lfunc_end0:\n"
    made, counts = errata_mending.mend("m68k", text, "case")
    lines = [line.strip().replace("\t", " ") for line in made.splitlines()]
    at = lines.index("cmpi.b #0, %d3")
    assert lines[at + 1 : at + 1 + len(mended)] == mended
    assert counts == {"flag-destroying-copy": 1, "branch-reach": 1}


def test_what_is_not_known_is_named_with_its_place() -> None:
    with pytest.raises(BadInput) as caught:
        unit("frobnicate.l\t%d0", "move.l\t%q0, %d1", "rts")
    said = str(caught.value)
    assert "case.s:3: in f: the instruction frobnicate.l is not known" in said and "case.s:4" in said


def test_somebodys_own_assembly_stays_as_it_is() -> None:
    text = "\t.type\tf,@function\nf:\n\t;APP\n\tfrobnicate %d0 ; strange\n\t;NO_APP\n\trts\n.Lfunc_end0:\n"
    assert "\tfrobnicate %d0 ; strange\n" in m68k_assembly.read(text, Where("case.s")).text()


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_cleanly(text: str) -> None:
    try:
        m68k_assembly.read(text, Where("case.s")).text()
    except BadInput as error:
        assert error.faults


def test_code_behind_a_table_of_a_switch_is_looked_at() -> None:
    """As llc writes it; the extension is in the compare's way, whichever the way there."""
    body = "tst.l\t%d0", "jmp\t(%a0)", *END
    case = "cmp.l\t%d0, %d1\n\tand.l\t#255, %d2\n\tbcs\t.L1"
    text = "\n\t".join(body)
    for entry in (".L2", ".L3"):
        whole = (
            f"\t.type\tf,@function\nf:\n\t{text}\n.L2:\n\t{case}\n\trts\n.Lfunc_end0:\n"
            f"\t.section\t.rodata.f\n.LJTI0_0:\n\t.long\t{entry}\n"
        )
        read = m68k_assembly.read(whole, Where("case"))
        ((first, end),) = read.functions()
        places = [place for place, _ in m68k_flags.destroyed(read, first, end)]
        assert [str(read.lines[place].instruction).split() for place in places] == (
            [["and.l", "#255,", "%d2"]] if entry == ".L2" else []
        )


def test_a_register_is_written_by_a_list_only_where_it_is_in_it() -> None:
    """A subtraction whose result is read behind such a move is there for more than its flags."""
    body = ("sub.l\t%d0, %d5", "and.l\t#255, %d2", "beq\t.L1")
    read = ("move.l\t%d5, %d0", *END)
    assert destroyed(*body, "movem.l\t(4,%sp), %d3/%d4", *read) == []
    assert destroyed(*body, "movem.l\t(4,%sp), %d3-%d5", "move.l\t%d5, %d0", *END) == ["and.l #255, %d2"]
