"""cpio archives: made for GNU cpio, gzip and zstd, read from theirs, every fault named, bombs refused, and on rubbish."""

from __future__ import annotations

import gzip
import os
import random
import stat
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.disk_images import content, file, folder, render, save, tool
from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Source, inside
from portwright.formats import Node, Packing, Volume, cpio
from portwright.formats.parts import cpio_unpacked

COMPRESSIONS = ("", "gzip", "zstd")
TREE = [
    Node(b"", "directory", 0o755, modified=5),
    folder("bin"),
    file("bin/busybox", bytes(range(256)) * 300, 0o4755),
    Node(b"bin/ls", "file", 0o4755, same_as=b"bin/busybox", modified=1_000_000_000),
    Node(b"bin/sh", "symlink", 0o777, target=b"busybox", modified=3),
    folder("dev"),
    Node(b"dev/null", "character", 0o666, device=(1, 3)),
    Node(b"dev/sda", "block", 0o660, device=(8, 0)),
    Node(b"dev/pipe", "fifo", 0o600),
    file("empty"),
    file("init", b"#!/bin/sh\n", 0o755),
    Node(b"zz hard link", "file", 0o4755, same_as=b"bin/busybox"),
]


def archive(nodes: list[Node] | None = None, **fields: Any) -> bytes:
    return bytes(render(cpio.layout(TREE if nodes is None else nodes, Packing(**fields))))


def described(volume: Volume) -> dict[bytes, tuple[Any, ...]]:
    """Every path with all that is kept of it."""
    found: dict[bytes, tuple[Any, ...]] = {}
    for node in volume.walk():
        said = node.target if node.kind == "symlink" else node.device
        data = content(volume, node) if node.kind == "file" else b""
        found[node.path] = (node.kind, node.mode, said, node.links if node.kind == "file" else 0, data)
    return found


def wanted(nodes: list[Node]) -> dict[bytes, tuple[Any, ...]]:
    by_path = {node.path: node for node in nodes}
    found: dict[bytes, tuple[Any, ...]] = {}
    for node in nodes:
        first = by_path[node.same_as or node.path]
        links = 1 + sum(each.same_as == first.path for each in nodes) if node.kind == "file" else 0
        data = first.content.read(0, first.content.size) if first.content is not None else b""
        found[node.path] = (node.kind, node.mode, node.target or node.device, links, data)
    return found


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


def entry(
    name: str | bytes, data: bytes = b"", mode: int = 0o100644, ino: int = 1, links: int = 1, **more: int
) -> bytes:
    """An entry by hand."""
    raw = (name.encode() if isinstance(name, str) else name) + b"\0"
    size = more.get("size", len(data))
    fields = (
        ino,
        mode,
        0,
        0,
        links,
        0,
        size,
        0,
        0,
        0,
        0,
        more.get("namesize", len(raw)),
        more.get("check", 0),
    )
    magic = b"070702" if "check" in more else b"070701"
    head = magic + b"".join(b"%08x" % field for field in fields) + raw
    head += bytes(-len(head) % 4) + data
    return head + bytes(-len(head) % 4)


END = entry("TRAILER!!!", mode=0)


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


