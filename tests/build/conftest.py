"""What tests of the native recorder share: the compiled program, and a command recorded by it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from native_recorder import Record, Recorded, started
from portwright.build import event_log as log
from portwright.build import tracing


@pytest.fixture(scope="module")
def program() -> Path:
    if sys.platform != "linux" or not shutil.which("rustc") or not shutil.which("cc"):
        pytest.skip("the recorder needs Linux, rustc and cc")
    found = tracing.recorder()
    why = tracing.why_not_traced(found)
    if why:
        pytest.skip(f"no process can be traced here: {why}")
    return found


@pytest.fixture
def record(program: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Record:
    def run(*command: str | bytes | Path, **more: object) -> Recorded:
        to = tmp_path_factory.mktemp("log") / "log"
        process = started(program, to, command, **{"cwd": tmp_path, **more})
        out, err = process.communicate(timeout=60)
        read = log.parse(to.read_bytes(), str(to))
        assert read.ended and oct(to.stat().st_mode & 0o777) == "0o600"
        return Recorded(process.returncode, out, err, read)

    return run
