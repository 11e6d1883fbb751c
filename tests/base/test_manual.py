"""The manual in a module's docstring."""

from __future__ import annotations

from types import ModuleType

from portwright.base import manual


def test_a_title_and_sections_in_their_order() -> None:
    module = ModuleType("m", "A title\nof two lines.\n\n## One\ntext\n\nmore\n## Two\n")
    assert manual.sections(module) == ("A title of two lines.", {"One": "text\n\nmore", "Two": ""})
    assert manual.sections(ModuleType("m")) == ("", {})
