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

VIRTIO_MODULES = (
    "drivers/virtio/virtio_ring",
    "drivers/virtio/virtio",
    "drivers/virtio/virtio_pci_legacy_dev",
    "drivers/virtio/virtio_pci_modern_dev",
    "drivers/virtio/virtio_pci",
    "drivers/block/virtio_blk",
    "net/9p/9pnet",
    "net/9p/9pnet_virtio",
    "fs/netfs/netfs",
    "fs/fscache/fscache",
    "fs/9p/9p",
)
"""What Debian's kernel loads for a disk and for a folder that is shared by 9p, both over virtio, in an order in which it
can be loaded."""
PACKAGES = {"x86_64": ("amd64", "linux-image-amd64"), "aarch64": ("arm64", "linux-image-arm64")}


def kernel(arch: str, cache: Path) -> Path:
    """Debian's kernel for an architecture; skips where it cannot be had. Nothing is installed."""
    debian, package = PACKAGES[arch]
    made = cache / "linux" / debian / "vmlinuz"
    wanted = made.with_name("modules.wanted")
    with lock(cache / "linux" / f"{debian}.lock"):
        if not made.is_file() or not wanted.is_file() or wanted.read_text() != "\n".join(VIRTIO_MODULES):
            _fetch(debian, package, made)
            write_atomic(wanted, "\n".join(VIRTIO_MODULES).encode())
    return made


def virtio_modules(arch: str, cache: Path) -> dict[str, bytes]:
    """The modules for disks and shares over virtio, in the order of loading, without what is built into the kernel."""
    folder = kernel(arch, cache).parent / "modules"
    found = {Path(name).name: folder / f"{Path(name).name}.ko" for name in VIRTIO_MODULES}
    return {name: path.read_bytes() for name, path in found.items() if path.is_file()}


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
        wanted = ["./boot/vmlinuz*", *(f"./lib/modules/*/kernel/{name}.ko" for name in VIRTIO_MODULES)]
        # A module that is built in is no file, and tar's status is then 2.
        subprocess.run(
            ["tar", "-x", "-C", folder, "--wildcards", *wanted],
            stdin=unpacking.stdout,
            check=False,
            capture_output=True,
        )
    found = next((folder / "boot").glob("vmlinuz-*"))
    for name in VIRTIO_MODULES:
        for module in (folder / "lib/modules").glob(f"*/kernel/{name}.ko"):
            write_atomic(folder / "modules" / module.name, module.read_bytes())
    write_atomic(made, found.read_bytes())
    shutil.rmtree(folder / "boot")
    shutil.rmtree(folder / "lib", ignore_errors=True)
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
