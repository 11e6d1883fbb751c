"""The commands in docs/replay.md run, in order, and show what the page says."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```$", re.M | re.S)
END = "-- the end of a command --"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.toolchain
@pytest.mark.skipif(
    not shutil.which("make") or not shutil.which("cc"), reason="make and cc: not on this machine"
)
def test_every_command_runs_and_shows_what_the_page_says(repo: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "portwright").write_text(f"#!/bin/sh\nexec '{sys.executable}' -m portwright \"$@\"\n")
    (tools / "portwright").chmod(0o755)
    text = (repo / "docs" / "replay.md").read_text()
    work = tmp_path / "work"
    for path, content in FILE.findall(text):
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(content)
    env = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(repo / "src")}
    parts = [part for body in BLOCK.findall(text) for part in re.split(r"^\$ ", body, flags=re.M)[1:]]
    assert len(parts) >= 10
    rows = [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]
    # In one shell, as a reader has them.
    script = "".join(f"{command}\necho {END}\n" for command, _ in rows)
    done = subprocess.run(
        ["sh", "-c", f"exec 2>&1\n{script}"], cwd=work, env=env, capture_output=True, text=True, timeout=600
    )
    all_said = done.stdout.split(f"{END}\n")
    assert len(all_said) == len(rows) + 1 and "Traceback" not in done.stdout
    for (command, shown), said in zip(rows, all_said, strict=False):
        assert doctest.OutputChecker().check_output(shown, said, FLAGS), f"$ {command}\n{said}\n---\n{shown}"
