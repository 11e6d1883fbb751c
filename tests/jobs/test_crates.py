"""`portwright crates`: real crates of the registry with their own tests, and a crate that is none."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from portwright.describe import port as ports
from portwright.jobs import crates

Portwright = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.e2e
@pytest.mark.toolchain
@pytest.mark.parametrize(("port", "least"), [("x86_64-portwright-linux", 12), ("x86_64-unknown-veridian", 9)])
def test_popular_crates(portwright: Portwright, port: str, least: int) -> None:
    """jobs/crates: so many build and pass their own tests; of each other one it is said what it lacks."""
    ran = portwright("crates", port, "--seed", "1", "--json", timeout=5400)
    document = json.loads(ran.stdout)
    passing = [row["name"] for row in document["crates"] if row["counts"] and not row["failures"]]
    others = [row for row in document["crates"] if row["name"] not in passing]
    assert all(row["lacks"] for row in others), [row["name"] for row in others if not row["lacks"]]
    assert len(passing) >= least, [(row["name"], row["lacks"], row["failures"][:3]) for row in others]


def test_what_an_os_without_threads_lacks() -> None:
    """From std's words, as they were seen."""
    port = ports.load("x86_64-unknown-veridian")
    unsupported = 'Error { kind: Unsupported, message: "operation not supported on this platform" }'
    said = [
        f"panicked at std/src/thread/functions.rs:131:29:\nfailed to spawn thread: {unsupported}\n",
        f"called `Result::unwrap()` on an `Err` value: ThreadPoolBuildError {{ kind: IOError({unsupported}) }}",
        "not offered: create_directory",
        "assertion failed: spawn",
    ]
    assert list(crates.operations(port, said)) == [
        "the operation thread_clone or thread_create",
        "an operation that std answers with Unsupported",
        "the operation create_directory",
    ]


@pytest.mark.e2e
@pytest.mark.toolchain
def test_a_crate_that_is_none(portwright: Portwright) -> None:
    """It is one line of the report, and the others go on."""
    ran = portwright("crates", "x86_64-portwright-linux", "no-such-crate-at-all-9", "--json")
    document = json.loads(ran.stdout)
    assert ran.returncode == 1 and not document["crates"][0]["builds"] and document["crates"][0]["lacks"]
