"""build/steps/pack_dist: the same bytes each time, the programs can be run, and nothing of this machine is inside."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

from portwright.build.steps import Call, pack_dist

TARGET = "x86_64-unknown-mine"


def inputs(folder: Path) -> dict[str, str]:
    """A small sysroot, texts and a source tree."""
    files = {
        f"sysroot/lib/rustlib/{TARGET}/lib/libcore.rlib": "core",
        f"sysroot/lib/rustlib/{TARGET}/target.json": "of the build",
        "sysroot/bin/rustc": "left out",
        "texts/bin/rustc": "#!/bin/sh\n",
        "texts/README.md": "read",
        "spec.json": "handed out",
        "source/LICENSE-MIT": "MIT",
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    options = {name: str(folder / name) for name in ("sysroot", "texts", "source")}
    return {**options, "spec": str(folder / "spec.json"), "name": "rust-mine", "target": TARGET}


def packed(folder: Path, out: Path) -> Path:
    """Run the step."""
    out.mkdir(parents=True)
    pack_dist.run(Call(inputs(folder), {}, out, out, "key"))
    return out


def test_folder_and_tarball_hold_the_same(tmp_path: Path) -> None:
    """pack-dist: what a user unpacks is what lies in the folder, programs with the right to be run."""
    out = packed(tmp_path / "in", tmp_path / "out")
    folder = out / "rust-mine"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    own = f"lib/rustlib/{TARGET}"
    assert found == {"bin/rustc", "README.md", "LICENSE-MIT", f"{own}/lib/libcore.rlib", f"{own}/target.json"}
    assert (folder / own / "target.json").read_text() == "handed out"
    assert (folder / "bin/rustc").stat().st_mode & 0o111
    with tarfile.open(out / "rust-mine.tar.gz") as tar:
        names = {entry.name for entry in tar if entry.isfile()}
        assert names == {f"rust-mine/{path}" for path in found}
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-xzf", out / "rust-mine.tar.gz", "-C", tmp_path / "unpacked"], check=True)
    assert (tmp_path / "unpacked/rust-mine/bin/rustc").stat().st_mode & 0o111


def test_the_same_bytes_on_another_day_and_in_another_place(tmp_path: Path) -> None:
    """Neither times nor owners nor folders are in the tarball."""
    first = packed(tmp_path / "a", tmp_path / "one")
    second = packed(tmp_path / "b" / "deeper", tmp_path / "two")
    archive = "rust-mine.tar.gz"
    assert (first / archive).read_bytes() == (second / archive).read_bytes()
    with tarfile.open(first / archive) as tar:
        assert {(entry.uid, entry.gid, entry.uname, entry.mtime) for entry in tar} == {
            (0, 0, "", pack_dist.EPOCH)
        }
