"""docs/emit.md: its commands run, one after the other, and do what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emitted_builds import FORMS, need, private_nix


def test_every_command_of_the_page_runs(repo: Path, tmp_path: Path) -> None:
    if shutil.which("make") is None or shutil.which("cc") is None:
        pytest.skip("make, cc: not on this machine")
    for form in FORMS:
        need(form)
    page = (repo / "docs" / "emit.md").read_text()
    blocks = re.findall(r"^```sh page=emit\n(.*?)^```$", page, re.M | re.S)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "portwright").write_text(
        f'#!/bin/sh\nPYTHONPATH={repo}/src exec {sys.executable} -m portwright "$@"\n'
    )
    (tools / "portwright").chmod(0o755)
    env = {**os.environ, **private_nix(tmp_path / "nix-store"), "PATH": f"{tools}:{os.environ['PATH']}"}
    env["HOME"] = os.environ.get("HOME", "/")
    # In one shell, as a reader has them.
    argv = ["sh", "-euxc", "\n".join(blocks)]
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout, done.stderr)
    said = done.stdout
    outputs = re.findall(r"(\d+) of (\d+) outputs are the recorded ones", said)
    assert outputs and all(same == compared for same, compared in outputs)
    for name in (
        "json/calls.json",
        "dot/plan.dot",
        "timeline/timeline.html",
        "result",
        "sh/results",
        "ninja/results",
    ):
        assert (tmp_path / name).exists(), name
    subprocess.run(["chmod", "-R", "u+w", tmp_path / "nix-store"], check=False)
