"""BlockFS images made and read: test vectors, every limit of the format, round trips, damaged images."""

from __future__ import annotations

import hashlib
import random
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.blockfs_images import (
    BLOCK,
    MIB,
    Image,
    Marked,
    codes,
    content,
    file,
    folder,
    packed,
    symlink,
    tree,
    written,
)
from portwright.base import rooms
from portwright.base.errors import BadInput
from portwright.base.sources import Memory
from portwright.formats import Node, Packing, blockfs
from portwright.formats.parts.blockfs_disk import Geometry, Inode, Superblock, blocks_of, inodes_for

ROWS = """
00000000: 464b4c42 00010000 2a000000 fb000000
00000010: 28000000 03000000 00100000 60000020
00000020: 00000008 00000000 00000000 00000000
00000030: 00000000 00000000 64000100 00000000
00001000: 1f000000 00000000 00000000 00000000
00002000: ed410000 28000000 00000000 00000000
00002010: 00000000 00000000 00000200 01000000
00002020: 00000000 03000000 00000000 00000000
00002060: a4810000 03000000 00000000 00000000
00002070: 00000000 00000000 00000100 01000000
00002080: 00000000 04000000 00000000 00000000
00003000: 00000000 0c000102 2e000000 00000000
00003010: 0c000202 2e2e0000 01000000 10000501
00003020: 612e7478 74000000 00000000 00000000
00004000: 68690a00 00000000 00000000 00000000
"""
ONE_FILE = "f4f0472372916bff3cb057ec02d2de57487fdd40c4698319c6fc2b90fd6d384f"
EMPTY = "cde70f85e88d23aab2157ff20d243771dd02de5e3ad887ec2998a1d0f34b57ce"


def sha(image: Image) -> str:
    return hashlib.sha256(image.bytes()).hexdigest()


def faults(nodes: list[Node], **packing: Any) -> list[str]:
    with pytest.raises(BadInput) as error:
        blockfs.layout(nodes, Packing(**packing))
    assert all(fault.what and fault.code for fault in error.value.faults)
    return [f"{fault.code} {fault}" for fault in error.value.faults]


# to the byte


def test_the_one_file_of_the_vector() -> None:
    image = packed([file("a.txt", b"hi\n")], size=MIB, inodes=42)
    found = {at: image.read(at, 16) for at in range(0, MIB, 16)}
    rows = [row.split(": ") for row in ROWS.strip().splitlines()]
    assert {at: data for at, data in found.items() if any(data)} == {
        int(at, 16): bytes.fromhex(data) for at, data in rows
    }
    assert sha(image) == ONE_FILE


def test_an_empty_image_as_the_systems_own_tool_makes_it() -> None:
    assert sha(packed([], size=MIB)) == EMPTY


def test_the_same_tree_makes_the_same_bytes_however_it_comes() -> None:
    nodes = [folder("z"), file("z/b", b"b" * 5000), file("a"), symlink("z/l", "/a"), folder("z/d")]
    image = packed(nodes)
    assert sha(image) == sha(packed(reversed(nodes)))
    assert sha(image) != sha(packed(nodes, order="given"))
    assert list(tree(image)) == [b"", b"a", b"z", b"z/b", b"z/d", b"z/l"]
    assert list(tree(packed(nodes, order="given"))) == [b"", b"z", b"z/b", b"z/l", b"z/d", b"a"]


def test_pieces_can_be_asked_for_twice() -> None:
    layout = blockfs.layout([file("a", b"x" * 60000)], Packing())
    assert list(layout.pieces) == list(layout.pieces)


