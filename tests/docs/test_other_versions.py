"""The commands in docs/other-versions.md run, and end as the page says."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "other-versions.md"
QUICK = "check "
FORECASTS = 1
"""`patches` answers 1 where not every edit applies, as it does on another version."""


def commands() -> list[str]:
    """The page's commands."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    return [line.removeprefix("$ portwright ") for block in blocks for line in block.splitlines()]


def ended(portwright: Callable[..., subprocess.CompletedProcess[str]], command: str, folder: Path) -> None:
    """Run it; its status is the right one."""
    ran = portwright(*shlex.split(command), cwd=folder)
    assert ran.returncode == (FORECASTS if command.startswith("patches") else 0), (command, ran.stderr)


@pytest.mark.toolchain
def test_the_quick_command(
    portwright: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """The spec is where the page says."""
    (command,) = [each for each in commands() if each.startswith(QUICK)]
    ended(portwright, command, tmp_path)
    assert (tmp_path / "old" / "x86_64-unknown-none.json").is_file()


@pytest.mark.e2e
@pytest.mark.toolchain
def test_the_others(portwright: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """In the page's order."""
    assert len(commands()) >= 4
    for command in commands():
        ended(portwright, command, tmp_path)
