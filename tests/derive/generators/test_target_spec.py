"""The JSON text of a target_spec: whole, stable, and in the order that linkers need."""

from __future__ import annotations

import json

from portwright.derive.generators import target_spec


def test_the_same_spec_is_the_same_text() -> None:
    one = {"b": ["z", "a"], "a": {"y": 1, "x": [2, 1]}}
    other = {"a": {"x": [2, 1], "y": 1}, "b": ["z", "a"]}
    assert target_spec.text(one) == target_spec.text(other)
    assert json.loads(target_spec.text(one)) == one
    assert target_spec.text(one).endswith("}\n")