@pytest.mark.parametrize(
    ("mib", "blocks", "inodes", "bitmap", "table", "usable", "first"),
    [
        (1, 256, 672, 1, 16, 672, 18),
        (64, 16384, 4096, 1, 96, 4032, 98),
        (128, 32768, 8192, 1, 192, 8064, 194),
        (512, 131072, 32768, 4, 768, 32256, 773),
        (1024, 262144, 65536, 8, 1536, 64512, 1545),
        (2048, 524288, 65536, 16, 1536, 64512, 1553),
    ],
)
def test_the_geometry_of_every_usual_size(
    mib: int, blocks: int, inodes: int, bitmap: int, table: int, usable: int, first: int
) -> None:
    layout = blockfs.layout([], Packing(size=mib * MIB))
    facts = blockfs.read(written(layout)).facts
    assert (facts["blocks"], facts["inodes"]) == (blocks, inodes)
    assert (facts["usable inodes"], facts["first data block"]) == (usable, first)
    geometry = Geometry(blocks, inodes)
    assert (geometry.bitmap_blocks, geometry.table_blocks) == (bitmap, table)


@pytest.mark.parametrize("wanted", [1, 41, 42, 43, 672, 2646, 2647, 4032, 4033, 8064, 64512, 80_000])
def test_the_fewest_inodes_that_have_a_place(wanted: int) -> None:
    assert Geometry(256, inodes_for(wanted)).usable >= wanted
    assert wanted == 1 or Geometry(256, inodes_for(wanted) - 1).usable < wanted


