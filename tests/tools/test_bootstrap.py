"""Setup's first step: an environment that is up to date is left alone, errors help, and (e2e) a fresh copy works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

import pytest

import tool_module

COPIED = ("Makefile", "pyproject.toml", "requirements.lock", "README.md", "LICENSE-MIT", "LICENSE-APACHE")


@pytest.fixture
def bootstrap(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The bootstrap, at work in a folder of its own."""
    module = tool_module.load(repo, "bootstrap")
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(repo / name, tmp_path / name)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "stamp")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    return module


def ready(bootstrap: ModuleType) -> None:
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.symlink_to(sys.executable)
    bootstrap.STAMP.write_text(bootstrap._digest())


def test_nothing_is_done_until_something_changes(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(bootstrap, "_pip", lambda *words: ran.append(words[0]))
    monkeypatch.setattr(bootstrap, "_has_pip", lambda: bootstrap.PYTHON.exists())
    monkeypatch.setattr(bootstrap, "_make_environment", lambda: bootstrap.PYTHON.symlink_to(sys.executable))
    ready(bootstrap)
    bootstrap.main()
    assert ran == []
    with bootstrap.LOCK.open("a") as lock:
        lock.write("# another\n")
    bootstrap.main()
    assert ran == ["--require-hashes", "--no-deps"]
    bootstrap.main()
    assert len(ran) == 2
    bootstrap.PYTHON.unlink()
    bootstrap.main()
    assert len(ran) == 4, "an environment whose Python is gone is not up to date"


def test_an_install_that_fails_leaves_no_stamp(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "_has_pip", lambda: True)
    ready(bootstrap)
    bootstrap.STAMP.write_text("old")
    bootstrap.PYTHON.unlink()
    bootstrap.PYTHON.write_text(
        "#!/bin/sh\necho 'ERROR: No matching distribution found for click' >&2; exit 1\n"
    )
    bootstrap.PYTHON.chmod(0o755)
    with pytest.raises(SystemExit) as caught:
        bootstrap.main()
    assert caught.value.code == 2
    assert not bootstrap.STAMP.exists()
    said = capsys.readouterr().err
    assert "No matching distribution found for click" in said
    assert "is there a network?" in said


def test_a_full_disk_is_named_first(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "ROOM_NEEDED", 1 << 60)
    with pytest.raises(SystemExit):
        bootstrap.main()
    said = capsys.readouterr().err
    assert str(tmp_path) in said and "MB are free" in said


def test_pythons_own_settings_do_not_reach_the_environment(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET"):
        monkeypatch.setenv(name, "/somewhere")
    assert not {"PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET"} & set(bootstrap._environment())


def copy(repo: Path, to: Path) -> Path:
    """What a clone would have of what setup needs."""
    for name in COPIED:
        shutil.copy(repo / name, to / name)
    for name in ("src", "tools", "ports"):
        shutil.copytree(repo / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    return to


@pytest.mark.e2e
def test_a_fresh_copy_with_an_empty_home_sets_itself_up(repo: Path, tmp_path: Path) -> None:
    """With Debian's own Python where there is one, and nothing in the environment; a second time in no time."""
    with tempfile.TemporaryDirectory(prefix="portwright-e2e-") as name:
        root = copy(repo, Path(name))
        env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        for network in (
            "SSL_CERT_FILE",
            "PIP_CERT",
            "PIP_INDEX_URL",
            "http_proxy",
            "https_proxy",
            "no_proxy",
        ):
            if network in os.environ:
                env[network] = os.environ[network]
        first = subprocess.run(["make", "setup"], cwd=root, env=env, capture_output=True, text=True)
        assert first.returncode == 0, first.stderr
        assert "portwright uses Rust 1.96" in first.stdout
        began = time.monotonic()
        again = subprocess.run(["make", "setup"], cwd=root, env=env, capture_output=True, text=True)
        assert again.returncode == 0, again.stderr
        assert "unchanged" in again.stdout
        assert time.monotonic() - began < 5
        version = subprocess.run([root / ".venv/bin/portwright", "--version"], capture_output=True, text=True)
        assert version.stdout.startswith("portwright ")