FAULTS: dict[str, tuple[bytes, set[str], bool]] = {
    "bad field": (b"070701" + b"zzzzzzzz" * 13 + END, {"cpio/header"}, False),
    "spaces in a field": (b"070701" + b"1       " * 13 + END, {"cpio/header"}, False),
    "no header after an entry": (entry("a", b"1") + b"garbage!" + END, {"cpio/header"}, False),
    "cut off in a content": (entry("a", b"x" * 5000)[:3000], {"cpio/cut-off"}, False),
    "cut off in a header": (entry("a", b"x") + END[:50], {"cpio/header"}, False),
    "cut off in a name": (entry("a" * 900, b"x")[:500], {"cpio/cut-off"}, False),
    "no name": (entry("a", namesize=0), {"cpio/name"}, False),
    "too long a name": (entry("a", namesize=5000), {"cpio/name"}, False),
    "a name without its end": (entry("abc", namesize=3) + END, {"cpio/name"}, False),
    "a name that leads out": (entry("a/../../b") + END, {"cpio/name"}, False),
    "no such kind": (entry("a", mode=0o170644) + END, {"cpio/kind"}, False),
    "the root as a file": (entry(".") + END, {"cpio/kind"}, False),
    "a link to nowhere": (entry("a", mode=0o120777) + END, {"cpio/target"}, False),
    "a link with a zero": (entry("a", b"x\0y", mode=0o120777) + END, {"cpio/target"}, False),
    "in a file": (entry("a") + entry("a/b") + END, {"cpio/not-a-folder"}, False),
    "nothing": (bytes(1000), {"cpio/header"}, False),
    "no trailer": (entry("a", b"1"), {"cpio/no-trailer"}, True),
    "zeros instead of it": (entry("a", b"1") + bytes(512), {"cpio/no-trailer"}, True),
    "junk behind": (entry("a", b"1") + END + bytes(40) + b"junk", {"cpio/junk"}, True),
    "twice": (entry("a", b"1") + entry("a", b"2") + END, {"cpio/twice"}, True),
    "no folder": (entry("b/a", b"1") + END, {"cpio/no-folder"}, True),
    "absolute": (entry("/a", b"1") + END, {"cpio/absolute"}, True),
    "a folder with content": (entry("a", b"1", mode=0o40755) + END, {"cpio/size"}, True),
    "wrong sum": (entry("a", b"12", check=7) + END, {"cpio/checksum"}, True),
    "names lacking": (entry("a", b"1", links=2) + END, {"cpio/link-count"}, True),
    "two contents": (
        entry("a", b"1", links=2) + entry("b", b"22", links=2) + END,
        {"cpio/link-content"},
        True,
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_named(case: str) -> None:
    data, codes, readable = FAULTS[case]
    assert {each.code for each in cpio.check(Memory(data))} == codes
    if readable:
        cpio.read(Memory(data))
    else:
        with pytest.raises(BadInput) as error:
            cpio.read(Memory(data))
        assert {fault.code for fault in error.value.faults} == codes
        assert all(fault.where is not None for fault in error.value.faults)


def test_everything_that_an_archive_cannot_hold_is_said_at_once() -> None:
    bad = [
        file("TRAILER!!!"),
        file("a/b"),
        file("f"),
        file("f/g"),
        file("f"),
        file("p" * 5000),
        folder(".."),
        Node(b"z\0", "file"),
        Node(b"s", "symlink"),
        Node(b"l", "file", same_as=b"later"),
        file("later"),
        Node(b"huge", "file", content=Zeros(1 << 32)),
        Node(b"lacking", "file", size=4),
        Node(b"owned", "file", uid=1 << 32),
    ]
    with pytest.raises(BadInput) as error:
        cpio.layout(bad, Packing(compression="xz"))
    assert [fault.code for fault in error.value.faults] == [
        "cpio/name",
        "cpio/no-folder",
        "cpio/not-a-folder",
        "cpio/twice",
        "cpio/name",
        "cpio/name",
        "cpio/name",
        "cpio/target",
        "cpio/link",
        "cpio/file-size",
        "cpio/no-content",
        "cpio/number",
        "cpio/compression",
    ]
    with pytest.raises(BadInput, match="has 512 bytes, and may have 100"):
        cpio.layout([file("x")], Packing(most=100))


class Zeros:
    """A source of zeros of any size."""

    def __init__(self, size: int) -> None:
        self.size, self.name = size, "zeros"

    def read(self, offset: int, length: int) -> bytes:
        inside(self, offset, length)
        return bytes(length)


# compressed archives are sources too


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_what_is_unpacked_can_be_read_anywhere_by_anybody(compression: str) -> None:
    choose = random.Random(2)
    data = b"".join(choose.randbytes(1000) + bytes(choose.randint(0, 9000)) for _ in range(800))
    packed = gzip.compress(data) if compression == "gzip" else zstandard.ZstdCompressor().compress(data)
    packed = b"before" + packed + b"behind"
    source = cpio_unpacked.Unpacked(Memory(packed), 6)
    assert (source.size, source.end) == (len(data), len(packed) - 6)
    source._room = 4
    wrong = []

    def read(seed: int) -> None:
        place = random.Random(seed)
        for _ in range(10):
            at = place.randrange(len(data))
            length = place.choice([1, 100, cpio_unpacked.BLOCK, 700_000])
            length = min(length, len(data) - at)
            if source.read(at, length) != data[at : at + length]:
                wrong.append((at, length))

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    with pytest.raises(BadInput, match="wanted here"):
        source.read(len(data), 1)


BOMB = 300 << 20
BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: _gzip_of_zeros(BOMB),
    "zstd": lambda: zstandard.ZstdCompressor(level=1).compress(bytes(BOMB)),
}


def _gzip_of_zeros(size: int) -> bytes:
    state = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join(state.compress(bytes(1 << 20)) for _ in range(size >> 20)) + state.flush()


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_soon_and_in_little_memory(kind: str) -> None:
    data = BOMBS[kind]()
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(BadInput, match="unpacks to more than") as error:
        cpio.read(Memory(data))
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.value.faults[0].code == "cpio/bomb" and f"{kind} -d" in str(error.value)
    assert time.process_time() - begun < 2 and used < 8 << 20
    assert cpio.identify(Memory(data)) is None


def test_a_frame_that_wants_a_huge_window_gets_none() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    state = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = state.compress(archive()) + state.flush()
    with pytest.raises(BadInput, match=r"zstd: .*memory"):
        cpio.read(Memory(data))


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("where", [0.3, 0.9, -8, -1])
def test_a_compressed_archive_that_was_cut_off_or_changed_says_so(kind: str, where: float) -> None:
    data = bytearray(archive(compression=kind))
    place = int(len(data) * where) if 0 < where < 1 else len(data) + int(where)
    with pytest.raises(BadInput, match=f"{kind}: ") as error:
        cpio.read(Memory(data[:place]))
    assert error.value.faults[0].code == "cpio/compression"
    data[place] ^= 0x55
    with pytest.raises(BadInput):
        cpio.read(Memory(data))
    assert list(cpio.check(Memory(data))) != []


def test_frames_to_skip_are_skipped() -> None:
    skip = b"\x50\x2a\x4d\x18\x03\0\0\0abc"
    frame = zstandard.ZstdCompressor().compress(archive())
    volume = cpio.read(Memory(frame + skip * 2000))
    assert described(volume) == wanted(TREE)


def test_many_parts_are_no_way_to_use_much_memory() -> None:
    part = archive([], compression="gzip")
    with pytest.raises(BadInput, match="more than 64 compressed parts"):
        cpio.read(Memory((part + b"\0") * 100))


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


def everything(source: Source) -> None:
    """Ask for all that there is; only `BadInput` may come."""
    cpio.identify(source)
    list(cpio.check(source))
    try:
        volume = cpio.read(source)
        cpio.packing(volume)
        for node in volume.walk():
            assert volume.lookup(node.path) is not None
            assert b".." not in node.path.split(b"/") and not node.path.startswith(b"/")
            for at, length in volume.stretches(node):
                assert at is not None
                volume.source.read(at, length)
    except BadInput as error:
        assert error.faults and all(fault.what for fault in error.faults)


SMALL = [
    *TREE[:2],
    file("bin/x", b"x" * 50),
    *TREE[4:8],
    file("y", b"yy", 0o4755),
    Node(b"z", "file", same_as=b"y"),
]
BASES = [archive(SMALL, compression=compression) for compression in COMPRESSIONS]
BASES += [BASES[0] + BASES[1], gzip.compress(BASES[0] + b"\0" + BASES[0])]


@settings(max_examples=150, deadline=None)
@given(some.sampled_from(BASES), some.data())
def test_mutations_end_in_clean_errors(base: bytes, draw: some.DataObject) -> None:
    data = bytearray(base)
    for _ in range(draw.draw(some.integers(1, 6))):
        place = draw.draw(some.integers(0, min(len(data), 1400) - 1))
        data[place] = draw.draw(some.sampled_from(list(b"\0/.0127fF\xff")) | some.integers(0, 255))
    cut = draw.draw(some.just(len(data)) | some.integers(0, len(data)))
    begun = time.process_time()
    everything(Memory(data[:cut]))
    assert time.process_time() - begun < 2


@settings(max_examples=60, deadline=None)
@given(some.binary(max_size=600), some.sampled_from(["", "gzip", "zstd"]))
def test_rubbish(rubbish: bytes, compression: str) -> None:
    for data in (rubbish, b"070701" + rubbish, BASES[0][:200] + rubbish):
        if compression:
            data = gzip.compress(data) if compression == "gzip" else zstandard.ZstdCompressor().compress(data)
        everything(Memory(data))
    everything(Memory((b"\x1f\x8b\x08\0" if compression == "gzip" else b"\x28\xb5\x2f\xfd") + rubbish))


def test_a_large_archive_is_made_while_it_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is too much to keep is compressed a second time, and is the same."""
    nodes = [file(f"{number}", random.Random(number).randbytes(50_000)) for number in range(20)]
    kept = archive(nodes, compression="zstd")
    monkeypatch.setattr("portwright.formats.parts.cpio_layout.KEPT", 1000)
    again = archive(nodes, compression="zstd")
    assert again == kept
    save(again, tmp_path / "again")
    tool("zstd", "-t", "-q", tmp_path / "again")
