"""What tests share: where the repository and the cache are, the Rust toolchain, and portwright run from outside.

A test that needs something of the machine takes the fixture for it, and is skipped by name with the reason where
it is not there. `make test` prints every such skip.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from portwright.base.errors import MissingTool, PortwrightError
from portwright.base.files import cache_root
from portwright.describe import toolchain as toolchains

ROOT = Path(__file__).resolve().parents[1]
DISK = 5 << 30
"""Bytes that the whole suite needs with an empty cache (4.4 GB were seen); a fifth of that is too little in any case."""

# What a developer's shell may hold that would change what is tested.
UNWANTED = (
    "RUSTFLAGS",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_BOOTSTRAP",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET",
)


def _share_cache() -> None:
    """Give the tests a cache of their own that outlives them: `$PORTWRIGHT_CACHE`, else build/test-cache.

    All of it is keyed by content, so a second run is quick and right. A Rust set that was unpacked in the user's
    own cache is linked in.
    """
    if "PORTWRIGHT_CACHE" not in os.environ:
        users = _users_debs()
        folder = ROOT / "build" / "test-cache"
        folder.mkdir(parents=True, exist_ok=True)
        debs = folder / "debs"
        if users is not None and users.is_dir() and not debs.exists():
            debs.unlink(missing_ok=True)
            with contextlib.suppress(FileExistsError):  # another worker of this run was quicker
                debs.symlink_to(users)
        os.environ["PORTWRIGHT_CACHE"] = str(folder)
    for name in UNWANTED:
        os.environ.pop(name, None)
    os.environ["RUSTC_ICE"] = "0"  # some tests crash rustc on purpose; no dumps of it in the tree


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say once that the disk is too small, instead of in hundreds of tests."""
    if hasattr(session.config, "workerinput"):
        return
    for place in {Path(os.environ["PORTWRIGHT_CACHE"]), Path(tempfile.gettempdir())}:
        free = shutil.disk_usage(next(each for each in (place, *place.parents) if each.exists())).free
        said = f"{free / 1e9:.1f} GB are free at {place}, and with an empty cache the whole suite needs {DISK / 1e9:.0f}"
        if free < DISK // 5:
            pytest.exit(said, 2)
        if free < DISK:
            print(f"tests: {said}", file=sys.stderr)
            return


def _users_debs() -> Path | None:
    try:
        return cache_root() / "debs"
    except PortwrightError:  # no home at all
        return None


_share_cache()

# How long an example takes on a machine that does something else, too, says nothing of what is tested.
settings.register_profile(
    "portwright", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("portwright")


def _heed_interrupts() -> None:
    """Let SIGINT and SIGHUP reach the processes under test: a shell's background jobs start with the one ignored, those
    of `nohup` with the other, and they inherit it."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


_heed_interrupts()


@pytest.fixture(scope="session")
def repo() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def cache() -> Path:
    """The cache that all tests of all runs share (already in PORTWRIGHT_CACHE)."""
    return cache_root()


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for one test, in PORTWRIGHT_CACHE."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("PORTWRIGHT_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def toolchain() -> toolchains.Toolchain:
    """The Rust toolchain with std's sources; skips where there is none that portwright can use."""
    try:
        return toolchains.find()
    except MissingTool as error:
        reason = error.faults[0]
        pytest.skip(f"toolchain: {reason.what}; {reason.hint or ''}")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the repository (facts, transcripts); skips where there is none."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("shared: no folder `shared` beside the repository")
    return folder


Portwright = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def portwright() -> Portwright:
    """Runs the command line in a process of its own: `portwright("check", "x", cwd=..., env={...})`."""

    def call(
        *words: str | Path,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        stdin: str = "",
        timeout: float = 600,
    ) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **(env or {})}
        argv = [sys.executable, "-m", "portwright", *map(str, words)]
        return subprocess.run(
            argv, cwd=cwd, env=variables, input=stdin, capture_output=True, text=True, timeout=timeout
        )

    return call


@pytest.fixture
def fake_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Path]]:
    """Puts shell scripts in front of PATH: `fake_tools("rustc", "echo ...")` gives the script's path."""
    folder = tmp_path / "fake-tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def write(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    yield write


@pytest.fixture
def fake_toolchain() -> Callable[..., Path]:
    """Makes a toolchain folder whose rustc only says who it is: `fake_toolchain(folder, "1.96.0")` gives rustc.

    Every start of it is written to the file `starts` in the folder.
    """

    def make(folder: Path, version: str, *, source: bool = True, status: int = 0) -> Path:
        rustc, cargo = folder / "bin" / "rustc", folder / "bin" / "cargo"
        rustc.parent.mkdir(parents=True)
        says = (
            f"binary: rustc\ncommit-hash: {'ab' * 20}\nhost: x86_64-unknown-linux-gnu\nrelease: {version}\n"
        )
        rustc.write_text(
            f"#!/bin/sh\necho start >>'{folder}/starts'\n"
            f"[ {status} = 0 ] || {{ echo 'no such library' >&2; exit {status}; }}\n"
            f'case "$*" in\n-vV) printf "rustc {version}\\n{says}LLVM version: 22.1.8\\n";;\n'
            f"'--print sysroot') echo '{folder}';;\nesac\n"
        )
        cargo.write_text("#!/bin/sh\n")
        rustc.chmod(0o755)
        cargo.chmod(0o755)
        if source:
            fake_source(folder / "lib" / "rustlib" / "src" / "rust", None)
        return rustc

    return make


def fake_source(root: Path, version: str | None) -> Path:
    """The few files by which a Rust source tree is known."""
    for name in ("library/std/Cargo.toml", "library/vendor/hashbrown-0.17.0/Cargo.toml"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("")
    if version is not None:
        (root / "src").mkdir()
        (root / "src" / "version").write_text(version + "\n")
    return root
