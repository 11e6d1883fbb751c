"""One flipped bit in a large binary: how long until the function is named, and how much memory that takes."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.row import Row, at_most, below

from benchmarks import timing
from portwright.describe import toolchain as toolchains

FUNCTIONS, REPEATS = 20_000, 64
SIZE_MB, LARGE_MB = 20, 60
PATIENCE = 180.0
"""Seconds after which the rival is stopped; its time is then this, and the row says so."""


def rows() -> list[Row]:
    """A made ELF file of 20 MB, and the largest librustc_driver of this machine."""
    with tempfile.TemporaryDirectory(prefix="portwright-bench-") as name:
        folder = Path(name)
        made = _made(folder)
        found = _measured("a bit of 20 MB", made, folder, "f9999", limit=2)
        driver = _driver()
        if driver is not None:
            found += _measured("a bit of librustc_driver", driver, folder, "", limit=20)
    return found


def _measured(name: str, path: Path, folder: Path, function: str, *, limit: float) -> list[Row]:
    """The rows of one file."""
    copy = folder / f"flipped-{path.name}"
    shutil.copyfile(path, copy)
    _flip(copy, path)
    timed = timing.once(timing.portwright("fixpoint", "--json", str(path), str(copy)), status=1)
    report = json.loads(timed.stdout)["report"]
    named = [row["symbol"] for row in report["findings"] if row["cause"] == "code"]
    if len(named) != 1 or not named[0] or (function and named != [function]):
        raise SystemExit(f"bench: the flipped function of {path} was not named: {named}")
    size = path.stat().st_size / 1e6
    rival, theirs = _rival(path, copy)
    copy.unlink()
    found = [below(f"{name}: named", rival, timed.seconds, theirs, "s", limit=limit)]
    if size > LARGE_MB:  # of a smaller one, Python itself is most
        memory = timed.peak_mb * 1.048576
        found.append(at_most(f"{name}: memory", "the file's size", memory, size, "MB", times=1.5))
    return found


def _rival(one: Path, two: Path) -> tuple[str, float]:
    """diffoscope, stopped when patience ends; `cmp` where it is not installed."""
    diffoscope = shutil.which("diffoscope")
    argv = [diffoscope, "--no-progress", str(one), str(two)] if diffoscope else ["cmp", str(one), str(two)]
    began = time.perf_counter()
    try:
        subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return f"diffoscope, stopped after {PATIENCE:.0f} s", PATIENCE
    name = "diffoscope (names no function)" if diffoscope else "cmp (says only where)"
    return name, time.perf_counter() - began


def _made(folder: Path) -> Path:
    """Twenty megabytes of functions, each with a constant of its own."""
    lines = [".text"]
    for number in range(FUNCTIONS):
        lines += [
            f".globl f{number}",
            f".type f{number},@function",
            f"f{number}:",
            f".rept {REPEATS}",
            f"movq ${number}, %rax",
            "imulq $3, %rax, %rdi",
            "xorl $5, %eax",
            "nop",
            ".endr",
            "ret",
            f".size f{number}, .-f{number}",
        ]
    (folder / "made.s").write_text("\n".join(lines) + "\n")
    path = folder / "made.so"
    subprocess.run(["gcc", "-shared", "-nostdlib", "-o", path, folder / "made.s"], check=True)
    if path.stat().st_size < SIZE_MB * 900_000:
        raise SystemExit(f"bench: {path} has only {path.stat().st_size} bytes")
    return path


def _flip(copy: Path, original: Path) -> None:
    """Change one bit of an instruction: of f9999's constant where there is one, else in the middle of the code."""
    from portwright.base.sources import File
    from portwright.formats import elf

    file = elf.open_source(File(original))
    place = next(
        (symbol.value + 3 for symbol in file.symbols(elf.SHT_DYNSYM) if symbol.name == "f9999"), None
    )
    section = file.section(".text")
    if section is None:
        raise SystemExit(f"bench: {original} has no .text")
    where = section.offset + (place - section.address if place is not None else section.size // 2)
    with copy.open("r+b") as out:
        out.seek(where)
        byte = out.read(1)[0]
        out.seek(where)
        out.write(bytes([byte ^ 4]))


def _driver() -> Path | None:
    """The largest librustc_driver of the toolchains that are here."""
    roots = [toolchains.find().rustc.resolve().parents[1] / "lib", Path("/usr/lib"), Path.home() / ".rustup"]
    found = {path.resolve() for root in roots if root.is_dir() for path in root.rglob("librustc_driver-*.so")}
    return max(found, key=lambda path: path.stat().st_size, default=None)
