"""The step `pack-dist`: a sysroot with its tools and texts as a folder to hand out, and the same as a tarball.

Both hold the same bytes for the same inputs: entries are sorted, and times, owners and the packer are left out.
"""

from __future__ import annotations

import gzip
import shutil
import tarfile
from pathlib import Path

from portwright.base.files import write_atomic
from portwright.build.steps import Call

MODULES = ("base.errors", "base.files")
LICENSES = ("COPYRIGHT", "LICENSE-APACHE", "LICENSE-MIT")
EPOCH = 315_532_800  # 1980-01-01, the first time that every archive format can hold


def run(call: Call) -> str:
    """Fill the folder and write the tarball; answers how large that is."""
    options = call.options
    name, target = options["name"], options["target"]
    folder = call.out / name
    own = Path("lib", "rustlib", target)
    (folder / own).parent.mkdir(parents=True)
    shutil.copytree(Path(options["sysroot"]) / own, folder / own)
    shutil.copyfile(options["spec"], folder / own / "target.json")
    texts = Path(options["texts"])
    for file in sorted(path for path in texts.rglob("*") if path.is_file()):
        path = file.relative_to(texts)
        write_atomic(folder / path, file.read_bytes(), mode=0o755 if path.parts[0] == "bin" else 0o644)
    for license_ in LICENSES:
        if (Path(options["source"]) / license_).is_file():
            shutil.copyfile(Path(options["source"]) / license_, folder / license_)
    archive = call.out / f"{name}.tar.gz"
    _pack(folder, name, archive)
    return f"{archive.stat().st_size >> 20} MiB"


def _pack(folder: Path, name: str, archive: Path) -> None:
    with (
        archive.open("wb") as file,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in [folder, *sorted(folder.rglob("*"))]:
            entry = tar.gettarinfo(path, str(Path(name) / path.relative_to(folder)))
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mtime = EPOCH
            entry.mode = 0o755 if path.is_dir() or entry.mode & 0o100 else 0o644
            if path.is_file():
                with path.open("rb") as data:
                    tar.addfile(entry, data)
            else:
                tar.addfile(entry)
