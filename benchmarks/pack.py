"""Images of 1 GiB in 20,000 files, hashed and synced: BlockFS, initfs and FAT against mke2fs -d, tar and mcopy."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.row import Row, at_most, below

from benchmarks import timing

FILES, TOTAL, SEED = 20_000, 1 << 30, 7
IMAGES = {
    "BlockFS": ["--format", "blockfs", "--size", "2GiB"],
    "initfs": ["--format", "redox-initfs", "--layout", "R3", "--most", "3GiB"],
    "FAT": ["--format", "fat", "--size", "2GiB"],
}
MEMORY = 200.0
TIMES = 2


def rows() -> list[Row]:
    """All in one folder of one disk, each synced, the best of some runs."""
    with tempfile.TemporaryDirectory(prefix="portwright-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        tree(folder / "tree")
        subprocess.run(["sync"], check=True)
        theirs = {name: best(rival, folder) for name, rival in rivals().items()}
        found: list[Row] = []
        for title, words in IMAGES.items():
            found += _packing(title, words, folder, theirs)
        return found + _using(folder)


def _packing(title: str, words: list[str], folder: Path, theirs: dict[str, float]) -> list[Row]:
    image = folder / f"{title}.img"
    argv = timing.portwright(
        "image", "pack", *words, "--manifest", folder / "list", "-o", image, folder / "tree"
    )
    done = timing.best(argv, TIMES)
    if title != "BlockFS":
        image.unlink()
    rows = []
    for rival, times in (("mke2fs -d", 1.0), ("tar", 2.5), ("mcopy", None)):
        if rival not in theirs:
            continue
        name = f"pack 1 GiB in 20,000 files, {title}"
        if times is None:
            rows.append(Row(name, rival, done.seconds, theirs[rival], "s", "", None))
        else:
            rows.append(at_most(name, rival, done.seconds, theirs[rival], "s", times=times))
    rows.append(below(f"memory of it, {title}", "(none)", done.peak_mb, MEMORY, "MB", limit=MEMORY))
    return rows


def _using(folder: Path) -> list[Row]:
    """Listing and editing the image of 2 GiB that is there."""
    image, one = folder / "BlockFS.img", folder / "one"
    one.write_bytes(random.Random(SEED).randbytes(1_000_000))
    listed = timing.best(timing.portwright("image", "ls", image), 5).seconds
    bare = timing.best(timing.portwright("--help"), 5).seconds
    times = []
    for number in range(3):
        times.append(timing.once(timing.portwright("image", "add", image, one, f"/one-{number}")).seconds)
    return [
        below("ls of an image of 2 GiB", "--help", listed, bare, "s", limit=0.2),
        below("add 1 MB to an image of 2 GiB", "--help", min(times), bare, "s", limit=1.0),
    ]


def tree(root: Path) -> None:
    """The same files every time: sizes as they are in real trees, many small and some large."""
    chance = random.Random(SEED)
    sizes = [chance.expovariate(1) for _ in range(FILES)]
    scale = TOTAL / sum(sizes)
    data = chance.randbytes(1 << 24)
    for number, size in enumerate(sizes):
        folder = root / f"d{number % 200:03}"
        folder.mkdir(parents=True, exist_ok=True)
        start = chance.randrange(1 << 23)
        (folder / f"file-{number:05}.bin").write_bytes(data[start : start + int(size * scale)])


def rivals() -> dict[str, Callable[[Path], None]]:
    """Those that are on this machine; a missing one is said."""
    known = {"mke2fs -d": ("mke2fs", _mke2fs), "tar": ("tar", _tar), "mcopy": ("mcopy", _mcopy)}
    found = {}
    for name, (tool, rival) in known.items():
        if shutil.which(tool) or Path("/usr/sbin", tool).is_file():
            found[name] = rival
        else:
            print(f"bench: pack: {tool} is not on this machine: no rows against it", file=sys.stderr)
    return found


def best(rival: Callable[[Path], None], folder: Path) -> float:
    """Seconds of a rival, synced."""
    found = float("inf")
    for _ in range(TIMES):
        (folder / "rival").unlink(missing_ok=True)
        began = time.perf_counter()
        rival(folder)
        subprocess.run(["sync", folder / "rival"], check=True)
        found = min(found, time.perf_counter() - began)
    (folder / "rival").unlink()
    return found


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _mke2fs(folder: Path) -> None:
    tool = shutil.which("mke2fs") or "/usr/sbin/mke2fs"
    _run(tool, "-q", "-t", "ext2", "-d", folder / "tree", folder / "rival", "2G")


def _tar(folder: Path) -> None:
    _run("tar", "cf", folder / "rival", "-C", folder, "tree")


def _mcopy(folder: Path) -> None:
    tool = shutil.which("mkfs.fat") or "/usr/sbin/mkfs.fat"
    with (folder / "rival").open("wb") as file:
        file.truncate(2 << 30)
    _run(tool, "-F", "32", folder / "rival")
    _run("mcopy", "-s", "-i", folder / "rival", folder / "tree", "::")
