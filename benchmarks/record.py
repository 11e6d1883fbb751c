"""What recording a build costs: builds of C and of std, plain, recorded by us, by strace and by bear, in turn.

A recording here is all that runs beside the build: tracer, wrapper, hashes. Reading it afterwards is not in it.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.row import Row, at_most

from benchmarks import sysroot, timing
from portwright.build import tracing
from portwright.describe import toolchain as toolchains

ROUNDS = 7
"""Rounds of the builds of C: a busy machine disturbs single ones."""

ROUNDS_OF_STD = 3

CALLS = (
    "open,openat,openat2,creat,execve,execveat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink"
)
STRACE = f"strace -f --seccomp-bpf -qq -y -e trace={CALLS},unlinkat,mkdir,mkdirat,rmdir,chdir,fchdir,connect"

Way = Callable[[Sequence[str], Mapping[str, str], Path, Path], list[str]]


def rows() -> list[Row]:
    """Small files, where every process counts; files of a usual size; std, as a port's sysroot has it."""
    (timing.ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=timing.ROOT / "build") as name:
        folder = Path(name)
        return [*_small(folder / "small"), *_usual(folder / "usual"), *_std(folder / "std")]


def _small(folder: Path) -> list[Row]:
    """80 files of one function."""
    seconds = _of_c(folder, 80, 1)
    what = "80 tiny C files, recorded"
    found = [Row(what, "not recorded", seconds["ours"], seconds["plain"], "s", "to know", None)]
    for rival in ("bear", "strace"):
        if rival in seconds:
            found.append(at_most(what, rival, seconds["ours"], seconds[rival], "s", times=1))
    return found


def _usual(folder: Path) -> list[Row]:
    """As large as the files of Lua or zlib: some dozen functions, the C library's headers."""
    seconds = _of_c(folder, 32, 60)
    what = "32 C files of usual size, recorded"
    return [
        at_most(what, "not recorded", seconds["ours"], seconds["plain"], "s", times=1.15),
        *(
            Row(what, rival, seconds["ours"], seconds[rival], "s", "to know", None)
            for rival in ("bear", "strace")
            if rival in seconds
        ),
    ]


def _std(folder: Path) -> list[Row]:
    """A cargo build of std for a port, from nothing each time."""
    found = toolchains.find()
    cache = {"PORTWRIGHT_CACHE": str(folder / "cache"), "XDG_STATE_HOME": str(folder / "state")}
    view = json.loads(
        timing.once(timing.portwright("build", timing.PORT, "view", "--json"), env=cache).stdout
    )
    shutil.copytree(view["view"], folder / "library")
    argv, env = sysroot.by_hand(found, folder / "library", Path(view["spec"]), folder)

    def empty() -> None:
        shutil.rmtree(folder / "target", ignore_errors=True)

    ways = {name: way for name, way in _ways().items() if name != "bear"}
    seconds = _in_turn([*argv, "--quiet"], {**os.environ, **env}, folder, ways, empty, ROUNDS_OF_STD)
    what = "std built by cargo, recorded"
    rows = [at_most(what, "not recorded", seconds["ours"], seconds["plain"], "s", times=1.05)]
    if "strace" in seconds:
        rows.append(Row(what, "strace", seconds["ours"], seconds["strace"], "s", "to know", None))
    return rows


def _of_c(folder: Path, files: int, functions: int) -> dict[str, float]:
    """Median seconds of `make -j2` in each way."""
    folder.mkdir()
    names = [f"f{number}" for number in range(files)]
    for name in names:
        text = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n" if functions > 1 else ""
        for number in range(functions):
            loop = f"for (int i = 0; i < n; i++) s += (s ^ i) * {number + 3} % (i + 7);"
            text += f"int {name}_{number}(int n) {{ int s = {number}; {loop} return s; }}\n"
        (folder / f"{name}.c").write_text(text)
    objects = " ".join(f"{name}.o" for name in names)
    rules = f"all.a: {objects}\n\tar rcs $@ {objects}\n%.o: %.c\n\tcc -O2 -c -o $@ $<\n"
    (folder / "Makefile").write_text(rules)

    def clean() -> None:
        for name in [*(f"{name}.o" for name in names), "all.a"]:
            (folder / name).unlink(missing_ok=True)

    return _in_turn(["make", "-s", "-j2"], os.environ, folder, _ways(), clean, ROUNDS)


def _in_turn(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    ways: Mapping[str, Way],
    before: Callable[[], None],
    rounds: int,
) -> dict[str, float]:
    """Median seconds of each way, run one after the other in every round; the first round is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            before()
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                command = way(argv, env, cwd, Path(folder))
                began = time.perf_counter()
                done = subprocess.run(command, cwd=cwd, env=dict(env), capture_output=True)
                seconds = time.perf_counter() - began
            if done.returncode != 0:
                raise SystemExit(f"bench: {name} of {' '.join(argv)} failed:\n{done.stderr.decode()[-2000:]}")
            if number:
                taken[name].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def _ways() -> dict[str, Way]:
    """How a build is recorded, by those that are on this machine."""
    tracing.recorder()  # compiled beforehand
    found: dict[str, Way] = {"plain": lambda argv, env, cwd, folder: list(argv), "ours": _ours}
    if shutil.which("strace"):
        found["strace"] = lambda argv, env, cwd, folder: [*STRACE.split(), "-o", str(folder / "log"), *argv]
    if shutil.which("bear"):
        found["bear"] = lambda argv, env, cwd, folder: ["bear", "--output", str(folder / "db"), "--", *argv]
    return found


OURS = """
import os, sys
from pathlib import Path
from portwright.build import tracing
folder, source, *argv = sys.argv[1:]
sys.exit(tracing.wait(tracing.start(argv, Path(folder), remaps={source: "/src"})))
"""


def _ours(argv: Sequence[str], env: Mapping[str, str], cwd: Path, folder: Path) -> list[str]:
    code = f"import sys\nsys.path.insert(0, {str(timing.ROOT / 'src')!r})\n{OURS}"
    return [sys.executable, "-c", code, str(folder), str(cwd), *argv]
