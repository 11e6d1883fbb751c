"""cpio archives: made for GNU cpio, gzip and zstd, read from theirs and from those that the kernel takes."""

from __future__ import annotations

import gzip
import os
import random
import stat
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.cpio_archives import COMPRESSIONS, END, TREE, archive, described, entry, wanted
from formats.disk_images import file, folder, need, save, tool
from portwright.base.sources import Memory
from portwright.formats import Node, Packing, cpio


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_what_is_put_in_comes_out(compression: str) -> None:
    data = archive(compression=compression)
    volume = cpio.read(Memory(data))
    assert described(volume) == wanted(TREE)
    assert list(cpio.check(Memory(data))) == []
    assert volume.facts["compression"] == (compression or "none") and volume.facts["format"] == "newc"
    said = cpio.identify(Memory(data))
    assert said is not None and said.endswith(f"compressed with {compression}" if compression else "newc")
    names = [node.same_as for node in volume.walk()]
    assert names.count(b"bin/busybox") == 2
    numbers = {node.number for node in volume.walk()}
    assert numbers == set(range(1, 11))
    assert cpio.packing(volume) == Packing(order="given", compression=compression)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_the_same_tree_is_the_same_archive(compression: str) -> None:
    shuffled = sorted(TREE, key=lambda node: (node.path.count(b"/"), node.path[::-1]))
    shuffled.sort(key=lambda node: bool(node.same_as))
    shuffled.sort(key=lambda node: node.path != b"")
    data = archive(compression=compression)
    assert data == archive(compression=compression) == archive(shuffled, compression=compression)
    if compression == "gzip":
        assert data[3:8] == bytes(5)  # no name, no time
        assert gzip.decompress(data) == archive()
    else:
        assert archive(shuffled, order="given") != archive()
    assert len(archive()) % 512 == 0


def extracted(folder: Path, data: bytes) -> dict[str, tuple[Any, ...]]:
    folder.mkdir()
    tool("cpio", "-i", "-d", "--quiet", "--no-preserve-owner", stdin=data, cwd=folder)
    found: dict[str, tuple[Any, ...]] = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        text = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        mode = 0 if path.is_symlink() else stat.S_IMODE(status.st_mode)
        found[str(path.relative_to(folder))] = (stat.S_IFMT(status.st_mode), mode, text)
    return found


def test_gnu_cpio_extracts_it(tmp_path: Path) -> None:
    nodes = [node for node in TREE if node.kind not in ("character", "block")]
    found = extracted(tmp_path / "out", archive(nodes))
    assert set(found) == {node.path.decode() for node in nodes if node.path}
    assert found["bin/sh"][2] == "busybox" and found["init"][1:] == (0o755, b"#!/bin/sh\n")
    assert found["zz hard link"] == found["bin/ls"] == found["bin/busybox"]
    inodes = {(tmp_path / "out" / name).stat().st_ino for name in ("bin/ls", "bin/busybox", "zz hard link")}
    assert len(inodes) == 1 and (tmp_path / "out" / "bin/ls").stat().st_size == 256 * 300
    assert stat.S_ISFIFO((tmp_path / "out" / "dev/pipe").stat().st_mode)
    listing = tool("cpio", "-itv", "--quiet", stdin=archive())
    assert "crw-rw-rw-   1 root     root       1,   3 Jan  1  1970 dev/null" in listing


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_the_tools_unpack_it(compression: str, tmp_path: Path) -> None:
    need(compression)
    packed, plain = tmp_path / "packed", tmp_path / "plain"
    packed.write_bytes(archive(compression=compression))
    tool("sh", "-c", f"{compression} -dc <{packed} >{plain}")
    assert plain.read_bytes() == archive()
    assert compression in tool("file", packed).lower() or "Zstandard" in tool("file", packed)
    assert "ASCII cpio archive (SVR4 with no CRC)" in tool("file", plain)


def tree_on_host(root: Path) -> None:
    (root / "sub/deep").mkdir(parents=True)
    (root / "a file").write_bytes(b"content")
    (root / "sub/other").write_bytes(random.Random(1).randbytes(100_000))
    (root / "sub/deep/empty").write_bytes(b"")
    (root / "link").symlink_to("a file")
    (root / "sub/hard").hardlink_to(root / "a file")
    (root / "sub/deep/harder").hardlink_to(root / "a file")
    os.mkfifo(root / "pipe")


@pytest.mark.parametrize("form", ["newc", "crc", "odc"])
@pytest.mark.parametrize("compression", ["", "gzip", "gzip -1", "zstd", "zstd -19", "zstd --no-check -1"])
def test_what_others_make_is_read(form: str, compression: str, tmp_path: Path) -> None:
    need("cpio", "find", *compression.split()[:1])
    root = tmp_path / "tree"
    tree_on_host(root)
    command = f"find . | LC_ALL=C sort | cpio -o -H {form} --quiet"
    command += f" | {compression} -c" if compression else ""
    tool("sh", "-c", f"{command} >../made", cwd=root)
    data = (tmp_path / "made").read_bytes()
    volume = cpio.read(Memory(data))
    found = described(volume)
    assert set(found) == {b"", *(os.fsencode(path.relative_to(root)) for path in root.rglob("*"))}
    assert found[b"a file"] == found[b"sub/hard"] == found[b"sub/deep/harder"]
    assert found[b"a file"][3:] == (3, b"content") and found[b"link"][2] == b"a file"
    assert found[b"sub/other"][4] == (root / "sub/other").read_bytes()
    assert found[b"pipe"][0] == "fifo" and found[b"sub/deep/empty"][4] == b""
    assert sum(bool(node.same_as) for node in volume.walk()) == 2
    node = volume.lookup(b"/sub//other")
    assert node is not None and node.modified == int((root / "sub/other").stat().st_mtime)
    assert list(cpio.check(Memory(data))) == []
    assert (cpio.identify(Memory(data)) or "").startswith(
        "cpio archive, " + {"crc": "newc with"}.get(form, form)
    )


