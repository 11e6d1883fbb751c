"""The fault image-check."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from fault_case import case, found
from portwright.formats import Problem
from portwright.pack.magic import Known


def image(problems: list[Problem]) -> Any:
    module: Any = ModuleType("some_format")
    module.HOLDS, module.check = "files", lambda source: iter(problems)
    one = case(b"image")
    one.known = Known("some-format", module, "an image")
    return one


def test_each_kind_of_problem_once_with_its_number() -> None:
    problems = [
        Problem("x/links", "3 links are counted, 2 are there", 0x40, b"bin/init", "repair it"),
        Problem("x/links", "another"),
        Problem("x/time", "no time", severity="warning"),
    ]
    first, second = found("image-check", image(problems))
    assert first.what == "bin/init: 3 links are counted, 2 are there (and 1 more of this kind) [x/links]"
    assert (first.severity, first.address, first.hint) == ("error", 0x40, "repair it")
    assert second.severity == "warning"


def test_a_good_image_and_what_is_none() -> None:
    assert not found("image-check", image([]))
    assert not found("image-check", b"text")
