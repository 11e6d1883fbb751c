"""Rust's own tests: natively on the oracle against Linux's own std, in the machine against qemu-user, and on Unicorn."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from benchmarks.row import Row, at_least, at_most, below

from benchmarks import timing

PORT = "x86_64-portwright-linux"
SUITES = ("core", "alloc", "alloc-unit")
MINUTES = 3 * 60.0


def rows() -> list[Row]:
    """All of them on the same binaries, one process each, tests one after the other."""
    conformance("--on", "kernel")  # builds them, and the host's
    folder = newest_steps()
    ours, theirs = folder["test"], folder["host-test"]
    native = sum(alone([str(path)]) for path in ours.values())
    host = sum(alone([str(path)]) for path in theirs.values())
    found = [
        at_most(
            "Rust's tests on the oracle, natively", "x86_64-unknown-linux-gnu", native, host, "s", times=1.2
        )
    ]
    emulator = shutil.which("qemu-x86_64")
    machine = sum(alone(in_machine(path)) for path in ours.values())
    if emulator:
        emulated = sum(alone([emulator, str(path)]) for path in ours.values())
        name = "Rust's tests in the machine, native engine"
        found.append(at_least(name, "qemu-user", 1 / machine, 1 / emulated, "runs/s", times=0.5))
    began = time.perf_counter()
    conformance("--engine", "unicorn")
    seconds = time.perf_counter() - began
    found.append(
        below("Rust's tests in the machine, Unicorn", "natively", seconds, native, "s", limit=MINUTES)
    )
    return found


def conformance(*words: str) -> dict[str, Any]:
    """One run of portwright over the suites; what passes is the tests' business, not this one's."""
    suites = [word for suite in SUITES for word in ("--suite", suite)]
    argv = timing.portwright("conformance", PORT, *suites, *words, "--json")
    done = subprocess.run(argv, env=timing.environment(), stdout=subprocess.PIPE, text=True, check=False)
    document: dict[str, Any] = json.loads(done.stdout)
    if "suites" not in document:
        raise SystemExit(f"bench: {' '.join(argv)} failed:\n{done.stdout}")
    return document


def newest_steps() -> dict[str, dict[str, Path]]:
    """The suites' binaries, by the newest of their steps' folders."""
    from portwright.base.files import cache_root

    found: dict[str, dict[str, Path]] = {}
    for kind in ("test", "host-test"):
        for suite in SUITES:
            made = [
                path for path in (cache_root() / "steps").glob(f"{kind}-{suite}-*/{suite}") if path.is_file()
            ]
            found.setdefault(kind, {})[suite] = max(made, key=lambda path: path.stat().st_mtime)
    return found


def in_machine(binary: Path) -> list[str]:
    """The command that runs a binary in the userland machine."""
    return timing.portwright(
        "run", "--engine", "native", "--kind", "--env", "RUSTC_BOOTSTRAP=1", PORT, binary
    )


def alone(argv: list[str]) -> float:
    """Seconds of a whole run of a test binary, the better of two; a test that fails is told by conformance."""
    best = float("inf")
    for _ in range(2):
        began = time.perf_counter()
        done = subprocess.run(
            [*argv, "--test-threads", "1"],
            env=timing.environment({"RUSTC_BOOTSTRAP": "1", "RUST_BACKTRACE": "0"}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        if "test result:" not in done.stdout:
            raise SystemExit(f"bench: {' '.join(argv)} did not run to its end (status {done.returncode})")
        best = min(best, time.perf_counter() - began)
    return best