def test_structures_are_what_they_were_when_read_back() -> None:
    block = Superblock(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
    assert Superblock.parse(block.pack()) == block and len(block.pack()) == 62
    inode = Inode(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, tuple(range(12, 24)), 24, 25, 26)
    assert Inode.parse(inode.pack()) == inode and len(inode.pack()) == 96


# sizes


def test_the_smallest_size_that_fits_is_chosen() -> None:
    for size in (0, 200 * BLOCK, 232 * BLOCK, 240 * BLOCK, 5 * MIB, 300 * MIB):
        layout = blockfs.layout([file("a", Marked(size))], Packing())
        assert layout.size % MIB == 0
        if layout.size > MIB:
            assert "does-not-fit" in faults([file("a", Marked(size))], size=layout.size - MIB)[0]


def test_a_size_need_not_be_whole_mib_but_whole_blocks() -> None:
    image = packed([file("a", b"x")], size=25 * BLOCK, inodes=42)
    assert image.size == 25 * BLOCK and codes(image) == []
    assert "blockfs/size" in faults([], size=MIB + 1)[0]
    assert "blockfs/size" in "".join(faults([], size=0))
    assert "blockfs/size" in "".join(faults([], size=-BLOCK))


def test_what_does_not_fit_is_said_with_the_largest_files() -> None:
    nodes = [file(f"f{n}", Marked(n * 100_000)) for n in range(12)]
    (said,) = faults(nodes, size=4 * MIB)
    assert said.startswith("blockfs/does-not-fit")
    taken = sum(blocks_of(-(-n * 100_000 // BLOCK)) for n in range(12)) + 1
    missing = taken + Geometry(1024, 672).first_data - 1024
    assert f"so {missing * BLOCK:,} are missing" in said
    assert said.index("/f11") < said.index("/f10") and "1,100,000" in said and "/f0" not in said
    (said,) = faults(nodes, most=4 * MIB)
    assert "does-not-fit" in said


def test_too_few_inodes_are_counted() -> None:
    nodes = [file(f"f{n}") for n in range(100)]
    (said,) = faults(nodes, size=MIB, inodes=42)
    assert "blockfs/inodes" in said and "101 files and folders, 59 more" in said and "at least 101" in said
    assert codes(packed(nodes, size=MIB, inodes=101)) == []


def test_inodes_without_a_place_are_never_given_out() -> None:
    nodes = [folder(f"d{n}") for n in range(25)]
    nodes += [file(f"d{n % 25}/f{n}") for n in range(4096 - 26)]
    (said,) = faults(nodes, size=64 * MIB, inodes=4096)
    assert "64 more than there are inodes for" in said and "of 4,096 inodes 4,032 have a place" in said
    image = packed(nodes, size=64 * MIB)
    assert blockfs.read(image).facts["usable inodes"] == 4116 and codes(image) == []
    assert len(tree(image)) == 4096


def test_all_that_is_wrong_with_a_tree_is_said_at_once() -> None:
    nodes = [
        Node(b"tty", "character", device=(5, 0)),
        Node(b"s", "socket"),
        file("x" * 256),
        Node(b"\xff\xfe", "file", content=Memory(b"")),
        Node(b"a\0b", "file", content=Memory(b"")),
        Node(b"no/where", "file", content=Memory(b"")),
        file("one"),
        file("one/inside"),
        file("one"),
        file("huge", Marked(1 << 32)),
        Node(b"owned", "file", uid=70000, gid=-1, content=Memory(b"")),
        Node(b"empty", "file", size=3),
        symlink("nowhere", ""),
        symlink("long", "x" * 5000),
        Node(b"bytes", "symlink", target=b"\xff"),
        Node(b"again", "file", same_as=b"nothing"),
        folder("d"),
        Node(b"d2", "file", same_as=b"d"),
        folder(".."),
        Node(b"mode", "file", 0o100644, content=Memory(b"")),
        file("/".join(["d" * 200] * 21)),
    ]
    said = faults(nodes, size=MIB, inodes=42)
    for code, words in (
        ("kind", "a character cannot be stored"),
        ("kind", "a socket cannot be stored"),
        ("name", "256 bytes"),
        ("name", "not UTF-8"),
        ("name", "NUL"),
        ("no-folder", "/no is not there"),
        ("no-folder", "/one is a file"),
        ("path-twice", "two of this path"),
        ("file-size", "less than 4 GiB"),
        ("owner", "user 70000"),
        ("owner", "group -1"),
        ("content", "3 bytes are promised"),
        ("target", "0 bytes"),
        ("target", "5000 bytes"),
        ("target", "not text"),
        ("same-as", "/nothing"),
        ("same-as", "/d, which is no file"),
        ("name", "'..' is no name"),
        ("mode", "0o100644"),
        ("path-length", "the kernel takes 4094"),
        ("does-not-fit", "are missing"),
    ):
        assert any(f"blockfs/{code} " in line and words in line for line in said), (code, words)


def test_a_folder_holds_what_twelve_blocks_hold() -> None:
    names = [f"{n:08}" for n in range(12 * 256 - 2)]  # 16 bytes a record, 256 a block; `.` and `..` take 24
    image = packed([file(name) for name in names], size=16 * MIB, inodes=4096)
    assert codes(image) == [] and len(tree(image)) == len(names) + 1
    said = faults([file(name) for name in [*names, "one more"]], size=16 * MIB, inodes=4096)
    assert "blockfs/folder-full" in said[0] and "first 49,152" in said[0]


@pytest.mark.parametrize("length", [1, 3, 4, 5, 100, 251, 252, 253, 255])
def test_no_record_crosses_a_block(length: int) -> None:
    count = 40_000 // ((8 + length + 3) & ~3)
    names = [f"{n:04}".rjust(length, "n")[-length:] if length > 3 else chr(0x21 + n) for n in range(count)]
    names = [name for name in dict.fromkeys(names) if "/" not in name and name not in (".",)][:900]
    image = packed([file(name) for name in names], size=8 * MIB)
    assert codes(image) == [] and {name.encode() for name in names} == set(tree(image)) - {b""}


@pytest.mark.parametrize(
    "blocks", [0, 1, 11, 12, 13, 1035, 1036, 1037, 1036 + 1024, 1037 + 1024, 1036 + 3 * 1024 + 5]
)
def test_files_at_every_edge_of_the_pointers(blocks: int) -> None:
    for size in {max(0, blocks * BLOCK - 1), blocks * BLOCK, blocks * BLOCK + 1}:
        image = packed([file("f", Marked(size)), file("g", b"behind")])
        assert codes(image) == []
        volume = blockfs.read(image)
        node = volume.lookup(b"f")
        assert node is not None and node.size == size
        assert content(image, node) == Marked(size).read(0, size)
        assert sum(length for _, length in volume.stretches(node)) == size


def test_a_file_of_nearly_four_gib_is_planned_at_once() -> None:
    layout = blockfs.layout([file("f", Marked((1 << 32) - 1))], Packing())
    assert layout.size > 1 << 32
    assert sum(1 for _ in layout.pieces) < 3000


def test_owners_times_and_links_are_kept() -> None:
    nodes = [
        Node(b"", "directory", 0o700),
        Node(b"f", "file", 0o4711, uid=12, gid=65535, modified=1_700_000_000, content=Memory(b"text")),
        Node(b"g", "file", same_as=b"f"),
        Node(b"l", "symlink", target="/wo/ä".encode()),
        Node(b"m", "symlink", same_as=b"l"),
        Node(b"n", "file", same_as=b"g"),
        Node(b"old", "file", modified=-5, content=Memory(b"")),
        Node(b"new", "file", modified=1 << 40, content=Memory(b"")),
    ]
    volume = blockfs.read(packed(nodes))
    found = {node.path: node for node in volume.walk()}
    f = found[b"f"]
    assert (f.mode, f.uid, f.gid, f.modified, f.links, f.size) == (0o4711, 12, 65535, 1_700_000_000, 3, 4)
    assert found[b""].mode == 0o700 and found[b"g"].same_as == found[b"n"].same_as == b"f"
    assert found[b"l"].target == found[b"m"].target == "/wo/ä".encode() and found[b"m"].same_as == b"l"
    assert (found[b"old"].modified, found[b"new"].modified) == (0, 0xFFFF_FFFF)
    n = volume.lookup(b"n")
    assert n is not None and n.number == f.number


# reading


def test_it_is_an_entry_and_its_parts_are_not() -> None:
    found = rooms.names("portwright.formats")
    assert "blockfs" in found and "parts" not in found
    assert rooms.load("portwright.formats", "blockfs").HOLDS == "files"


def test_identify_goes_by_the_magic_only() -> None:
    assert blockfs.identify(Memory(b"FKLB")) == "BlockFS image (VeridianOS)"
    assert blockfs.identify(Memory(b"FKL")) is None and blockfs.identify(Memory(b"BLKF" * 20)) is None


def test_lookup_finds_what_walk_finds_and_nothing_else() -> None:
    image = packed([folder("a"), folder("a/b"), file("a/b/c", b"x"), file("d")])
    volume = blockfs.read(image)
    for node in volume.walk():
        assert volume.lookup(node.path) == node
    for path in (b"x", b"a/x", b"d/x", b"a/b/c/d", b"/a", b"a/", b"a//b", b".", b"..", b"a/..", b"a/."):
        assert volume.lookup(path) is None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda image: image.put(0, "I", 0), "begins with 00 00 00 00"),
        (lambda image: image.put(8, "I", 0), "0 inodes"),
        (lambda image: image.put(8, "I", 1 << 31), "reach to"),
        (lambda image: image.put(4, "I", 0xFFFF_FFFF), "reach to"),
        (lambda image: image.put(18 * 0 + 2 * BLOCK, "H", 0x81A4), "which is no directory's"),
    ],
)
def test_what_cannot_be_mounted_is_not_read(spoil: Callable[[Image], None], words: str) -> None:
    image = packed([file("a", b"hi\n")], size=MIB, inodes=42)
    spoil(image)
    with pytest.raises(BadInput, match=words):
        blockfs.read(image)
    (problem,) = blockfs.check(image)
    assert words in problem.what and problem.code.startswith("blockfs/")


def test_packing_makes_it_again_to_the_byte() -> None:
    nodes = [folder("z"), file("z/b", b"b" * 50_000), file("a"), symlink("l", "/a")]
    image = packed(nodes, size=3 * MIB, inodes=100, order="given")
    volume = blockfs.read(image)
    again = list(volume.walk())
    for node in again:
        node.content = Memory(content(image, node)) if node.kind == "file" else None
    assert sha(written(blockfs.layout(again, blockfs.packing(volume)))) == sha(image)


def test_the_kernel_reads_zeros_where_a_bit_is_clear_and_so_do_we() -> None:
    image = packed([file("a", b"x" * 9000)], size=MIB, inodes=42)
    image.put(BLOCK, "B", image.get(BLOCK, "B") & ~(1 << 5))  # the second of blocks 4, 5, 6
    node = blockfs.read(image).lookup(b"a")
    assert node is not None
    assert content(image, node) == b"x" * BLOCK + bytes(BLOCK) + b"x" * 808
    stretches = list(blockfs.read(image).stretches(node))
    assert stretches == [(4 * BLOCK, BLOCK), (None, BLOCK), (6 * BLOCK, 808)]


def test_a_cut_off_image_is_read_as_far_as_it_goes() -> None:
    image = packed([file("a", b"x" * 9000)], size=MIB, inodes=42)
    short = Image(image.read(0, 6 * BLOCK + 100))
    node = blockfs.read(short).lookup(b"a")
    assert node is not None and content(short, node) == b"x" * 2 * BLOCK + bytes(808)


def test_large_images_are_not_read_to_list_a_few_files() -> None:
    image = packed([folder("d"), file("d/a", b"x")], size=2048 * MIB)
    reads = 0
    plain = image.read

    def counted(offset: int, length: int) -> bytes:
        nonlocal reads
        reads += length
        return plain(offset, length)

    image.read = counted  # type: ignore[method-assign]
    assert len(list(blockfs.read(image).walk())) == 3
    assert reads < 300_000


# by chance

NAMES = some.text(some.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=30).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 256
)
SIZES = some.sampled_from([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 12 * BLOCK, 12 * BLOCK + 1, 13 * BLOCK, 70_000])


