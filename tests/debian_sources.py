"""Sources of Debian packages, downloaded by apt with a state of its own: nothing is installed or configured."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def unpacked(package: str, folder: Path) -> Path:
    """The original sources of a package, unpatched; skips where they cannot be had."""
    for tool in ("apt-get", "dpkg-source"):
        if shutil.which(tool) is None:
            pytest.skip(f"sources: {tool} is not here")
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    said = subprocess.run(
        ["apt-get", "indextargets", "--format", form], capture_output=True, text=True, check=False
    )
    lines = sorted({line for line in said.stdout.splitlines() if "-" not in line.split()[1]})
    signed = f"[signed-by={KEYS}] " if Path(KEYS).exists() else ""
    (folder / "sources.list").write_text("".join(f"deb-src {signed}{line}\n" for line in lines))
    options = {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": folder / "state",
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": folder / "cache",
        "Debug::NoLocking": 1,
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-q", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
    subprocess.run([*apt, "update"], capture_output=True, check=False)
    got = subprocess.run(
        [*apt, "source", "--download-only", package], cwd=folder, capture_output=True, text=True, check=False
    )
    found = next(folder.glob(f"{package}_*.dsc"), None)
    if found is None:
        pytest.skip(f"sources: {package} cannot be downloaded: {got.stderr.strip()[-200:]}")
    source = folder / package
    argv = ["dpkg-source", "--no-check", "--skip-patches", "-x", found.name, source.name]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)
    return source
