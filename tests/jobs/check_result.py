"""The result of `portwright check --json`, for the tests that read it."""

from __future__ import annotations

import json
from subprocess import CompletedProcess
from typing import Any


def document(done: CompletedProcess[str]) -> dict[str, Any]:
    """The JSON document that a run printed; its status is the run's."""
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    assert done.returncode == value["status"]
    return value


def codes(value: dict[str, Any]) -> set[str]:
    """The codes of the findings."""
    return {row["code"] for row in value["findings"]}