@some.composite
def trees(draw: some.DrawFn) -> list[Node]:
    """A tree with folders in folders, files of telling sizes, symlinks and hard links."""
    nodes: dict[bytes, Node] = {}
    folders, files = [b""], []
    for number in range(draw(some.integers(0, 25))):
        parent = draw(some.sampled_from(folders))
        path = (parent + b"/" if parent else b"") + draw(NAMES).encode()
        if path in nodes:
            continue
        what = draw(some.sampled_from(["file", "file", "directory", "symlink", "link"]))
        mode = draw(some.integers(0, 0o7777))
        if what == "directory":
            folders.append(path)
            nodes[path] = Node(path, "directory", mode)
        elif what == "symlink":
            nodes[path] = Node(path, "symlink", 0o777, target=draw(NAMES).encode())
            files.append(path)
        elif what == "link" and files:
            other = nodes[draw(some.sampled_from(files))]
            nodes[path] = Node(path, other.kind, same_as=other.path)
        else:
            data = random.Random(number).randbytes(draw(SIZES))
            nodes[path] = Node(path, "file", mode, len(data), content=Memory(data))
            files.append(path)
    return list(nodes.values())


@settings(max_examples=40, deadline=None)
@given(trees(), some.sampled_from(["sorted", "given"]))
def test_a_tree_is_the_same_when_read_back(nodes: list[Node], order: str) -> None:
    image = packed(nodes, order=order)
    assert [code for code in codes(image) if code not in ("relative-target", "behind-mount")] == []
    found = {node.path: node for node in blockfs.read(image).walk()}
    assert set(found) == {node.path for node in nodes} | {b""}
    given_nodes = {node.path: node for node in nodes}
    numbers: dict[bytes, int] = {}
    for node in nodes:
        there, meant = found[node.path], given_nodes[node.same_as] if node.same_as else node
        assert there.kind == meant.kind and there.target == meant.target
        if meant.kind != "symlink":
            assert there.mode == meant.mode
        if meant.content is not None:
            assert content(image, there) == meant.content.read(0, meant.content.size)
        assert numbers.setdefault(meant.path, there.number) == there.number
    assert len(set(numbers.values())) == len(numbers)


