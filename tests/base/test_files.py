"""Outputs are there whole or not at all: under errors, kills, full disks and two writers at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from portwright.base import files, processes
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
import tempfile
from pathlib import Path
from portwright.base import files, processes
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


def test_a_tree_goes_whatever_its_depth_and_rights(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    place = os.open(top, os.O_RDONLY)
    for _ in range(2500):  # deeper than a path can say and than Python recurses
        os.mkdir("d", dir_fd=place)
        below = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=place))
    os.close(place)
    (top / "locked").mkdir(mode=0)
    kept = tmp_path / "kept"
    kept.write_text("kept")
    (top / "link").symlink_to(kept)
    (top / "folder-link").symlink_to(tmp_path)
    files.remove_tree(top)
    assert not top.exists() and kept.read_text() == "kept"


def test_a_folder_that_a_killed_process_left_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import os, signal; from portwright.base import files\n"
        "with files.temporary_folder('mine-') as one:\n"
        "    (one / 'file').touch(); print(one, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = processes.run([sys.executable, "-c", code], env=env)
    left = Path(done.text.strip())
    assert done.status == -9 and (left / "file").exists()
    with files.temporary_folder("mine-") as young, files.temporary_folder("mine-") as held:
        assert left.exists(), "it is not old enough: somebody may just be making it"
        for folder in (left, held):
            os.utime(folder, (0, 0))
        with files.temporary_folder("mine-") as fresh:
            assert not left.exists() and held.exists() and young.exists() and fresh.exists()
    assert list(tmp_path.iterdir()) == []
