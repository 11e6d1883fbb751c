"""The image verbs from outside, on formats that systems have: `image-pack`, `image-ls`, `image-tree`, `image-cat`,
`image-extract`, `image-add`, `image-rm`, `image-mv`, `image-chmod`, `image-ln`, `image-mkdir`, `image-diff`,
`image-check`, `image-log`, `image-undo`, `image-replay`, `image-stamp`, `image-compose`."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Portwright = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the tree TREE in it."""
    for name, text in (("etc/init.rc", "echo hello\n"), ("bin/init", "#!init\n"), ("lib/drivers/d", "d")):
        (tmp_path / "TREE" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "TREE" / name).write_text(text)
    (tmp_path / "TREE" / "bin" / "init").chmod(0o755)
    return tmp_path


def run(portwright: Portwright, folder: Path, line: str, status: int = 0) -> str:
    """One image verb; its output."""
    done = portwright("image", *line.split(" "), cwd=folder)
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    return done.stdout + done.stderr


def test_the_examples_of_the_manual(portwright: Portwright, folder: Path) -> None:
    run(portwright, folder, "pack --format blockfs --size 1MiB --inodes 42 -o x.img TREE")
    assert (folder / "x.img").stat().st_size == 1 << 20
    assert "init.rc" in run(portwright, folder, "ls -l x.img /etc")
    assert run(portwright, folder, "cat x.img /etc/init.rc") == "echo hello\n"
    said = run(portwright, folder, "pack --format redox-initfs --layout R3 -o initfs.img TREE", 0)
    assert "redox-initfs" in said
    assert run(portwright, folder, "cat initfs.img /etc/init.rc") == "echo hello\n"
    said = run(portwright, folder, "ls --format fat initfs.img", 2)
    assert "this is a Redox initfs" in said


@pytest.mark.parametrize("words", ["blockfs --size 1MiB", "redox-initfs --layout R4b", "fat --size 2MiB"])
def test_edits_of_each_format(portwright: Portwright, folder: Path, words: str) -> None:
    (folder / "new").write_text("new\n")
    run(portwright, folder, f"pack -f {words} -o x.img TREE")
    before = (folder / "x.img").read_bytes()
    shutil.copyfile(folder / "x.img", folder / "base.img")
    run(portwright, folder, "add x.img new /etc/new")
    run(portwright, folder, "mkdir -p x.img /a/b")
    run(portwright, folder, "mv x.img /etc/new /a/b/")
    run(portwright, folder, "rm -r x.img /lib")
    assert run(portwright, folder, "cat x.img:/a/b/new") == "new\n"
    assert "4 files" not in run(portwright, folder, "tree x.img")
    checked = run(portwright, folder, "check x.img", 1 if "initfs" in words else 0)
    assert checked.count(" error") == ("initfs" in words)  # it has no bootstrap
    assert run(portwright, folder, "diff --content base.img x.img", 1).count("only in") == 6
    assert run(portwright, folder, "log x.img").count("image ") == 4
    run(portwright, folder, "replay x.img base.img")
    assert "0 differences" in run(portwright, folder, "diff base.img x.img")
    run(portwright, folder, "undo -n 4 x.img")
    assert (folder / "x.img").read_bytes() == before
    run(portwright, folder, "extract x.img -o out")
    assert (folder / "out" / "lib" / "drivers" / "d").read_text() == "d"


def test_modes_and_links(portwright: Portwright, folder: Path) -> None:
    run(portwright, folder, "pack -f blockfs -s 1MiB -o x.img TREE")
    run(portwright, folder, "chmod x.img 4711 /bin/init")
    run(portwright, folder, "ln x.img /bin/init /bin/other")
    run(portwright, folder, "ln -s x.img /bin/init /etc/start")
    listed = run(portwright, folder, "ls -l x.img /bin")
    assert listed.count("-rws--x--x  2") == 2
    assert run(portwright, folder, "cat x.img /etc/start") == "#!init\n"
    assert "clean" in run(portwright, folder, "check x.img")