def everything(image: Image) -> None:
    """Ask for all that there is; only `BadInput` may come, and soon."""
    start = time.process_time()
    list(blockfs.check(image))
    try:
        volume = blockfs.read(image)
        for count, node in enumerate(volume.walk()):
            if count < 100:
                volume.lookup(node.path)
            sum(length for _, length in volume.stretches(node))
    except BadInput as error:
        assert error.faults and all(fault.what for fault in error.faults)
    assert time.process_time() - start < 2


BASE = packed(
    [folder("d"), folder("d/e"), file("d/e/f", b"f" * 60_000), file("a", b"a"), symlink("d/l", "/a")]
    + [file(f"d/{n:0100}") for n in range(60)]
    + [Node(b"b", "file", same_as=b"a")],
    size=MIB,
    inodes=84,
).bytes()
FIELDS = [
    *range(64),
    *range(BLOCK, BLOCK + 32),
    *range(2 * BLOCK, 2 * BLOCK + 12 * 96),
    *range(4 * BLOCK, 4 * BLOCK + 64),
    *range(5 * BLOCK, 5 * BLOCK + 200),
]


@settings(max_examples=60, deadline=None)
@given(some.data())
def test_mutations_are_read_or_refused(draw: some.DataObject) -> None:
    image = Image(BASE)
    for _ in range(draw.draw(some.integers(1, 8))):
        at = draw.draw(some.sampled_from(FIELDS) | some.integers(0, 40 * BLOCK))
        value = draw.draw(some.sampled_from([0, 1, 2, 0x40, 0x7F, 0x80, 0xFF]) | some.integers(0, 255))
        image.write(at, bytes([value]))
    everything(image)


