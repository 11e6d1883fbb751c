"""Open rooms: what is known of their entries without importing them."""

from __future__ import annotations

import pytest

from portwright.base import rooms


@pytest.mark.parametrize("room", ["portwright.jobs", "portwright.formats"])
def test_docstrings_are_read_as_python_reads_them(room: str) -> None:
    for name, module in rooms.load_all(room).items():
        assert rooms.docstring(room, name) == module.__doc__
    assert rooms.docstring(room, "no-such-entry") == ""