def test_what_does_not_fit_is_said_with_the_largest_files(portwright: Portwright, folder: Path) -> None:
    (folder / "TREE" / "large").write_bytes(bytes(range(256)) * 8192)
    shutil.copyfile(shutil.which("true") or "/bin/true", folder / "TREE" / "true")
    for words in ("blockfs --size 1MiB", "redox-initfs --layout R3 --most 1MiB", "fat --size 1MiB"):
        said = run(portwright, folder, f"pack -f {words} -o x.img TREE", 2)
        assert "2,097,152 /large" in said, said
        assert "strip" in said
        assert not (folder / "x.img").exists()


def test_stamps(portwright: Portwright, folder: Path) -> None:
    run(portwright, folder, "pack -f blockfs -s 1MiB -o x.img TREE")
    assert "holds no stamp" in run(portwright, folder, "stamp x.img", 1)
    assert "no place for a stamp" in run(portwright, folder, "stamp x.img --place /etc/os-release=ID", 2)
    done = run(
        portwright, folder, "stamp x.img --place /etc/os-release=ID={stamp} --place /etc/init.rc=echo.{stamp}"
    )
    assert done.count("nothing was changed since") == 2
    text = run(portwright, folder, "cat x.img /etc/init.rc")
    assert text.startswith("echo hello\necho.portwright-stamp:none:19700101T000000Z:-:")
    run(portwright, folder, "stamp x.img --place /etc/init.rc=echo.{stamp}")  # in the place of the old one
    assert run(portwright, folder, "cat x.img /etc/init.rc").count("stamp") == 1
    run(portwright, folder, "add x.img TREE/bin/init /bin/more")
    assert run(portwright, folder, "stamp x.img", 1).count("files were changed since") == 2
    run(portwright, folder, "undo x.img")
    stamps = json.loads(run(portwright, folder, "stamp --json x.img"))["stamps"]
    assert [row["changed"] for row in stamps] == [False, False]


def test_a_recipe(portwright: Portwright, folder: Path) -> None:
    recipe = {
        "format": "blockfs",
        "name": "root",
        "size": 1 << 20,
        "tree": [str(folder / "TREE")],
        "directories": {"tmp": "1777"},
        "symlinks": {"bin/sh": "init"},
        "file": [
            {"path": "usr/bin/hello", "program": "hello"},
            {"path": "etc/os-release", "text": "NAME=x\n", "mode": "0600"},
        ],
        "stamp": [{"file": "etc/os-release", "line": "BUILD={stamp}"}],
        "version": {"commit": "a" * 40, "dirty": True, "time": 86400, "lock": "b" * 64},
    }
    (folder / "r.json").write_text(json.dumps(recipe))
    line = f"compose r.json -o x.img --made program:hello={folder / 'TREE' / 'bin' / 'init'} --manifest list"
    run(portwright, folder, line)
    first = (folder / "x.img").read_bytes()
    run(portwright, folder, line)
    assert (folder / "x.img").read_bytes() == first
    listed = run(portwright, folder, "ls -lR x.img")
    assert "drwxrwxrwt" in listed
    assert "-rw-------" in listed
    assert "1970-01-02 00:00 /usr/bin/hello" in listed
    assert run(portwright, folder, "cat x.img /usr/bin/hello") == "#!init\n"
    assert f"NAME=x\nBUILD=portwright-stamp:{'a' * 40}+dirty:19700102T000000Z:{'b' * 16}:" in run(
        portwright, folder, "cat x.img /etc/os-release"
    )
    assert "nothing was changed since" in run(portwright, folder, "stamp x.img")
    assert "where is `program:hello`?" in run(portwright, folder, "compose r.json -o y.img", 2)
    assert "no recipe" in run(portwright, folder, "compose TREE/bin/init -o y.img", 2)


def bootstrap() -> bytes:
    """A program for AArch64 of two instructions that runs in place, at 0x2000, as an initfs has it."""
    code = bytes.fromhex("000080d200000014")  # mov x0, #0; b .
    names = b"\0.text\0.shstrtab\0"
    size = 0x1000 + len(code)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\2\1\1",
        2,
        183,
        1,
        0x3000,
        64,
        size + len(names),
        0,
        64,
        56,
        1,
        64,
        3,
        2,
    )
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x2000, 0x2000, size, size, 0x1000)
    sections = struct.pack("<IIQQQQIIQQ", *[0] * 10)
    sections += struct.pack("<IIQQQQIIQQ", 1, 1, 6, 0x3000, 0x1000, len(code), 0, 0, 4, 0)
    sections += struct.pack("<IIQQQQIIQQ", 7, 3, 0, 0, size, len(names), 0, 0, 1, 0)
    return (header + load).ljust(0x1000, b"\0") + code + names + sections