def test_several_archives_are_one_tree() -> None:
    """As distributions make an initramfs: microcode in front, not compressed, and the rest behind it."""
    early = archive([folder("kernel"), file("kernel/x", b"early"), file("both", b"first")])
    main = [Node(b"", "directory", 0o700), file("both", b"second"), file("main", b"m")]
    for data in (
        early + bytes(1024) + archive(main),
        early + bytes(3) + archive(main, compression="gzip") + bytes(9),
        archive(main[:1] + main[2:], compression="zstd")
        + archive([file("both", b"second")], compression="gzip")
        + archive([folder("kernel"), file("kernel/x", b"early")]),
        zstandard.ZstdCompressor().compress(early + bytes(512) + archive(main)),
        gzip.compress(early[:700]) + gzip.compress(early[700:]) + bytes(4) + archive(main),
    ):
        volume = cpio.read(Memory(data))
        found = described(volume)
        assert {path: row[4] for path, row in found.items() if row[0] == "file"} == {
            b"kernel/x": b"early",
            b"both": b"second",
            b"main": b"m",
        }
        assert found[b""][1] == 0o700
        assert list(cpio.check(Memory(data))) == []
    assert next(node.path for node in volume.walk()) == b""


def test_addresses_in_a_mixed_file_are_its_own_where_they_can_be() -> None:
    early = archive([file("early", b"plain")])
    volume = cpio.read(Memory(early + archive([file("late", b"packed")], compression="gzip")))
    node = volume.lookup(b"early")
    assert node is not None
    ((at, length),) = volume.stretches(node)
    assert at is not None and early[at : at + length] == b"plain"
    assert volume.facts["compression"] == "gzip" and cpio.packing(volume).compression == ""


def test_names_are_taken_as_the_kernel_takes_them() -> None:
    data = (
        entry("./a", mode=0o40755)
        + entry("/a/./b", b"1")
        + entry("a//c", b"2")
        + entry(".", mode=0o40711)
        + END
    )
    volume = cpio.read(Memory(data))
    assert [(node.path, node.mode) for node in volume.walk()] == [
        (b"", 0o711),
        (b"a", 0o755),
        (b"a/b", 0o644),
        (b"a/c", 0o644),
    ]


def test_a_folder_that_comes_late_or_never_is_there_in_time() -> None:
    data = entry("a/b/c", b"1") + entry("x/y", b"2") + entry("a", mode=0o40700) + END
    volume = cpio.read(Memory(data))
    assert [(node.path, node.mode) for node in volume.walk()][1:] == [
        (b"a", 0o700),
        (b"a/b", 0o755),
        (b"a/b/c", 0o644),
        (b"x", 0o755),
        (b"x/y", 0o644),
    ]
    node = volume.lookup(b"a/b")
    assert node is not None and node.kind == "directory"
    assert [each.code for each in cpio.check(Memory(data))] == ["cpio/no-folder"] * 2


def test_a_name_that_is_given_away_leaves_the_others_whole() -> None:
    """The first name of a linked file is used again for another file: the other names keep their content."""
    data = entry("a", links=3, ino=7) + entry("b", links=3, ino=7) + entry("c", b"linked", links=3, ino=7)
    volume = cpio.read(Memory(data + END + entry("a", b"new") + END))
    assert {path: row[4] for path, row in described(volume).items() if path} == {
        b"a": b"new",
        b"b": b"linked",
        b"c": b"linked",
    }
    assert {node.path: node.same_as for node in volume.walk() if node.path} == {
        b"a": b"",
        b"b": b"",
        b"c": b"b",
    }


TAKEN = (b".", b"..", b"TRAILER!!!")
NAMES = some.binary(min_size=1, max_size=12).filter(
    lambda name: not {0, 47} & set(name) and name not in TAKEN
)


@settings(max_examples=40, deadline=None)
@given(
    some.dictionaries(
        NAMES,
        some.binary(max_size=700) | some.dictionaries(NAMES, some.binary(max_size=300), max_size=4),
        max_size=8,
    ),
    some.sampled_from(COMPRESSIONS),
    some.integers(0, 0o7777),
)
def test_any_tree_comes_back(tree: dict[bytes, Any], compression: str, mode: int) -> None:
    nodes = []
    for name, value in tree.items():
        if isinstance(value, dict):
            nodes.append(Node(name, "directory", mode))
            nodes += [
                Node(name + b"/" + inner, "file", mode, content=Memory(data)) for inner, data in value.items()
            ]
        else:
            nodes.append(Node(name, "file", mode, content=Memory(value)))
    data = archive(nodes, compression=compression)
    found = described(cpio.read(Memory(data)))
    found.pop(b"")
    assert found == wanted(nodes)
    assert list(cpio.check(Memory(data))) == []


def test_a_large_archive_is_made_while_it_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is too much to keep is compressed a second time, and is the same."""
    nodes = [file(f"{number}", random.Random(number).randbytes(50_000)) for number in range(20)]
    kept = archive(nodes, compression="zstd")
    monkeypatch.setattr("portwright.formats.parts.cpio_layout.KEPT", 1000)
    again = archive(nodes, compression="zstd")
    assert again == kept
    save(again, tmp_path / "again")
    tool("zstd", "-t", "-q", tmp_path / "again")
