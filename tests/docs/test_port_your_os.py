"""The commands in docs/port-your-os.md run, in order, and show what the page says."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portwright.describe.toolchain import Toolchain

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```console( e2e)?\n(.*?)^```$", re.M | re.S)


def commands(*, e2e: bool) -> list[tuple[str, str]]:
    """(command, what it must show; `...` stands for anything) of the page's blocks."""
    found: list[tuple[str, str]] = []
    for marked, body in BLOCK.findall((ROOT / "docs" / "port-your-os.md").read_text()):
        if marked and not e2e:
            continue
        for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            found.append((command, shown))
    return found


@pytest.mark.toolchain
@pytest.mark.parametrize("e2e", [False, pytest.param(True, marks=pytest.mark.e2e)])
def test_every_command_runs_and_shows_what_the_page_says(
    e2e: bool, toolchain: Toolchain, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "portwright").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m portwright "$@"\n')
    (tools / "portwright").chmod(0o755)
    (tools / "cargo").symlink_to(toolchain.cargo)
    folder = tmp_path / "work"
    folder.mkdir()
    environment = {
        **os.environ,
        **toolchain.variables(),
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
    }
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    found = commands(e2e=e2e)
    assert len(found) >= 9
    for command, shown in found:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"$ {command}\n{said}"
        assert "Traceback" not in said and "defect" not in said
        if shown.strip() not in ("", "..."):
            assert doctest.OutputChecker().check_output(shown, said, flags), (
                f"$ {command}\n{said}\n---\n{shown}"
            )
