"""Makes .venv with the locked dependencies and portwright itself in it; all else is `portwright setup`'s.

Runs on nothing but Python's own library, and does nothing where the environment is up to date. Where Debian's
Python cannot make an environment (no package python3-venv), root installs that package, and everybody else gets
pip out of the package python3-pip-whl, unpacked and not installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "portwright-setup.stamp"
PYTHON = VENV / "bin" / "python"
ROOM_NEEDED = 600 << 20  # bytes; the environment takes about 350 MB while it is made


def main() -> None:
    """Bring the environment up to date, or say why not and exit with status 2."""
    wanted = _digest()
    if _is_ready(wanted):
        return
    free = shutil.disk_usage(ROOT).free
    if free < ROOM_NEEDED:
        _give_up(
            f"{ROOM_NEEDED >> 20} MB are needed in {ROOT} and {free >> 20} MB are free", "free some room"
        )
    STAMP.unlink(missing_ok=True)
    if not _has_pip():
        _say(f"making {VENV.name} with {sys.executable}")
        _make_environment()
    _say("installing the locked dependencies")
    _pip("--require-hashes", "--no-deps", "-r", str(LOCK))
    _pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    # Quick starts need compiled modules, whatever PYTHONDONTWRITEBYTECODE says in this shell.
    _run([str(PYTHON), "-m", "compileall", "-q", str(ROOT / "src")], may_fail=True)
    STAMP.write_text(wanted)


def _digest() -> str:
    """What the environment depends on: the two files, where it is, and which Python it is made of."""
    parts = [
        LOCK.read_bytes(),
        (ROOT / "pyproject.toml").read_bytes(),
        str(ROOT).encode(),
        sys.version.encode(),
    ]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _is_ready(wanted: str) -> bool:
    try:
        return STAMP.read_text() == wanted and os.access(PYTHON, os.X_OK)
    except OSError:
        return False


def _has_pip() -> bool:
    """Whether the environment is there, runs, is of this Python's version and has pip."""
    if not PYTHON.exists():
        return False
    check = f"import pip, sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    return subprocess.run([PYTHON, "-c", check], capture_output=True, env=_environment()).returncode == 0


def _make_environment() -> None:
    if VENV.exists():
        shutil.rmtree(VENV)
    if importlib.util.find_spec("ensurepip") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _install_venv_package()
    if importlib.util.find_spec("ensurepip") is not None:
        made = _run([sys.executable, "-m", "venv", str(VENV)], may_fail=True)
        if made.returncode == 0:
            return
    _run([sys.executable, "-m", "venv", "--without-pip", "--clear", str(VENV)])
    with tempfile.TemporaryDirectory(prefix="portwright-pip-") as folder:
        wheel = _fetch_pip(Path(folder))
        _run([str(PYTHON), f"{wheel}/pip", "install", "--no-index", "--no-input", str(wheel)])


def _install_venv_package() -> None:
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    _say(f"installing Debian's {package}")
    words = ["install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", package]
    if _run(["apt-get", *words], may_fail=True).returncode != 0:
        _run(["apt-get", "update", "-qq"], may_fail=True)
        _run(["apt-get", *words], may_fail=True)
    importlib.invalidate_caches()


def _fetch_pip(folder: Path) -> Path:
    """Pip's wheel out of Debian's python3-pip-whl: as it is installed, else downloaded and unpacked."""
    installed = sorted(Path("/usr/share/python-wheels").glob("pip-*.whl"))
    if installed:
        return installed[-1]
    if not shutil.which("apt-get"):
        _give_up(
            "this Python has neither ensurepip nor pip", "install it, or name another: make setup PYTHON=..."
        )
    _say("fetching pip out of Debian's python3-pip-whl")
    if _run(["apt-get", "download", "python3-pip-whl"], cwd=folder, may_fail=True).returncode != 0:
        # The machine's lists are missing or too old, and updating them takes root: use lists of our own.
        for name in ("state/lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        places = [f"Dir::State={folder}/state", f"Dir::Cache={folder}/cache", "APT::Sandbox::User="]
        own = [word for place in places for word in ("-o", place)]
        _run(["apt-get", *own, "update", "-qq"], may_fail=True)
        _run(["apt-get", *own, "download", "python3-pip-whl"], cwd=folder)
    (deb,) = folder.glob("python3-pip-whl_*.deb")
    _run(["dpkg-deb", "-x", str(deb), str(folder / "root")])
    return next((folder / "root").glob("usr/share/python-wheels/pip-*.whl"))


def _pip(*words: str) -> None:
    _run([str(PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "-q", *words])


def _environment() -> dict[str, str]:
    unwanted = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV")
    return {
        **{name: value for name, value in os.environ.items() if name not in unwanted},
        "DEBIAN_FRONTEND": "noninteractive",
        "LC_ALL": "C.UTF-8",
    }


def _run(
    argv: list[str], *, cwd: Path | None = None, may_fail: bool = False
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        argv, cwd=cwd, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0 and not may_fail:
        said = (done.stdout + done.stderr).strip()
        hint = "run it again; what was fetched is kept"
        if "No space left" in said:
            hint = f"{shutil.disk_usage(ROOT).free >> 20} MB are free in {ROOT}: free some room"
        elif any(
            word in said for word in ("Could not resolve", "NewConnectionError", "No matching distribution")
        ):
            hint = "no package index can be reached: is there a network? (`pip config list` shows the index in use)"
        _give_up(f"{' '.join(argv)} failed:\n" + "\n".join(said.splitlines()[-12:]), hint)
    return done


def _say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


def _give_up(what: str, hint: str) -> None:
    print(f"setup: error: {what}\n  hint: {hint}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
