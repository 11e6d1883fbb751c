"""What `check` says of a BlockFS image, code by code, and that `repair` mends it and loses nothing."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.blockfs_images import (
    BLOCK,
    MIB,
    Image,
    Marked,
    codes,
    file,
    folder,
    packed,
    problems,
    symlink,
    tree,
)
from portwright.base.errors import BadInput
from portwright.formats import Node, blockfs
from portwright.formats.parts.blockfs_disk import Geometry, Inode

GEOMETRY = Geometry(64, 84)
FIRST = GEOMETRY.first_data


def base() -> Image:
    """The root's block, that of /d (inode 1), /f (2) of 14 blocks and one of pointers, /s (3), /d/g (4)."""
    nodes = [folder("d"), file("f", Marked(14 * BLOCK)), symlink("s", "/f"), file("d/g", b"g"), folder("d/e")]
    return packed([*nodes, Node(b"h", "file", same_as=b"f")], size=64 * BLOCK, inodes=84, order="given")


ROOT, D = FIRST * BLOCK, (FIRST + 1) * BLOCK
F = (FIRST + 2) * BLOCK
"""Where the blocks of files are: of /, of /d, the first of /f."""


def inode(number: int, offset: int = 0) -> int:
    return GEOMETRY.inode_at(number) + offset


def record(image: Image, name: bytes, place: int = ROOT) -> int:
    """The address of a name's record."""
    block = image.read(place, BLOCK)
    return place + block.index(bytes([len(name)]), block.index(name) - 2) - 6


def lose(image: Image, name: bytes, place: int = ROOT) -> None:
    image.put(record(image, name, place), "I", 0)


def mark(image: Image, block: int, taken: bool) -> None:
    at, bit = BLOCK + block // 8, 1 << block % 8
    image.put(at, "B", image.get(at, "B") | bit if taken else image.get(at, "B") & ~bit)


def recount(image: Image, blocks: int = 0, inodes: int = 0) -> None:
    image.put(12, "I", image.get(12, "I") + blocks)
    image.put(16, "I", image.get(16, "I") + inodes)


@dataclass
class Case:
    """What is done to an image, what is said then, whether it can be mended, and where to."""

    codes: str
    spoil: Callable[[Image], None]
    mends: bool = True
    address: int | None = None
    path: bytes | None = None
    loses: tuple[bytes, ...] = ()


