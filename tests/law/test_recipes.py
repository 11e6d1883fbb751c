"""CONTRIBUTING's recipes are true: each is carried out in a copy of the tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w+) recipe=(\w+)(?: (file|append)=(\S+))?\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Part:
    language: str
    recipe: str
    how: str
    path: str
    text: str


PARTS = [Part(*found) for found in FENCE.findall((ROOT / "CONTRIBUTING.md").read_text())]
RECIPES = sorted({part.recipe for part in PARTS})


def carry_out(part: Part, tree: Path) -> None:
    file = tree / part.path
    if part.language == "sh":
        for line in part.text.strip().splitlines():
            run(line.split() if '"' not in line else __import__("shlex").split(line), tree)
    elif part.language == "diff":
        rows = part.text.splitlines(keepends=True)
        old = "".join(row[1:] for row in rows if row.startswith("-"))
        new = "".join(row[1:] for row in rows if row.startswith("+"))
        text = file.read_text()
        assert text.count(old) == 1, f"{part.path} has no line {old!r}"
        file.write_text(text.replace(old, new))
    elif part.how == "append":
        file.write_text(file.read_text() + part.text)
    else:
        assert not file.exists()
        file.write_text(part.text)


def run(words: list[str], tree: Path) -> None:
    programs = {"python": [sys.executable], "portwright": [sys.executable, "-m", "portwright"]}
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in [name for name in environment if name.startswith(("PYTEST_", "COV_"))]:
        del environment[name]
    argv = [*programs[words[0]], *words[1:]]
    done = subprocess.run(argv, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-3000:]}{done.stderr[-2000:]}"
    if "pytest" in words:
        assert re.search(r"[1-9]\d* passed", done.stdout), done.stdout[-2000:]


@pytest.mark.toolchain
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.usefixtures("toolchain")
def test_a_recipe_works_as_it_is_written(recipe: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    ignore = shutil.ignore_patterns("__pycache__", "target", ".hypothesis")
    for name in ("src", "tests", "ports"):
        shutil.copytree(ROOT / name, tree / name, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tree)
    for part in PARTS:
        if part.recipe == recipe:
            carry_out(part, tree)


def test_there_are_the_recipes_that_the_house_promises() -> None:
    assert {"operation", "port", "rule"} <= set(RECIPES)
