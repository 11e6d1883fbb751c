"""`portwright crates`: real crates of the registry with their own tests, and a crate that is none."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

Portwright = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.e2e
@pytest.mark.toolchain
@pytest.mark.parametrize("port", ["x86_64-portwright-linux", "x86_64-unknown-veridian"])
def test_popular_crates(portwright: Portwright, port: str) -> None:
    """jobs/crates: at least ten build and pass their own tests; of each other one it is said what it lacks."""
    ran = portwright("crates", port, "--seed", "1", "--json", timeout=5400)
    document = json.loads(ran.stdout)
    passing = [row["name"] for row in document["crates"] if row["counts"] and not row["failures"]]
    others = [row for row in document["crates"] if row["name"] not in passing]
    assert all(row["lacks"] or row["failures"] for row in others)
    assert len(passing) >= 10, [(row["name"], row["lacks"], row["failures"][:3]) for row in others]


@pytest.mark.e2e
@pytest.mark.toolchain
def test_a_crate_that_is_none(portwright: Portwright) -> None:
    """It is one line of the report, and the others go on."""
    ran = portwright("crates", "x86_64-portwright-linux", "no-such-crate-at-all-9", "--json")
    document = json.loads(ran.stdout)
    assert ran.returncode == 1 and not document["crates"][0]["builds"] and document["crates"][0]["lacks"]
