"""The fixture for tests of one's own, as a project would use it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import bare_metal
from portwright.describe import toolchain as toolchains

TESTS = """
from pathlib import Path
import pytest

MACHINE = dict(kernel=Path({kernel!r}), append="up success shell-echo")


@pytest.mark.portwright_boot({port!r}, **MACHINE)
def test_in_the_guest(guest):
    assert guest.run("echo hello").output == "hello\\n"


def test_unmarked(guest):
    pass
"""


@pytest.mark.toolchain
def test_a_guest_for_a_test(
    cache: Path, toolchain: toolchains.Toolchain, tmp_path: Path, fresh_cache: Path, repo: Path
) -> None:
    kernel = bare_metal.kernel(cache, toolchain)
    port = bare_metal.port(tmp_path / "port")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["portwright.cli.pytest_fixtures"]\n')
    (tmp_path / "test_it.py").write_text(TESTS.format(kernel=str(kernel), port=str(port)))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(repo / "src")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "1 passed, 1 error" in done.stdout, done.stdout
    assert "say which: @pytest.mark.portwright_boot" in done.stdout
