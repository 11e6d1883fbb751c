"""The pages written from the code are up to date, and every link of every page leads somewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tool_module


def docs(repo: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(repo / "src")}
    argv = [sys.executable, str(repo / "tools" / "docs.py"), *words]
    return subprocess.run(argv, env=env, capture_output=True, text=True)


def test_pages_are_up_to_date_and_their_links_lead_somewhere(repo: Path) -> None:
    done = docs(repo, "--check")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("see [that](gone.md)", "page.md:1: no file `gone.md`"),
        ("\nsee [that](other.md#no-such)", "page.md:2: no heading `#no-such` in other.md"),
        ("# Here\n[up](#nowhere)", "page.md:2: no heading `#nowhere` in page.md"),
    ],
)
def test_a_broken_link_is_found(repo: Path, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "page.md").write_text(text)
    (tmp_path / "other.md").write_text("# A heading, with `code`\n")
    done = docs(repo, "--root", str(tmp_path))
    assert (done.returncode, done.stderr.strip()) == (1, says)


def test_good_links_and_code_are_left_alone(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# A heading, with `code`\n")
    (tmp_path / "page.md").write_text(
        "[a](other.md) [b](other.md#a-heading-with-code) [c](https://example.org/x) `[d](gone.md)`\n"
        "```\n[e](gone.md)\n```\n\n    [f](gone.md)\n"
    )
    assert docs(repo, "--root", str(tmp_path)).returncode == 0


def test_results_go_between_their_marks(repo: Path, tmp_path: Path) -> None:
    tool = tool_module.load(repo, "docs")
    (tmp_path / "b.md").write_text("second\n")
    (tmp_path / "a.md").write_text("| first |\n")
    page = "before\n<!-- results: made -->\nold\n<!-- /results -->\nafter\n"
    written = tool.with_results(page, tmp_path)
    assert written == "before\n<!-- results: made -->\n| first |\n\nsecond\n\n<!-- /results -->\nafter\n"
    assert tool.with_results(written, tmp_path) == written
    assert tool.with_results("no marks", tmp_path) == "no marks"