def test_a_bootstrap_that_could_not_run_in_place_is_refused(portwright: Portwright, folder: Path) -> None:
    (folder / "boot.elf").write_bytes(bootstrap())
    words = "pack --format redox-initfs --layout R3 --bootstrap boot.elf -o initfs.img TREE"
    run(portwright, folder, words)
    run(portwright, folder, "check initfs.img")
    for at, value in ((16, 3), (24, 0)):  # position-independent; entry 0
        wrong = bytearray(bootstrap())
        wrong[at] = value
        if not value:
            wrong[at : at + 8] = bytes(8)
        (folder / "boot.elf").write_bytes(wrong)
        assert "bootstrap" in run(portwright, folder, words.replace("initfs.img", "wrong.img"), 2)
        assert not (folder / "wrong.img").exists()


def test_the_initfs_and_disk_of_redox(portwright: Portwright, folder: Path) -> None:
    """As a recipe: what starts first, init and its scripts, drivers; then BIOS, EFI and REDOX on a disk."""
    (folder / "boot.elf").write_bytes(bootstrap())
    initfs = {
        "format": "redox-initfs",
        "layout": "R3",
        "bootstrap": "boot",
        "tree": [str(folder / "TREE")],
        "file": [
            {"path": "etc/init_drivers.rc", "text": "run /bin/init\n"},
            {"path": "etc/pcid/initfs.toml", "text": "drivers = []\n"},
        ],
    }
    efi = {"format": "fat", "size": 1 << 20, "file": [{"path": "EFI/BOOT/BOOTAA64.EFI", "program": "boot"}]}
    disk = {
        "format": "gpt",
        "partition": [
            {"label": "BIOS", "kind": "bios", "start": 34 * 512, "size": 2014 * 512},
            {"label": "EFI", "kind": "efi", "start": 2048 * 512, "size": 1 << 20, "image": "efi"},
            {"label": "REDOX", "kind": "redox", "start": 4096 * 512, "size": 2 << 20, "image": "initfs"},
        ],
    }
    for name, recipe in (("initfs", initfs), ("efi", efi), ("disk", disk)):
        (folder / f"{name}.json").write_text(json.dumps(recipe))
        made = "--made program:boot=boot.elf --made image:efi=efi.img --made image:initfs=initfs.img"
        run(portwright, folder, f"compose {name}.json -o {name}.img {made}")
        assert run(portwright, folder, f"check {name}.img").count("clean") == (2 if name == "disk" else 1)
    # The third is the initfs, which warns of the rest of its partition: a real REDOX partition holds a file system.
    assert run(portwright, folder, "cat disk.img:REDOX:/etc/init_drivers.rc") == "run /bin/init\n"
    assert "BOOTAA64.EFI" in run(portwright, folder, "ls disk.img:EFI:/EFI/BOOT")


def test_a_disk_of_images(portwright: Portwright, folder: Path) -> None:
    run(portwright, folder, "pack -f fat -s 1MiB -o efi.img TREE")
    run(portwright, folder, "pack -f blockfs -s 1MiB -o root.img TREE")
    recipe = {
        "format": "gpt",
        "partition": [
            {"label": "EFI", "kind": "efi", "image": "efi"},
            {"label": "ROOT", "kind": "linux", "image": "root", "size": 2 << 20},
        ],
    }
    (folder / "r.json").write_text(json.dumps(recipe))
    done = portwright(
        *[
            "image",
            "compose",
            "r.json",
            "-o",
            "d.img",
            "--made",
            "image:efi=efi.img",
            "--made",
            "image:root=root.img",
        ],
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert "EFI" in run(portwright, folder, "ls d.img")
    assert run(portwright, folder, "cat d.img:EFI:/etc/init.rc") == "echo hello\n"
    run(portwright, folder, "add d.img:ROOT TREE/bin/init /bin/again")
    assert run(portwright, folder, "cat d.img:2:/bin/again") == "#!init\n"
    assert run(portwright, folder, "check d.img").count("clean") == 3
    run(portwright, folder, "undo d.img")
    assert "again" not in run(portwright, folder, "ls d.img:ROOT /bin")
