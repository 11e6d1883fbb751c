"""`portwright record` where it is ended from outside, started by a user without a toolchain, or given a bad place."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portwright.build import tracing
from portwright.derive import recording as recordings

STARTED = "echo $$ > pid; cat a > b; while test -e wait; do sleep 0.1; done"


@contextlib.contextmanager
def running(folder: Path, repo: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A recording whose command waits."""
    (folder / "a").write_text("a")
    (folder / "wait").write_text("")
    argv = [sys.executable, "-m", "portwright", "record", "-o", "r.json", "--", "sh", "-c", STARTED]
    env = {**os.environ, "PYTHONPATH": str(repo / "src")}
    process = subprocess.Popen(argv, cwd=folder, env=env, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while not (folder / "b").exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.3)
        yield process
    finally:
        (folder / "wait").unlink()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_the_commands(tmp_path: Path, repo: Path, number: signal.Signals) -> None:
    with running(tmp_path, repo) as process:
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        assert not Path(f"/proc/{int((tmp_path / 'pid').read_text())}").exists(), "no build is left behind"
    recording = recordings.from_json((tmp_path / "r.json").read_text())
    assert recording.status == -number and recording.plan.steps


def test_what_is_still_being_recorded_is_not_recovered(
    tmp_path: Path, repo: Path, portwright: Callable[..., Any]
) -> None:
    with running(tmp_path, repo) as process:
        process.kill()
        process.wait()
        done = portwright("record", "--recover", "-o", "r.json", cwd=tmp_path)
        assert (done.returncode, "still being recorded" in done.stderr) == (125, True), done.stderr
        assert (tmp_path / "r.json.events" / "log").exists()


def test_bad_places_are_told_before_the_command_runs(tmp_path: Path, portwright: Callable[..., Any]) -> None:
    (tmp_path / "folder").mkdir()
    for place in ("folder", "/proc/x.json"):
        done = portwright("record", "-o", place, "--", "touch", "ran", cwd=tmp_path)
        assert done.returncode == 125 and "defect" not in done.stderr and place.strip("/") in done.stderr
    assert not (tmp_path / "ran").exists()


def test_a_rustc_that_cannot_run_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """rustup's, for a user who has no toolchain."""
    if shutil.which("rustc") is None:
        pytest.skip("record: there is no `rustc` on this machine")
    (tmp_path / "rustc").write_text("#!/bin/sh\necho no toolchain >&2\nexit 1\n")
    (tmp_path / "rustc").chmod(0o755)
    before = tracing.recorder()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert tracing.recorder() == before
