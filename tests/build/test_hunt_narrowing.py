"""What makes a program wrong is narrowed down: to a pass with its name, to none that can be left out, to company."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from backend_cases import link, module, settings
from portwright.build import hunt_narrowing
from portwright.build.hunting import Hunt, Result, Variant
from portwright.derive.hunt_programs import Written

PROGRAM = Written("it", "")


class FakeHunt:
    """Answers as a build would in which the passes up to a number have run."""

    def __init__(self, answer: Callable[[int | None], Result]) -> None:
        self.answer = answer
        self.passes: list[str] = []

    def results(self, programs: Sequence[Written], variant: Variant) -> dict[str, Result]:
        words = [word.partition("=")[2] for word in variant.llc if "bisect" in word]
        limit = int(words[0]) if words else None
        if variant.passes and limit is not None:
            self.passes = [
                f"program: BISECT: running pass ({n}) pass-{n} on function (f)" for n in range(limit + 1)
            ]
            self.passes.append(f"program: BISECT: NOT running pass ({limit + 1}) pass-x on function (f)")
            self.passes.append(f"runtime: BISECT: running pass ({limit}) machine-cse on function (memcpy)")
        return {"it": self.answer(limit)}


def cause(answer: Callable[[int | None], Result]) -> str:
    return hunt_narrowing.cause(cast(Hunt, cast(Any, FakeHunt(answer))), PROGRAM, Variant("2"), 7)


@pytest.mark.parametrize("first", [1, 4, 5, 1000])
def test_the_first_pass_that_makes_it_wrong_is_named(first: int) -> None:
    said = cause(lambda limit: 7 if limit is not None and limit < first else "hangs")
    assert f"limit={first} on, right with {first - 1}: pass-{first} on f (of the program)" in said
    assert said.endswith("or machine-cse on memcpy (of the runtime)")


def test_what_no_pass_makes() -> None:
    assert "cannot select" in cause(lambda limit: "does not build: cannot select")
    assert cause(lambda limit: 7).startswith("only together")
    assert cause(lambda limit: 8).startswith("not a pass that can be left out")


def test_passes_that_nobody_names() -> None:
    assert (
        hunt_narrowing.passes(["BISECT: running pass (3) a pass on b"], 4)
        == "LLVM does not say which pass that is"
    )
    assert hunt_narrowing.passes(["BISECT: running pass (3) a pass on function (b)"], 3) == "a pass on b"


def test_llc_tells_which_passes_it_runs(tmp_path: Any) -> None:
    text = "define i32 @_start(i32 %x) {\n  %r = mul i32 %x, 3\n  ret i32 %r\n}\n"
    own = settings(tmp_path, told=str(tmp_path / "told"), llc_args=("-opt-bisect-limit=6",))
    link(own, [module(tmp_path, "start", text), "-plugin-opt=O2"], tmp_path / "program")
    said = (tmp_path / "told").read_text().splitlines()
    assert hunt_narrowing.passes(said, 6).endswith(" on _start (of the program)")
    assert hunt_narrowing.passes(said, 7) == "LLVM does not say which pass that is"
