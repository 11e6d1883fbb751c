"""The commands in docs/recording.md run, in order, in a project with a Makefile."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from portwright.base.rooms import names
from portwright.build import tracing
from portwright.derive import recording as recordings


def test_every_command_runs(repo: Path, tmp_path: Path, portwright: Any) -> None:
    for tool in ("gcc", "make", "rustc"):
        if shutil.which(tool) is None:
            pytest.skip(f"record: there is no `{tool}` on this machine")
    why = tracing.why_not_traced(tracing.recorder())
    if why:
        pytest.skip(f"record: {why}")
    (tmp_path / "a.c").write_text("int a;\n")
    (tmp_path / "Makefile").write_text("a.o: a.c\n\t$(CC) -c a.c\n")
    page = (repo / "docs" / "recording.md").read_text()
    commands = "".join(re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)).splitlines()
    assert len(commands) == 3
    for line in commands:
        done = portwright(*shlex.split(line)[1:], cwd=tmp_path)
        left = "--recover" in line  # nothing was cut off here
        assert (done.returncode, "record/nothing-left" in done.stderr) == (125 if left else 0, left), (
            done.stderr
        )
    recording = recordings.from_json((tmp_path / "build.json").read_text())
    assert [step.name for step in recording.plan.steps] == ["cc-a"]


def test_every_kind_of_impurity_is_told(repo: Path) -> None:
    page = (repo / "docs" / "recording.md").read_text()
    told = set(re.findall(r"`([a-z-]+)`", page.split("**Impurities.**")[1].split("\n* ")[0]))
    known = {"network", "outside", "wrote-outside", "secret", "left-running", "unseen"}
    assert told == known | {"not-portable", "not-remapped", "coarse"}
    assert "build/trades" in page and names("portwright.build.trades")