CASES = {
    "first data block too high": Case("first-data", lambda i: i.put(20, "I", FIRST + 1), address=20),
    "first data block too low": Case("first-data", lambda i: i.put(20, "I", 0), address=20),
    "size of blocks": Case("block-size", lambda i: i.put(24, "I", 1024), address=24),
    "size of inodes": Case("inode-size", lambda i: i.put(28, "H", 128), address=28),
    "state": Case("state", lambda i: i.put(58, "H", 2), address=58),
    "errors": Case("state", lambda i: i.put(60, "H", 2), address=60),
    "behind the superblock": Case("reserved", lambda i: i.put(100, "B", 1), address=62),
    "between inodes": Case("reserved", lambda i: i.put(3 * BLOCK - 1, "B", 1), address=3 * BLOCK - 64),
    "third level": Case("reserved", lambda i: i.put(inode(2, 92), "I", 9), path=b"f", address=inode(2, 92)),
    "bits behind the end": Case("bits-behind", lambda i: i.put(BLOCK + 8, "B", 1), address=BLOCK + 8),
    "bit of a table": Case("table-bit", lambda i: (mark(i, 2, False), recount(i, 1))[0], address=BLOCK),
    "leaked": Case("leaked", lambda i: (mark(i, 60, True), recount(i, -1))[0], address=60 * BLOCK),
    "free blocks": Case("free-blocks", lambda i: recount(i, -3), address=12),
    "free inodes": Case("free-inodes", lambda i: recount(i, 0, 3), address=16),
    "bit of a file": Case(
        "bit-clear", lambda i: (mark(i, FIRST + 3, False), recount(i, 1))[0], path=b"f", address=F + BLOCK
    ),
    "bit of a folder": Case("bit-clear", lambda i: (mark(i, FIRST + 1, False), recount(i, 1))[0], path=b"d"),
    "bit of pointers": Case("bit-clear", lambda i: (mark(i, FIRST + 14, False), recount(i, 1))[0], path=b"f"),
    "count of blocks": Case(
        "block-count", lambda i: i.put(inode(2, 28), "I", 14), path=b"f", address=inode(2, 28)
    ),
    "links of a file": Case("link-count", lambda i: i.put(inode(2, 26), "H", 1), path=b"f"),
    "links of a folder": Case("link-count", lambda i: i.put(inode(1, 26), "H", 2), path=b"d"),
    "links of the root": Case("link-count", lambda i: i.put(inode(0, 26), "H", 9), path=b""),
    "a live inode marked free": Case(
        "link-count", lambda i: (i.put(inode(4, 26), "H", 0), recount(i, 0, 1))[0], path=b"d/g"
    ),
    "type of a record": Case(
        "record-type", lambda i: i.put(record(i, b"f") + 7, "B", 2), path=b"f", address=ROOT + 24 + 12 + 7
    ),
    "another self": Case("dots", lambda i: i.put(D, "I", 5), path=b"d", address=D),
    "another parent": Case("dots", lambda i: i.put(D + 12, "I", 5), path=b"d", address=D + 12),
    "no dots": Case("dots", lambda i: i.write(D, b"\0\0\0\0\x0c\0\1\2x"), path=b"d"),
    "size of a folder too large": Case("record-broken", lambda i: i.put(inode(1, 4), "I", 60), path=b"d"),
    "size of a folder too small": Case("record-crosses", lambda i: i.put(inode(1, 4), "I", 44), path=b"d"),
    "an idle inode": Case(
        "idle-inode", lambda i: (i.put(inode(9, 26), "H", 1), recount(i, 0, -1))[0], address=inode(9)
    ),
    "a file without a name": Case("lone-file", lambda i: lose(i, b"s"), loses=(b"s",), address=inode(3)),
    "a folder without a name": Case(
        "lone-file link-count", lambda i: lose(i, b"d"), loses=(b"d", b"d/g", b"d/e"), address=inode(1)
    ),
    "an empty folder without a name": Case(
        "lone-folder link-count", lambda i: lose(i, b"e", D), loses=(b"d/e",), address=inode(5)
    ),
    # what nobody can mend
    "cut off": Case("cut-off", lambda i: setattr(i, "size", 60 * BLOCK), mends=False, address=60 * BLOCK),
    "one block twice": Case(
        "block-twice", lambda i: i.put(F + 12 * BLOCK, "I", FIRST + 17), mends=False, address=17
    ),
    "a block of the tables": Case(
        "pointer leaked", lambda i: i.put(inode(4, 36), "I", 1), mends=False, path=b"d/g", address=BLOCK
    ),
    "a block that is not there": Case(
        "pointer leaked", lambda i: i.put(inode(4, 36), "I", 1 << 30), mends=False, path=b"d/g"
    ),
    "pointers that are not there": Case(
        "pointer leaked", lambda i: i.put(inode(2, 84), "I", 64), mends=False, path=b"f", address=64 * BLOCK
    ),
    "blocks behind the end": Case("behind-end", lambda i: i.put(inode(2, 4), "I", 5), mends=False, path=b"f"),
    "no type": Case("mode", lambda i: i.put(inode(4), "H", 0o644), mends=False, path=b"d/g"),
    "a device's type": Case("mode", lambda i: i.put(inode(1), "H", 0x61ED), mends=False, path=b"d"),
    "an empty target": Case("behind-end target", lambda i: i.put(inode(3, 4), "I", 0), mends=False, path=b"s"),
    "a target of bytes": Case("target", lambda i: i.write(F + 15 * BLOCK, b"\xff"), mends=False, path=b"s"),
    "an inode beyond the table": Case(
        "lost-inode lone-file", lambda i: i.put(record(i, b"s"), "I", 84), mends=False, path=b"s"
    ),
    "a folder in two places": Case(
        "folder-twice lone-file", lambda i: i.write(record(i, b"s"), b"\1\0\0\0\x0c\0\1\2"), mends=False, path=b"s"
    ),
    "a name twice": Case("name-twice", lambda i: i.write(record(i, b"h") + 8, b"f"), mends=False, path=b""),
    "a name that is no text": Case("name", lambda i: i.write(record(i, b"s") + 8, b"\xff"), mends=False),
    "a name of nothing": Case("name", lambda i: i.write(record(i, b"s") + 6, b"\0"), mends=False),
    "a record of no length": Case(
        "record-broken lone-file", lambda i: i.put(record(i, b"f") + 4, "H", 6), mends=False, path=b""
    ),
    "a record shorter than its name": Case(
        "record-broken", lambda i: i.put(record(i, b"s") + 6, "B", 9), mends=False, path=b"",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_fault_is_named_and_mended(name: str) -> None:
    case, image = CASES[name], base()
    assert codes(image) == []
    whole = tree(image)
    case.spoil(image)
    found = problems(image)
    said = {problem.code.removeprefix("blockfs/") for problem in found}
    assert set(case.codes.split()) <= said, found
    first = next(problem for problem in found if problem.code == "blockfs/" + case.codes.split()[0])
    assert (
        first.mends == case.mends
        and first.what
        and (first.mends or first.hint or first.severity == "warning")
    )
    if case.path is not None:
        assert first.path == case.path
    if case.address is not None and case.address > 64:
        assert first.address == case.address
    before = image.bytes()
    done = blockfs.repair(image)
    if not case.mends:
        assert first.code in {problem.code for problem in problems(image)}
        return
    assert done and said == set(case.codes.split())
    assert codes(image) == []
    after = tree(image)
    for path in case.loses:
        held = whole.pop(path)
        if path.count(b"/") == 0:
            assert any(found_path.startswith(b"lost+found/inode-") for found_path in after), held
    assert {path: held for path, held in after.items() if not path.startswith(b"lost+found")} == whole
    assert blockfs.repair(image) == [] and image.bytes() != before


def test_a_sound_image_is_left_as_it_is() -> None:
    image = base()
    image.written = 0
    assert blockfs.repair(image) == [] and image.written == 0


def test_everything_at_once_is_mended() -> None:
    image = base()
    whole = tree(image)
    mended = [case for case in CASES.values() if case.mends and not case.loses]
    for case in mended:
        if case.codes not in ("record-crosses", "record-broken"):  # of one folder one thing only may be wrong
            case.spoil(image)
    assert len(set(codes(image))) >= 12
    blockfs.repair(image)
    assert codes(image) == [] and tree(image) == whole


def test_every_code_is_in_the_manual(repo: Path) -> None:
    page = (repo / "docs" / "formats" / "blockfs.md").read_text(encoding="utf-8")
    parts = repo / "src" / "portwright" / "formats" / "parts"
    source = "".join((parts / f"blockfs_{name}.py").read_text() for name in ("check", "survey", "directory"))
    said = set(re.findall(r'(?:problem|_finding|Oddity)\(\s*"([a-z-]+)"', source))
    said |= {code for case in CASES.values() for code in case.codes.split()}
    assert len(said) > 30 and {code for code in said if f"`{code}`" not in page} == set()


# what lies in /lost+found


def test_files_without_a_name_come_back_with_their_content() -> None:
    image = base()
    lose(image, b"d")
    lose(image, b"s")
    blockfs.repair(image)
    found = tree(image)
    assert found[b"lost+found/inode-3"][:3] == ("symlink", 0o777, b"/f")
    assert found[b"lost+found/inode-1/g"][2] == b"g" and found[b"lost+found/inode-1/e"][0] == "directory"
    assert codes(image) == []
    lose(image, b"f")
    lose(image, b"h")
    blockfs.repair(image)
    assert tree(image)[b"lost+found/inode-2"][2] == Marked(14 * BLOCK).read(0, 14 * BLOCK)
    assert codes(image) == []


# images of the system's own tool


def as_the_tool_does(image: Image, number: int) -> None:
    """Write a folder's records one after the other without heed of blocks."""
    geometry = blockfs.read(image).geometry
    at = geometry.inode_at(number)
    there = Inode.parse(image.read(at, 96))
    volume = blockfs.read(image)
    stream = b"".join(
        struct.pack("<IHBB", r.number, r.length, len(r.name), r.kind) + r.name.ljust(r.length - 8, b"\0")
        for r in volume.records(there)
    )
    blocks = [block for block in there.direct if block]
    assert -(-len(stream) // BLOCK) == len(blocks)
    data = stream.ljust(BLOCK * len(blocks), b"\0")
    for index, block in enumerate(blocks):
        image.write(block * BLOCK, data[index * BLOCK : (index + 1) * BLOCK])
    image.put(at + 4, "I", len(stream))


def test_an_image_of_mkfs_shows_what_the_kernel_sees_and_check_names_the_rest() -> None:
    names = [f"file_number_{n:07}" for n in range(300)]  # 19 characters, as in the facts
    image = packed([folder("d"), *(file("d/" + name, name.encode()) for name in names)], size=4 * MIB)
    whole = tree(image)
    as_the_tool_does(image, 1)
    assert image.get(blockfs.read(image).geometry.inode_at(1) + 4, "I") == 8424
    seen = tree(image)
    assert len(seen) == 2 + 145  # as the kernel itself
    found = problems(image)
    lost = {problem.path for problem in found if problem.code == "blockfs/lost-file"}
    assert lost == set(whole) - set(seen) and len(lost) == 155
    assert {problem.code.removeprefix("blockfs/") for problem in found} == {
        "record-crosses",
        "lost-file",
        "name",
    }
    assert "155 of 300 names" in found[0].what and all(problem.mends for problem in found)
    with pytest.raises(BadInput) as error:
        blockfs.edit(image).add(file("d/new"))
    assert error.value.faults[0].code == "blockfs/record-crosses" and "repair" in str(error.value)
    blockfs.edit(image).add(file("elsewhere"))
    blockfs.edit(image).remove(b"elsewhere")
    assert blockfs.repair(image) == ["/d: laid its records anew"]
    assert codes(image) == [] and tree(image) == whole


def test_what_is_below_a_lost_folder_is_found_again() -> None:
    nodes = [folder(f"{'d' * 200}{n:02}") for n in range(45)]
    nodes += [file(f"{'d' * 200}{n:02}/f", b"f") for n in range(45)]
    image = packed(nodes, size=4 * MIB)
    whole = tree(image)
    as_the_tool_does(image, 0)
    found = problems(image)
    lost = [problem for problem in found if problem.code == "blockfs/lost-file"]
    assert 20 < len(lost) < 45 and not {problem.code for problem in found} & {
        "blockfs/lone-file",
        "blockfs/leaked",
    }
    blockfs.repair(image)
    assert codes(image) == [] and tree(image) == whole


def test_a_folder_of_mkfs_that_is_too_large_for_the_kernel_cannot_be_mended() -> None:
    """Its thirteenth block is behind a block of pointers, where the kernel looks for no records."""
    names = [f"{n:08}" for n in range(3000)]
    image = packed([file(name) for name in names], size=4 * MIB, inodes=3100)
    volume = blockfs.read(image)
    root = volume.inode(0)
    assert root is not None
    free = [block for block in range(1024) if not volume.bitmap[block >> 3] >> (block & 7) & 1]
    stream = [(0, 12, 2, b"."), (0, 12, 2, b"..")]
    stream += [(r.number, r.length, r.kind, r.name) for r in volume.records(root) if not r.dot]
    stream += [(4000 + n, 116, 1, b"%0108d" % n) for n in range(30)]
    for n in range(30):  # more names than fit, of inodes that there are
        stream[-30 + n] = (n + 1, 116, 1, b"%0108d" % n)
    data = b"".join(
        struct.pack("<IHBB", n, length, len(name), kind) + name.ljust(length - 8, b"\0")
        for n, length, kind, name in stream
    )
    assert 12 * BLOCK < len(data) < 13 * BLOCK
    blocks = [block for block in root.direct if block]
    blocks += [free.pop(0) for _ in range(12 - len(blocks))]
    table, last = free.pop(0), free.pop(0)
    for index, block in enumerate([*blocks, last]):
        image.write(block * BLOCK, data[index * BLOCK : (index + 1) * BLOCK].ljust(BLOCK, b"\0"))
        mark(image, block, True)
    mark(image, table, True)
    image.put(table * BLOCK, "I", last)
    changed = root.but(size=len(data), blocks=14, indirect=table)
    changed.direct = tuple(blocks)
    image.write(volume.geometry.inode_at(0), changed.pack())
    for n in range(30):
        image.put(volume.geometry.inode_at(n + 1) + 26, "H", 2)
    found = [problem for problem in problems(image) if problem.code != "blockfs/free-blocks"]
    assert (
        found[0].code == "blockfs/record-crosses"
        and not found[0].mends
        and "spread its files" in found[0].hint
    )
    assert {problem.code for problem in found} == {
        "blockfs/record-crosses",
        "blockfs/lost-file",
        "blockfs/name",
    } or {problem.code for problem in found} == {"blockfs/record-crosses", "blockfs/lost-file"}


def test_inodes_that_mkfs_never_wrote() -> None:
    image = packed([file(f"f{n:05}") for n in range(3000)], size=64 * MIB, inodes=4096)
    root = Inode.parse(image.read(blockfs.read(image).geometry.inode_at(0), 96))
    image.put(root.direct[0] * BLOCK + 24, "I", 4050)
    (lost, *_) = problems(image)
    assert lost.code == "blockfs/lost-inode" and lost.path == b"f00000" and not lost.mends
    assert "4096" in lost.what and "4032" in lost.what
    assert b"f00000" not in tree(image)


@pytest.mark.parametrize(("offset", "value"), [(8, 596), (8, 255), (8, 42)])
def test_nothing_is_written_where_the_superblock_contradicts_itself(offset: int, value: int) -> None:
    """With another count the tables seem to lie elsewhere: what would be mended there are other files' bytes."""
    image = packed([file(f"f{n:02}", b"x" * 5000) for n in range(60)], size=2 * MIB, inodes=84)
    image.put(offset, "I", value)
    before = image.bytes()
    found = problems(image)
    assert "blockfs/first-data" in {problem.code for problem in found}
    assert not any(problem.mends for problem in found) and any("go together" in p.hint for p in found)
    assert blockfs.repair(image) == [] and image.bytes() == before


def test_files_of_a_folder_that_shares_a_block_are_not_called_nameless() -> None:
    """The first of the two has the block, and the kernel reads the names in it as the other's all the same."""
    image = base()
    image.put(inode(0, 40), "I", FIRST + 1)  # the root's second block, behind its end, is that of /d
    before = tree(image)
    assert b"d/g" in before and {"block-twice", "lone-file", "behind-end"} <= set(codes(image))
    assert not any(p.mends for p in problems(image) if p.code in ("blockfs/lone-file", "blockfs/link-count"))
    blockfs.repair(image)
    assert tree(image) == before


# the rest of the facts


def test_more_than_the_kernels_heap_holds() -> None:
    image = packed([file("f", Marked(901_000_000))], size=1000 * MIB, content=False)
    (problem,) = problems(image)
    assert problem.code == "blockfs/heap" and problem.severity == "warning"
    assert codes(packed([file("f", Marked(890_000_000))], size=1000 * MIB, content=False)) == []


def test_a_relative_symlink_means_another_file_to_the_kernel() -> None:
    image = packed([folder("d"), symlink("d/l", "f"), symlink("l", "d/l"), symlink("d/m", "/d/f")])
    (problem,) = problems(image)
    assert (
        problem.code == "blockfs/relative-target" and problem.path == b"d/l" and problem.severity == "warning"
    )


def test_names_that_the_kernels_mounts_hide() -> None:
    nodes = [folder("dev"), folder("proc"), folder("devel"), file("process"), folder("x"), folder("x/devel")]
    found = problems(packed(nodes))
    assert [(problem.code, problem.path) for problem in found] == [
        ("blockfs/behind-mount", b"devel"),
        ("blockfs/behind-mount", b"process"),
    ]


def test_a_path_that_no_program_can_say() -> None:
    image = packed([], size=MIB)
    editor = blockfs.edit(image)
    path = b""
    for _ in range(20):
        path += (b"/" if path else b"") + b"d" * 200
        editor.add(Node(path, "directory", 0o755))
    editor.add(Node(b"e" * 200, "directory"))
    editor.rename(b"d" * 200, b"e" * 200 + b"/" + b"d" * 200)
    assert codes(image) == ["path-length"]
    assert max(len(path) for path in tree(image)) <= 4094


def test_a_folder_can_have_a_hole() -> None:
    image = packed([file(f"{n:0244}") for n in range(30)], size=MIB)
    at = blockfs.read(image).geometry.inode_at(0)
    image.put(at + 40, "I", 0)
    assert "folder-hole" in codes(image)
    assert len(tree(image)) == 17
    blockfs.repair(image)
    found = tree(image)
    assert sum(path.startswith(b"lost+found/") for path in found) == 0  # empty files have nothing to lose


def test_an_image_with_more_tables_than_blocks() -> None:
    image = base()
    image.put(4, "I", 3)
    assert "size" in codes(image)


def test_the_counter_that_the_kernel_lets_run_low() -> None:
    """It counts an inode when it takes one, and not when it gives one back."""
    image = base()
    recount(image, 0, -5)
    (problem,) = problems(image)
    assert problem.code == "blockfs/free-inodes" and "below zero" in problem.hint


# by chance: whatever is done to an image, repair ends, and never loses a file that could be read before


BYTES = base().bytes()


@settings(max_examples=50, deadline=None)
@given(some.data())
def test_repair_of_anything_ends_and_says_what_is_left(draw: some.DataObject) -> None:
    image = Image(BYTES)
    places = (
        some.integers(12, 64) | some.integers(BLOCK, BLOCK + 16) | some.integers(2 * BLOCK, 2 * BLOCK + 600)
    )
    places |= some.integers(ROOT, ROOT + 130) | some.integers(D, D + 80)
    for _ in range(draw.draw(some.integers(1, 5))):
        at = draw.draw(places)
        image.put(at, "B", draw.draw(some.sampled_from([0, 1, 2, 0x40, 0x80, 0xFF]) | some.integers(0, 255)))
    try:
        before = tree(image)
    except BadInput:
        return
    blockfs.repair(image)
    assert [
        problem for problem in problems(image) if problem.mends and problem.code != "blockfs/lone-file"
    ] == []
    after = tree(image)
    for path, (kind, _, data, _) in before.items():
        assert path in after, path
        if kind == "file" and not any(
            code in codes(image) for code in ("bit-clear", "pointer", "block-twice")
        ):
            assert after[path][0] == kind and len(after[path][2]) == len(data)
    blockfs.repair(image)
    assert tree(image) == after
