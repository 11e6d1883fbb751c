"""The commands in docs/fixpoint.md run, in order, and show what the page says."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portwright.describe.toolchain import Toolchain

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```$", re.M | re.S)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.toolchain
def test_every_command_runs_and_shows_what_the_page_says(
    repo: Path, toolchain: Toolchain, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, start in (("portwright", f"{sys.executable}' -m 'portwright"), ("rustc", str(toolchain.rustc))):
        (tools / name).write_text(f"#!/bin/sh\nexec '{start}' \"$@\"\n")
        (tools / name).chmod(0o755)
    text = (repo / "docs" / "fixpoint.md").read_text()
    for path, content in FILE.findall(text):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    (tmp_path / "two").mkdir()
    env = {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(repo / "src"),
    }
    parts = [part for body in BLOCK.findall(text) for part in re.split(r"^\$ ", body, flags=re.M)[1:]]
    assert len(parts) >= 10
    for command, _, shown in (part.partition("\n") for part in parts):
        done = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300
        )
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        assert doctest.OutputChecker().check_output(shown, said, FLAGS), f"$ {command}\n{said}\n---\n{shown}"
