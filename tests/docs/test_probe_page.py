"""The commands in docs/probe.md run, and show what the page says."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from portwright.describe.toolchain import Toolchain

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.toolchain
def test_every_command_shows_what_the_page_says(repo: Path, toolchain: Toolchain, portwright: Any) -> None:
    bodies = BLOCK.findall((repo / "docs" / "probe.md").read_text())
    parts = [part for body in bodies for part in re.split(r"^\$ ", body, flags=re.M)[1:]]
    assert len(parts) == 2
    for command, _, shown in (part.partition("\n") for part in parts):
        done = portwright(*shlex.split(command)[1:], cwd=repo)
        assert (done.returncode in (0, 2), done.stderr) == (True, "")
        said = doctest.OutputChecker().check_output(shown, done.stdout, FLAGS)
        assert said, f"$ {command}\n{done.stdout}\n---\n{shown}"
