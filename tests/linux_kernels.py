"""A real Linux to boot: Debian's kernels out of their packages, unpacked in the cache, and an initramfs of our own."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import shutil
import subprocess
import tarfile
import tempfile
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
    return _unpacked(arch, cache, "vmlinuz") / "vmlinuz"


def virtio_modules(arch: str, cache: Path) -> dict[str, bytes]:
    """The modules for disks and shares over virtio, in the order of loading, without what is built into the kernel."""
    name = "modules-" + hashlib.sha256(repr(VIRTIO_MODULES).encode()).hexdigest()[:8]
    folder = _unpacked(arch, cache, name) / name
    found = {Path(each).name: folder / f"{Path(each).name}.ko" for each in VIRTIO_MODULES}
    return {each: path.read_bytes() for each, path in found.items() if path.is_file()}


def _unpacked(arch: str, cache: Path, wanted: str) -> Path:
    """The folder with the kernel and its modules, which are fetched where `wanted` is not in it."""
    debian, package = PACKAGES[arch]
    folder = cache / "linux" / debian
    with lock(cache / "linux" / f"{debian}.lock"):
        if not (folder / wanted).exists():
            _fetch(debian, package, folder, wanted)
    return folder


def _fetch(debian: str, package: str, folder: Path, wanted: str) -> None:
    for tool in ("apt-get", "apt-cache", "dpkg-deb", "tar"):
        if shutil.which(tool) is None:
            pytest.skip(f"linux: {tool} is not here, and Debian's kernel cannot be had without")
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
    image, modules, missing = _contents(debs[0])
    if wanted != "vmlinuz":
        assert not missing, f"{debs[0].name} has no {missing}"
        fresh = Path(tempfile.mkdtemp(dir=folder))
        for name, data in modules.items():
            (fresh / name).write_bytes(data)
        fresh.rename(folder / wanted)
    write_atomic(folder / "vmlinuz", image)
    shutil.rmtree(folder / "apt")
    debs[0].unlink()


def _contents(package: Path) -> tuple[bytes, dict[str, bytes], list[str]]:
    """The kernel of a package, those of the modules that are no part of it, and those that are nowhere."""
    kernels: list[bytes] = []
    modules: dict[str, bytes] = {}
    built_in = ""
    files = {f"/kernel/{name}.ko": f"{Path(name).name}.ko" for name in VIRTIO_MODULES}
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as unpacking,
        tarfile.open(fileobj=unpacking.stdout, mode="r|") as archive,
    ):
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            plain = member.name.removesuffix(".xz")
            module = next((name for end, name in files.items() if plain.endswith(end)), None)
            if file is not None and module is not None:
                data = file.read()
                modules[module] = lzma.decompress(data) if plain != member.name else data
            elif file is not None and "/boot/vmlinuz-" in member.name:
                kernels.append(file.read())
            elif file is not None and member.name.endswith("/modules.builtin"):
                built_in = file.read().decode()
    assert unpacking.returncode == 0 and kernels, f"{package} cannot be unpacked"
    missing = [end for end, name in files.items() if name not in modules and end.lstrip("/") not in built_in]
    return kernels[0], modules, missing


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
