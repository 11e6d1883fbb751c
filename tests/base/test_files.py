"""Outputs are there whole or not at all: under errors, kills, full disks and two writers at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from portwright.base import files
from portwright.base.errors import PortwrightError


def test_an_equal_file_is_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    assert files.write_atomic(path, "text")
    before = path.stat()
    assert not files.write_atomic(path, "text")
    assert path.stat().st_ino == before.st_ino and path.stat().st_mtime_ns == before.st_mtime_ns
    assert files.write_atomic(path, "other", mode=0o755)
    assert path.read_text() == "other" and path.stat().st_mode & 0o777 == 0o755


def test_a_link_is_replaced_and_its_target_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("precious")
    link.symlink_to(target)
    files.write_atomic(link, "precious")
    assert not link.is_symlink() and target.read_text() == "precious"


def test_a_folder_takes_the_place_of_the_old_one_only_when_whole(tmp_path: Path) -> None:
    place = tmp_path / "out"
    with files.folder_atomic(place) as folder:
        (folder / "one").write_text("1")
    with pytest.raises(RuntimeError), files.folder_atomic(place) as folder:
        (folder / "two").write_text("2")
        raise RuntimeError
    assert [p.name for p in place.iterdir()] == ["one"]
    with files.folder_atomic(place) as folder:
        (folder / "three").write_text("3")
    assert [p.name for p in place.iterdir()] == ["three"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


WRITER = """
import sys
from pathlib import Path
from portwright.base import files
place = Path(sys.argv[1])
n = 0
while True:
    n += 1
    with files.lock(place.with_suffix(".lock")), files.folder_atomic(place) as folder:
        for i in range(20):
            (folder / str(i)).write_text(str(n))
    files.write_atomic(place.with_suffix(".txt"), str(n) * 10000)
"""


def test_kill_9_leaves_whole_outputs(tmp_path: Path) -> None:
    place = tmp_path / "out"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for round_ in range(8):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(place)], env=environment) as writer:
            time.sleep(0.12 + round_ * 0.013)
            writer.send_signal(signal.SIGKILL)
        if place.exists():
            contents = {(place / str(i)).read_text() for i in range(20)}
            assert len(contents) == 1, "a mixture of two writings"
        if place.with_suffix(".txt").exists():
            text = place.with_suffix(".txt").read_text()
            assert len(text) % 10000 == 0 and text == text[: len(text) // 10000] * 10000
    with files.lock(place.with_suffix(".lock")), files.folder_atomic(place) as folder:
        (folder / "last").write_text("x")
    assert [p.name for p in place.iterdir()] == ["last"]
    assert not list(tmp_path.glob(".new-*")), "what a killed writer left is swept away"


def test_a_full_disk_is_named() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("/dev/full is not on this machine")
    with pytest.raises(PortwrightError) as caught, files.disk_errors(full), full.open("wb") as file:
        file.write(b"x" * 100)
        file.flush()
    assert "No space left" in caught.value.faults[0].what
    assert caught.value.faults[0].hint is not None


def test_the_cache_folder_is_chosen_by_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTWRIGHT_CACHE", str(tmp_path / "mine"))
    assert files.cache_root() == tmp_path / "mine"
    monkeypatch.delenv("PORTWRIGHT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert files.cache_root() == tmp_path / "xdg" / "portwright"
