"""What tests of images share: formats of their own, which cost nothing and do what formats do, and a small tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

import portwright.formats
from portwright.base import rooms
from portwright.base.events import Event
from portwright.pack import format as formats

TOYS = Path(__file__).parent / "toy"


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The formats of the tests are there, as if they lay in `formats/`."""
    monkeypatch.setattr(portwright.formats, "__path__", [*portwright.formats.__path__, str(TOYS)])
    monkeypatch.syspath_prepend(str(TOYS))
    rooms.names.cache_clear()
    formats.formats.cache_clear()
    yield
    rooms.names.cache_clear()
    formats.formats.cache_clear()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree."""
    root = tmp_path / "tree"
    (root / "etc" / "pcid").mkdir(parents=True)
    (root / "bin").mkdir()
    (root / "empty").mkdir()
    (root / "bin" / "init").write_bytes(bytes(range(256)) * 40)
    (root / "bin" / "init").chmod(0o755)
    (root / "bin" / "sh").symlink_to("init")
    (root / "etc" / "init.rc").write_text("echo hello\nrun /bin/init\n")
    (root / "etc" / "zero").write_bytes(b"")
    (root / "etc" / "pcid" / "initfs.toml").write_text("[drivers]\n")
    return root


def drive(work: Generator[Event, None, Any]) -> Any:
    """A job's result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


@pytest.fixture
def verb() -> Callable[..., Any]:
    """Runs an image verb in this process: `verb("add", image="x.img", source=...)` gives its result."""

    def call(name: str, **arguments: Any) -> Any:
        job = rooms.load("portwright.jobs", f"image-{name}")
        return drive(job.run(job.Arguments(**arguments)))

    return call


@pytest.fixture
def cli() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Runs the command line in a process of its own, with the formats of the tests."""

    def call(*words: str | bytes | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command(*words), cwd=cwd, env=environment(), capture_output=True, timeout=60)

    return call


def command(*words: str | bytes | Path) -> list[bytes]:
    """The command line as arguments."""
    return [os.fsencode(word) for word in (sys.executable, TOYS / "portwright_with_toys.py", "image", *words)]


def environment() -> dict[str, str]:
    """Where it finds portwright."""
    return {**os.environ, "PYTHONPATH": str(TOYS.parents[2] / "src")}


@pytest.fixture
def toy(tree: Path, tmp_path: Path, verb: Callable[..., Any]) -> Path:
    """An image of the tree that can be edited in place."""
    path = tmp_path / "toy.img"
    verb("pack", tree=tree, format="toyfs", output=path, size="1MiB")
    return path


@pytest.fixture
def disk(tree: Path, tmp_path: Path, toy: Path, verb: Callable[..., Any]) -> Path:
    """A disk: partition 1 (BOOT) a toy box that cannot be edited in place, 2 (ROOT) a toy file system that has
    another toy box as /boot/initfs."""
    import toybox
    import toydisk

    from portwright.base.sources import File
    from portwright.formats import Packing, Partition
    from portwright.pack import write
    from portwright.pack.tree import nodes

    box, path = tmp_path / "box.img", tmp_path / "disk.img"
    drive(write.write(toybox.layout(nodes(tree), Packing()), box))
    verb("add", image=str(toy), source=box, path="/boot/initfs", parents=True)
    rows = [
        Partition(1, 4096, 1 << 20, "toy", "BOOT", content=File(box)),
        Partition(2, 4096 + (1 << 20), 1 << 20, "toy", "ROOT", content=File(toy)),
        Partition(3, 4096 + (2 << 20), 4096, "none", "EMPTY"),
    ]
    drive(write.write(toydisk.layout(rows, Packing()), path))
    return path


def document(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    """The JSON that a run printed."""
    assert b"Traceback" not in done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
