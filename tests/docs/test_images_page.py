"""The commands in docs/images.md and docs/repairing-an-image.md run, in order, and show what the pages say."""

from __future__ import annotations

import doctest
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from portwright.describe.image import Image
from portwright.describe.program import Program

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
ENDS = {"check": (0, 1), "stamp": (0, 1)}
"""Verbs that the pages also show judging something wrong."""


def commands(page: Path) -> list[tuple[str, str]]:
    """(command, what it must show; `...` stands for anything)."""
    parts = [
        part for body in BLOCK.findall(page.read_text()) for part in re.split(r"^\$ ", body, flags=re.M)[1:]
    ]
    return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


@pytest.fixture
def folder(tmp_path: Path, portwright: Any) -> Path:
    """What the pages speak of: `rootfs`, a new motd, and an image whose counters are wrong."""
    for name, text in (
        ("bin/init", "#!init here\n"),
        ("etc/init.rc", "echo starting\nrun /bin/init\n"),
        ("etc/motd", "hey!\n"),
    ):
        (tmp_path / "rootfs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "rootfs" / name).write_text(text)
    (tmp_path / "rootfs" / "bin" / "init").chmod(0o755)
    (tmp_path / "rootfs" / "bin" / "sh").symlink_to("/bin/init")
    (tmp_path / "rootfs" / "tmp").mkdir()
    (tmp_path / "motd.new").write_text("welcome\n")
    return tmp_path


def follow(page: Path, folder: Path, portwright: Any) -> None:
    for command, shown in commands(page):
        words = shlex.split(command)[1:]
        done = portwright(*words, cwd=folder)
        said = done.stdout + done.stderr
        assert done.returncode in ENDS.get(words[1], (0,)), f"$ {command}\n{said}"
        assert doctest.OutputChecker().check_output(shown, said, FLAGS), f"$ {command}\n{said}\n---\n{shown}"


def test_images(repo: Path, folder: Path, portwright: Any) -> None:
    page = repo / "docs" / "images.md"
    assert len(commands(page)) >= 12
    follow(page, folder, portwright)


def test_repairing_an_image(repo: Path, folder: Path, portwright: Any) -> None:
    done = portwright(
        "image", "pack", "-f", "blockfs", "-s", "1MiB", "-o", "broken.img", "rootfs", cwd=folder
    )
    assert done.returncode == 0
    with (folder / "broken.img").open("r+b") as file:
        file.seek(12)
        file.write(b"\x01\0\0\0")  # free blocks
    follow(repo / "docs" / "repairing-an-image.md", folder, portwright)


def test_the_described_images_are_read(repo: Path) -> None:
    text, bare = re.findall(r"^```toml\n(.*?)^```$", (repo / "docs" / "images.md").read_text(), re.M | re.S)
    images = {name: Image.model_validate(row) for name, row in tomllib.loads(text)["image"].items()}
    assert images["disk"].needs == ["root"]
    (program,) = tomllib.loads(bare)["program"]
    assert Program.model_validate(program).freestanding
    assert (images["root"].programs, images["root"].sources) == (["hello"], ["rootfs"])