@pytest.mark.parametrize("seed", range(40))
def test_rubbish_and_truncation(seed: int) -> None:
    choose = random.Random(seed)
    data = bytearray(BASE)
    start = choose.choice([0, BLOCK, 2 * BLOCK, 4 * BLOCK, 6 * BLOCK, 20 * BLOCK])
    data[start : start + 4096] = choose.randbytes(4096)
    if start == 0:
        data[:4] = b"FKLB"
    everything(Image(bytes(data[: choose.choice([len(data), choose.randrange(len(data))])])))


def test_a_thousand_folders_of_the_same_blocks_are_not_read_a_thousand_times() -> None:
    """Folders that share their blocks, all full of names for each other: the kernel would never come back."""
    count = 1200
    image = packed([file(f"f{n:04}") for n in range(count)], size=4 * MIB, inodes=1218)
    root = Inode.parse(image.read(2 * BLOCK, 96))
    for number in range(1, count):
        at = Geometry(1024, 1218).inode_at(number)
        image.write(at, Inode(0x41ED, size=root.size, links=2, direct=root.direct).pack())
    everything(image)
    assert "folder-hole" in codes(image) or "block-twice" in codes(image)


def test_pointers_that_all_mean_the_same_block_do_not_multiply() -> None:
    image = packed([file("a", b"x" * 60_000)], size=MIB, inodes=42)
    at = Geometry(256, 42).inode_at(1)
    inode = Inode.parse(image.read(at, 96))
    image.write(inode.indirect * BLOCK, struct.pack("<I", inode.indirect) * 1024)
    image.write(at, inode.but(size=0xFFFF_FFFF, double=inode.indirect).pack())
    everything(image)
    with pytest.raises(BadInput, match="more blocks than there are"):
        list(blockfs.read(image).stretches(blockfs.read(image).lookup(b"a")))  # type: ignore[arg-type]
