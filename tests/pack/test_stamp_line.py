"""Where the line of a stamp goes: in the place that a text keeps for it, of an older stamp, or at the end."""

from __future__ import annotations

import pytest

from portwright.base.sources import Memory
from portwright.pack.stamp import WORD, Version, stamped

VERSION = Version("a" * 40, False, 0)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (b"# {stamp}\nrun init\n", 0),
        (b"run init\n# {stamp}\n", 1),
        (b"run init\n", 1),
        (b"# {stamp} and more\n", 1),
        (b"", 0),
    ],
)
def test_the_line_of_a_stamp(text: bytes, at: int) -> None:
    made = stamped({b"init.rc": Memory(text)}, [(b"init.rc", "# {stamp}")], VERSION)[b"init.rc"]
    rows = made.split(b"\n")
    assert WORD.fullmatch(rows[at].removeprefix(b"# ")), made
    again = stamped({b"init.rc": Memory(made)}, [(b"init.rc", "# {stamp}")], VERSION)[b"init.rc"]
    assert again == made
