"""The commands in docs/fault-injection.md run, and show what the page says."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from portwright.describe.toolchain import Toolchain
from portwright.run.fault_rule import parse

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def commands(repo: Path) -> list[tuple[str, str]]:
    """(command, what it must show; `...` stands for anything) of the page."""
    text = (repo / "docs" / "fault-injection.md").read_text()
    parts = [part for body in BLOCK.findall(text) for part in re.split(r"^\$ ", body, flags=re.M)[1:]]
    return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


@pytest.mark.toolchain
def test_every_command_shows_what_the_page_says(repo: Path, toolchain: Toolchain, portwright: Any) -> None:
    found = commands(repo)
    assert len(found) >= 4
    for command, shown in found:
        done = portwright(*shlex.split(command)[1:])
        said = "".join(
            row for row in (done.stdout + done.stderr).splitlines(True) if not row.startswith("waiting for")
        )  # another test may be building the same
        assert "Traceback" not in said
        assert doctest.OutputChecker().check_output(shown, said, FLAGS), f"$ {command}\n{said}\n---\n{shown}"


def test_every_fault_of_the_table_is_one(repo: Path) -> None:
    """Read by a ledger that has every error of the page."""
    from portwright.describe import port as ports

    ledger = ports.load("x86_64-unknown-veridian").ledger
    ledger = ledger.model_copy(update={"errors": {**ledger.errors, "ENOSPC": 200}})
    text = (repo / "docs" / "fault-injection.md").read_text()
    found = re.findall(r"`--faults '?([^`']+)'?`", text)
    assert len(found) >= 8
    assert [(fault, wrong) for fault in found for wrong in parse(fault, ledger)[1]] == []
