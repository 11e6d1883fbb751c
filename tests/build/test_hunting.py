"""What a hunt makes of a compiler's words."""

from __future__ import annotations

import pytest

from portwright.build import hunting

LINK = "error: linking with `/tmp/hunt/13/link` failed: exit status: 1\n  = note:  a b c\n  = note: "


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            f"{LINK}program:182: in hunt_0: flags are asked for that nothing has set\n  hint: none\n",
            "program:182: in hunt_0: flags are asked for that nothing has set",
        ),
        (
            f"{LINK}ld: (.text.f+0x2): relocation truncated to fit: R_68K_PC16 against `g'\n",
            "relocation truncated to fit: R_68K_PC16 against `g'",
        ),
        (f"{LINK}llc crashes at the function f in ISel: it says\n", "at the function f in ISel: it says"),
        ("error[E0425]: cannot find value `x`\n --> a.rs\n", "error[E0425]: cannot find value `x`"),
        ("", "it says nothing"),
    ],
)
def test_why_a_program_does_not_build(said: str, why: str) -> None:
    assert hunting.why(said) == why
