"""A real Linux to boot: Debian's kernels out of their packages, unpacked in the cache, and an initramfs of our own."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from portwright.base.files import lock, write_atomic
from portwright.build import apt

PACKAGES = {"x86_64": ("amd64", "linux-image-amd64"), "aarch64": ("arm64", "linux-image-arm64")}


def kernel(arch: str, cache: Path) -> Path:
    """Debian's kernel for an architecture; skips where it cannot be had. Nothing is installed."""
    debian, package = PACKAGES[arch]
    made = cache / "linux" / debian / "vmlinuz"
    with lock(cache / "linux" / f"{debian}.lock"):
        if not made.is_file():
            _fetch(debian, package, made)
    return made


def _fetch(debian: str, package: str, made: Path) -> None:
    for tool in ("apt-get", "apt-cache", "dpkg-deb", "tar"):
        if shutil.which(tool) is None:
            pytest.skip(f"linux: {tool} is not here, and Debian's kernel cannot be had without")
    folder = made.parent
    state = apt.own_state(folder / "apt")
    status = folder / "status"
    status.write_text("")
    words = [*state.options, "-o", f"APT::Architecture={debian}", "-o", f"Dir::State::status={status}"]
    words += [
        "-o",
        "APT::Architectures::=",
        "-o",
        f"APT::Architectures::={debian}",
        "-o",
        "Debug::NoLocking=1",
    ]
    subprocess.run(["apt-get", *words, "-q", "update"], capture_output=True, check=False)
    said = subprocess.run(
        ["apt-cache", *words, "depends", package], capture_output=True, text=True, check=False
    )
    names = [line.split(": ", 1)[1] for line in said.stdout.splitlines() if "Depends: linux-image" in line]
    if not names:
        pytest.skip(f"linux: the package sources have no {package}: {said.stderr.strip()[-200:]}")
    got = subprocess.run(
        ["apt-get", *words, "-q", "download", names[0]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    debs = sorted(folder.glob("linux-image-*.deb"))
    if not debs:
        pytest.skip(f"linux: {names[0]} cannot be downloaded: {got.stderr.strip()[-200:]}")
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", debs[0]], stdout=subprocess.PIPE) as unpacking:
        subprocess.run(
            ["tar", "-x", "-C", folder, "--wildcards", "./boot/vmlinuz*"], stdin=unpacking.stdout, check=True
        )
    found = next((folder / "boot").glob("vmlinuz-*"))
    write_atomic(made, found.read_bytes())
    shutil.rmtree(folder / "boot")
    shutil.rmtree(folder / "apt")
    debs[0].unlink()


def initramfs(path: Path, files: Mapping[str, bytes]) -> Path:
    """A gzip'd cpio of the kind newc: programs, and the folders they lie in."""
    folders = {str(parent) for name in files for parent in Path(name).parents} - {"."}
    rows = [(name, 0o040755, b"") for name in sorted({*folders, "dev", "tmp"})]
    rows += [(name, 0o100755, data) for name, data in files.items()]
    rows.append(("TRAILER!!!", 0, b""))
    out = bytearray()
    for number, (name, mode, data) in enumerate(rows, 1):
        encoded = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    path.write_bytes(gzip.compress(bytes(out), 1))
    return path
