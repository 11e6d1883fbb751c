"""Times and watches whole processes, as a user starts them."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PORT = "x86_64-unknown-veridian"


@dataclass(frozen=True, slots=True)
class Timed:
    """A process that ended well: seconds by the wall clock and of processors (its children's too), and the most
    memory (MB) that it itself held."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    stdout: str


def portwright(*words: str | Path) -> list[str]:
    """The command line of portwright, by the script that its installation made where there is one."""
    script = Path(sys.executable).with_name("portwright")
    start = [str(script)] if script.is_file() else [sys.executable, "-m", "portwright"]
    return [*start, *map(str, words)]


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment, with the source tree in front for a portwright that is not installed."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), **(changes or {})}


def once(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    status: int | tuple[int, ...] = 0,
) -> Timed:
    """Run to the end; another exit status than those expected ends the benchmark with what the process said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(
        argv,
        env=environment(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    watcher = _Watcher(process.pid)
    out, err = process.communicate()
    seconds = time.perf_counter() - began
    watcher.stop()
    if process.returncode not in (status if isinstance(status, tuple) else (status,)):
        raise SystemExit(f"bench: {' '.join(argv)} failed:\n{err.decode()[-2000:]}{out.decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Timed(seconds, cpu_seconds, watcher.peak_mb, out.decode())


def best(argv: Sequence[str], times: int, *, env: Mapping[str, str] | None = None) -> Timed:
    """The quickest of several runs: what the work costs when nothing else disturbs it."""
    return min((once(argv, env=env) for _ in range(times)), key=lambda timed: timed.seconds)


class _Watcher:
    """Reads a process's own high-water mark of memory until it is gone (its children's are not in it)."""

    def __init__(self, pid: int) -> None:
        self.peak_mb = 0.0
        self._status = Path(f"/proc/{pid}/status")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.01):
            try:
                text = self._status.read_text()
            except OSError:
                return
            for line in text.splitlines():
                if line.startswith("VmHWM:"):
                    self.peak_mb = max(self.peak_mb, int(line.split()[1]) / 1024)

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()


def private_nix(folder: Path) -> dict[str, str]:
    """The environment of a Nix whose store, state and settings are all below a folder; nothing is fetched."""
    names = {
        "STORE": "store",
        "STATE": "state",
        "LOG": "log",
        "DATA": "data",
        "LOCALSTATE": "lstate",
        "CONF": "conf",
    }
    found = {f"NIX_{name}_DIR": str(folder / below) for name, below in names.items()}
    conf = Path(found["NIX_CONF_DIR"])
    conf.mkdir(parents=True)
    (conf / "nix.conf").write_text("build-users-group =\nsandbox = false\nsubstitute = false\n")
    return {**found, "NIX_REMOTE": "", "NIX_PATH": ""}
