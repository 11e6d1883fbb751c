"""The commands in docs/reports.md run, in order, and show what the page says; its pictures are there, and small."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from port_copies import quick
from portwright.describe.toolchain import Toolchain

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
MOST = 300_000


@pytest.mark.toolchain
def test_every_command_shows_what_the_page_says(
    repo: Path, toolchain: Toolchain, portwright: Any, tmp_path: Path
) -> None:
    shutil.copytree(
        quick("x86_64-portwright-linux"), tmp_path / "x86_64-portwright-linux"
    )  # with records of its own
    bodies = BLOCK.findall((repo / "docs" / "reports.md").read_text())
    parts = [part for body in bodies for part in re.split(r"^\$ ", body, flags=re.M)[1:]]
    assert len(parts) == 4
    for command, _, shown in (part.partition("\n") for part in parts):
        done = portwright(*shlex.split(command)[1:], cwd=tmp_path)
        told = re.sub(r"^.*/port\.lock written\n", "", done.stderr)  # said by the first build of a new port
        assert (done.returncode, told) == (0, "")
        said = doctest.OutputChecker().check_output(shown, done.stdout, FLAGS)
        assert said, f"$ {command}\n{done.stdout}\n---\n{shown}"


def test_the_pictures_are_there(repo: Path) -> None:
    named = re.findall(r"\(pictures/([^)]+)\)", (repo / "docs" / "reports.md").read_text())
    assert len(named) == 3
    for name in named:
        data = (repo / "docs" / "pictures" / name).read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) < MOST
