"""FAT volumes: written for fsck.fat and mtools, read from mkfs.fat and mtools, and on rubbish; names, sizes, times."""

from __future__ import annotations

import random
import string
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.disk_images import Buffer, content, contents, file, folder, render, tool
from portwright.base.errors import BadInput
from portwright.base.sources import File, Memory, Source, inside
from portwright.formats import Copied, Layout, Node, Packing, fat
from portwright.formats.parts import fat_names

VARIANTS = ("12", "16", "32")
MIB = 1 << 20
TREE = [
    Node(b"", "directory", 0o755),
    folder("EFI"),
    folder("EFI/BOOT"),
    file("EFI/BOOT/BOOTAA64.EFI", bytes(range(256)) * 700),
    file("readme.txt", b"hi"),
    file("Makefile", b"all:"),
    file("lower.TXT", b"1"),
    file("UPPER.txt", b"2"),
    file("a long name with späces.txt", b"hello"),
    file("a long name with more.txt", b"hello again"),
    file(".bashrc", b"1"),
    file("日本語 ☃.txt", b"jp"),  # mtools know no more than the first 65536 letters
    file("two.dots.tar.gz", b"3"),
    file("exactly13char", b"4"),
    file("empty"),
    file("x" * 255, b"5"),
    file("closed.txt", b"6", 0o444),
    folder("sub dir"),
    *(file(f"sub dir/file number {number}", b"%d" % number) for number in range(150)),
]
CONTENTS = {
    node.path: node.content.read(0, node.content.size) if node.content else None for node in TREE if node.path
}


def written(tmp_path: Path, layout: Layout, name: str = "volume.img") -> Path:
    """The image as a file, with holes."""
    path = tmp_path / name
    with path.open("wb") as out:
        out.truncate(layout.size)
        for piece in layout.pieces:
            data = piece.source.read(piece.start, piece.length) if isinstance(piece, Copied) else piece.data
            out.seek(piece.offset)
            out.write(data)
    return path


def on_host(root: Path) -> dict[bytes, bytes | None]:
    return {
        str(path.relative_to(root)).encode(): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_others_read_what_is_written(variant: str, tmp_path: Path) -> None:
    image = written(tmp_path, fat.layout(TREE, Packing(variant=variant, label="My Disk", uuid=0x1234ABCD)))
    assert list(fat.check(Memory(image.read_bytes()))) == []
    said = tool("fsck.fat", "-n", "-v", image)
    assert f"FATs, {variant} bit entries" in said and "differences" not in said
    out = tmp_path / "out"
    out.mkdir()
    tool("mcopy", "-s", "-n", "-m", "-i", image, "::*", f"{out}/")
    assert on_host(out) == CONTENTS
    assert (out / "readme.txt").stat().st_mtime == 1_000_000_000
    assert tool("mtype", "-i", image, "::EFI/boot/bootaa64.efi", ok=None).startswith("\0\x01")
    said = tool("mdir", "-i", image, "::")
    assert "MY DISK" in said and "1234-ABCD" in said and "2001-09-09   1:46" in said
    assert "FAT" in tool("file", "-k", image)


@pytest.mark.parametrize(
    ("size", "options"),
    [
        (1, "-F 12 -s 1"),
        (8, "-F 12 -s 8 -f 1"),
        (16, "-F 16 -s 1"),
        (30, "-F 16 -s 4 -r 1024"),
        (40, "-F 32 -s 1"),
        (20, "-F 16 -S 1024"),
        (270, "-F 32 -S 4096 -s 1"),
    ],
)
def test_what_others_write_is_read(size: int, options: str, tmp_path: Path) -> None:
    image, tree = tmp_path / "made.img", tmp_path / "tree"
    with image.open("wb") as out:
        out.truncate(size * MIB)
    tool("mkfs.fat", *options.split(), "-n", "OTHERS", "-i", "cafe0001", image)
    for path, data in CONTENTS.items():
        place = tree / path.decode()
        if data is None:
            place.mkdir(parents=True)
        else:
            place.write_bytes(data)
    tool("mcopy", "-s", "-i", image, *sorted(tree.iterdir()), "::")
    ours = fat.read(File(image))
    assert contents(ours) == CONTENTS
    assert ours.facts["variant"] == "FAT" + options.split()[1]
    assert (ours.facts["label"], ours.facts["serial"]) == ("OTHERS", "CAFE0001")
    assert list(fat.check(ours.source)) == []
    again = fat.read(File(written(tmp_path, fat.layout(repacked(ours), fat.packing(ours)))))
    assert contents(again) == CONTENTS
    assert {name: again.facts[name] for name in ("variant", "label", "serial")} == {
        name: ours.facts[name] for name in ("variant", "label", "serial")
    }


def test_a_fat32_of_too_few_clusters_is_read_and_named(tmp_path: Path) -> None:
    """As many make them for small EFI partitions: Linux and EDK2 read them, mtools do not."""
    image = tmp_path / "made.img"
    with image.open("wb") as out:
        out.truncate(8 * MIB)
    tool("mkfs.fat", "-F", "32", "-s", "1", image)
    target = Buffer(image.read_bytes())
    editor = fat.edit(target)
    for node in TREE[1:]:
        editor.add(node)
    assert contents(fat.read(target)) == CONTENTS
    assert [each.code for each in fat.check(target)] == ["fat/cluster-count"]
    image.write_bytes(target.data)
    assert "less than the required minimum of 65525" in tool("fsck.fat", "-n", image)


def repacked(volume: fat.FatVolume) -> list[Node]:
    """The nodes of a volume, with their contents, to be packed anew."""
    found = []
    for node in volume.walk():
        if node.kind == "file":
            node.content = Memory(content(volume, node))
        found.append(node)
    return found


SIZES = (
    1,
    2,
    3,
    4,
    5,
    8,
    9,
    16,
    17,
    31,
    33,
    35,
    64,
    127,
    128,
    255,
    256,
    300,
    511,
    512,
    513,
    2048,
    9000,
    20000,
    40000,
)


@pytest.mark.parametrize("variant", ["", *VARIANTS])
def test_every_size_is_of_the_kind_that_it_says(variant: str, tmp_path: Path) -> None:
    """Sizes from 1 MiB to 40 GiB: fsck.fat finds nothing, and reads the kind off the number of clusters as we do."""
    none = []
    for size in SIZES:
        try:
            layout = fat.layout(TREE[:5], Packing(size=size * MIB, variant=variant))
        except BadInput as error:
            assert "fat/no-room" in str(error.faults[0].code)
            none.append(size)
            continue
        image = written(tmp_path, layout)
        said = tool("fsck.fat", "-n", "-v", image)
        if variant:
            assert f"FATs, {variant} bit entries" in said
        image.unlink()
    beyond = {
        "": (),
        "12": [size for size in SIZES if size > 127],
        "16": [size for size in SIZES if size > 2047],
    }
    if variant in beyond:
        below = [1, 2] if variant == "16" else []
        assert none == [*below, *beyond[variant]]
    else:
        assert none == [size for size in SIZES if size < 33]


class Zeros:
    """A source of zeros of any size."""

    def __init__(self, size: int) -> None:
        self.size, self.name = size, "zeros"

    def read(self, offset: int, length: int) -> bytes:
        inside(self, offset, length)
        return bytes(length)


def large(path: str, size: int) -> Node:
    return Node(path.encode(), "file", 0o644, size, content=Zeros(size))


@pytest.mark.parametrize("variant", ["", *VARIANTS])
def test_without_a_size_it_is_the_smallest_that_fits(variant: str) -> None:
    for total in (0, 900_000, 1_000_000, 3_500_000, 4_100_000, 40_000_000, 120_000_000):
        tree = [large(f"part {number}", total // 10) for number in range(10)]
        found = fat.layout(tree, Packing(variant=variant))
        assert found.size % MIB == 0
        kind = variant or fat.read(Memory(render(found))).facts["variant"]
        if found.size > MIB and kind != "32":
            usual = fat.read(Memory(render(found))).geometry.cluster
            with pytest.raises(BadInput, match=r"cannot hold|no FAT"):
                smaller = fat.layout(tree, Packing(size=found.size - MIB, variant=variant))
                assert fat.read(Memory(render(smaller))).geometry.cluster >= usual
                pytest.fail("a smaller one has room")


def test_a_large_tree_is_laid_out_while_it_is_written() -> None:
    """Nothing of a content is read before its piece is asked for, and 4 GiB are no more than their table."""

    class Untouched(Zeros):
        def read(self, offset: int, length: int) -> bytes:
            raise AssertionError("read too early")

    tree = [Node(b"%d" % number, "file", content=Untouched(0xFFFFFFFF)) for number in range(3)]
    found = fat.layout(tree, Packing())
    copied = [piece for piece in found.pieces if isinstance(piece, Copied)]
    assert [piece.length for piece in copied] == [0xFFFFFFFF] * 3
    assert all(piece.offset % 4096 == 0 for piece in copied)  # holes and shared blocks of a host can be kept


def test_the_same_tree_is_the_same_image_in_any_order() -> None:
    shuffled = TREE[:]
    random.Random(1).shuffle(shuffled)
    shuffled.sort(key=lambda node: node.path.count(b"/") + (node.path != b""))
    first = render(fat.layout(TREE, Packing(label="x")))
    assert first == render(fat.layout(shuffled, Packing(label="x")))
    given = fat.read(Memory(render(fat.layout(shuffled, Packing(order="given")))))
    names = [node.path for node in given.walk() if b"/" not in node.path and node.path]
    assert names == [node.path for node in shuffled if b"/" not in node.path and node.path]


def test_the_serial_number_is_the_uuid_or_comes_of_the_tree() -> None:
    def serial(**fields: Any) -> object:
        nodes = fields.pop("nodes", TREE)
        return fat.read(Memory(render(fat.layout(nodes, Packing(**fields))))).facts["serial"]

    assert serial(uuid=0xDEADBEEF) == "DEADBEEF"
    assert serial(uuid=1 << 96 | 1 << 64 | 2) == "00000002"
    assert serial() == serial() != serial(nodes=TREE[:5])


def test_everything_that_fat_cannot_hold_is_said_at_once() -> None:
    bad = [
        Node(b"link", "symlink", target=b"x"),
        Node(b"null", "character", device=(1, 3)),
        Node(b"pipe", "fifo"),
        file("a:b"),
        file('"'),
        file("dot."),
        file("space "),
        file(" space"),
        file("y" * 256),
        Node(b"\xff\xfe", "file"),
        file("new\nline"),
        large("huge", 1 << 32),
        file("README"),
        file("readme"),
        folder("bad?"),
        file("bad?/inside is not said again"),
        file("nowhere/x"),
        Node(b"lacking", "file", size=3),
    ]
    with pytest.raises(BadInput) as error:
        fat.layout(bad, Packing(label="far too long a label", variant="13"))
    codes = [fault.code for fault in error.value.faults]
    assert codes == [
        *["fat/special-file"] * 3,
        *["fat/name"] * 8,
        "fat/file-size",
        "fat/same-name",
        "fat/name",
        "fat/no-folder",
        "fat/no-content",
        "fat/label",
        "fat/variant",
    ]
    assert all(fault.hint for fault in error.value.faults)


@pytest.mark.parametrize(
    ("packing", "words"),
    [
        (Packing(size=MIB), "has room in 3145728 bytes"),
        (Packing(size=1000), "no whole number of sectors"),
        (Packing(size=20 * MIB, variant="32"), "there is no FAT32 volume of 20971520 bytes"),
        (Packing(most=2 * MIB), "the volume has 3145728 bytes, and may have 2097152"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_size(packing: Packing, words: str) -> None:
    with pytest.raises(BadInput) as error:
        fat.layout([large("data", 2 * MIB)], packing)
    assert words in str(error.value)


def test_a_folder_has_room_for_many_names_and_for_no_more() -> None:
    many = [file(f"a rather long name, number {number}.text") for number in range(1000)]
    for variant in ("16", "32"):
        volume = fat.read(Memory(render(fat.layout(many, Packing(variant=variant)))))
        assert len(contents(volume)) == 1000 and list(fat.check(volume.source)) == []
    with pytest.raises(BadInput, match="need 80002 slots, and a folder has 65536"):
        fat.layout([file(f"{'z' * 28}{number}") for number in range(20000)], Packing())


def test_another_name_of_a_file_is_a_copy() -> None:
    tree = [file("one", b"content"), Node(b"two", "file", size=7, same_as=b"one")]
    assert contents(fat.read(Memory(render(fat.layout(tree, Packing()))))) == {
        b"one": b"content",
        b"two": b"content",
    }


def test_lookup_knows_no_case_and_both_names() -> None:
    volume = fat.read(Memory(render(fat.layout(TREE, Packing()))))
    for path in (b"efi/boot/bootaa64.efi", b"/EFI//BOOT/BOOTAA64.EFI", b"EFI/BOOT/"):
        node = volume.lookup(path)
        assert node is not None and node.path.startswith(b"EFI/BOOT")
    found = volume.lookup("A LONG NAME WITH SPÄCES.TXT".encode())
    assert found is not None and found.path == "a long name with späces.txt".encode()
    found = volume.lookup(b"ALONGN~1.TXT")
    assert found is not None and found.path.startswith(b"a long name")
    assert volume.lookup(b"EFI/none") is None and volume.lookup(b"readme.txt/x") is None
    assert volume.lookup(b"\xff") is None
    closed = volume.lookup(b"closed.txt")
    assert closed is not None and closed.mode == 0o444


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("README.TXT", "README.TXT"),
        ("readme.txt", "README.TXT"),
        ("Readme.txt", "README.TXT"),
        ("readme.text", "README~1.TEX"),
        ("a+b", "A_B~1"),
        (".bashrc", "BASHRC~1"),
        ("archive.tar.gz", "ARCHIV~1.GZ"),
        ("日本", "__~1"),
        ("..x", "X~1"),
        ("[]", "__~1"),
        ("ß.txt", "_~1.TXT"),
    ],
)
def test_short_names_are_those_that_windows_makes(name: str, short: str) -> None:
    volume = fat.read(Memory(render(fat.layout([file(name)], Packing()))))
    (entry,) = volume.root().all()
    assert (entry.name, fat_names.shown(entry.short)) == (name, short)


def test_no_short_name_is_another_files_name() -> None:
    names = ["longname one.txt", "longname two.txt", "LONGNA~1.TXT", "longna~2.txt", "longna~4.txt"]
    volume = fat.read(Memory(render(fat.layout([file(name) for name in names], Packing()))))
    shorts = {entry.name: fat_names.shown(entry.short) for entry in volume.root().all()}
    assert shorts["longname one.txt"] == "LONGNA~3.TXT" and shorts["longname two.txt"] == "LONGNA~5.TXT"


@pytest.mark.parametrize(
    ("modified", "kept"),
    [(0, 315532800), (315532801, 315532800), (1_700_000_001, 1_700_000_000), (1 << 40, 4354819198)],
)
def test_times_begin_in_1980_and_are_even(modified: int, kept: int) -> None:
    volume = fat.read(Memory(render(fat.layout([file("x", modified=modified)], Packing()))))
    node = volume.lookup(b"x")
    assert node is not None and node.modified == kept


LETTERS = some.sampled_from(string.ascii_letters + string.digits + "~ .-_+[]=äßłЖ日🦀")
NAMES = some.text(LETTERS, min_size=1, max_size=30).filter(
    lambda name: fat_names.refusal(name.encode()) is None
)


@settings(max_examples=40, deadline=None)
@given(
    some.recursive(
        some.binary(max_size=3000),
        lambda inner: some.dictionaries(NAMES, inner, max_size=8),
        max_leaves=40,
    ),
    some.sampled_from(["", "12", "16"]),
)
def test_any_tree_comes_back(tree: Any, variant: str) -> None:
    nodes: list[Node] = []

    def put(above: str, inner: dict[str, Any]) -> None:
        seen: set[str] = set()
        for name, value in inner.items():
            if fat_names.fold(name) in seen:
                continue
            seen.add(fat_names.fold(name))
            nodes.append(folder(above + name) if isinstance(value, dict) else file(above + name, value))
            if isinstance(value, dict):
                put(f"{above}{name}/", value)

    put("", tree if isinstance(tree, dict) else {"x": tree})
    volume = fat.read(Memory(render(fat.layout(nodes, Packing(variant=variant)))))
    assert contents(volume) == {
        node.path: node.content.read(0, node.size) if node.content else None for node in nodes
    }
    assert list(fat.check(volume.source)) == []


def test_others_find_nothing_in_a_folder_of_odd_names(tmp_path: Path) -> None:
    choose = random.Random(3)
    names = {"".join(choose.choices("abcABC123~ .+[äж日", k=choose.randint(1, 40))) for _ in range(600)}
    folded = {
        fat_names.fold(name): name for name in sorted(names) if fat_names.refusal(name.encode()) is None
    }
    nodes = [file(name, name.encode()) for name in folded.values()]
    image = written(tmp_path, fat.layout(nodes, Packing(variant="32")))
    tool("fsck.fat", "-n", image)
    out = tmp_path / "out"
    out.mkdir()
    tool("mcopy", "-s", "-n", "-i", image, "::*", f"{out}/")
    assert on_host(out) == {node.path: node.path for node in nodes}


# damaged images

SMALL = {
    variant: bytes(render(fat.layout(TREE[:19], Packing(variant=variant)))[: 1 << 20]) for variant in VARIANTS
}
"""Where there are no more than zeros they are cut off, so that a change of them costs little."""


def everything(source: Source) -> None:
    """Ask for all that there is; only `BadInput` may come."""
    fat.identify(source)
    list(fat.check(source))
    try:
        volume = fat.read(source)
        fat.packing(volume)
        for count, node in enumerate(volume.walk()):
            volume.lookup(node.path)
            if count < 100:
                for at, length in volume.stretches(node):
                    assert at is not None
                    source.read(at, min(length, 512))
    except BadInput as error:
        assert error.faults and all(fault.what for fault in error.faults)


@settings(max_examples=60, deadline=None)
@given(some.sampled_from(VARIANTS), some.data())
def test_mutations_end_in_clean_errors(variant: str, draw: some.DataObject) -> None:
    image = bytearray(SMALL[variant])
    geometry = fat.read(Memory(image)).geometry
    used = geometry.data_at + 60 * geometry.cluster
    places = some.integers(0, 90) | some.integers(geometry.table_at(0), geometry.table_at(0) + 200)
    places |= some.integers(geometry.root_at, geometry.root_at + 1024) | some.integers(0, used)
    for _ in range(draw.draw(some.integers(1, 8))):
        image[draw.draw(places)] = draw.draw(some.sampled_from([0, 1, 2, 3, 0x0F, 0x10, 0x7F, 0xE5, 0xFF]))
    cut = draw.draw(some.just(len(image)) | some.integers(0, len(image)))
    begun = time.process_time()
    everything(Memory(image[:cut]))
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("variant", ["12", "16"])
def test_a_volume_of_folders_that_share_their_clusters_takes_no_time(variant: str) -> None:
    """Each of a thousand folders leads into the same long chain."""
    many = [folder(f"{number:03}") for number in range(450)]
    image = bytearray(render(fat.layout([*many, large("long", 600_000)], Packing(variant=variant))))
    volume = fat.read(Memory(image))
    shared = volume.lookup(b"long")
    assert shared is not None
    table = volume.table
    target = Buffer(image)
    for node in many:
        found = volume.lookup(node.path)
        assert found is not None
        table[found.number] = shared.number
    table.commit(target)
    begun = time.process_time()
    everything(target)
    with pytest.raises(BadInput, match="one of another folder too"):
        list(fat.read(target).walk())
    assert time.process_time() - begun < 2
    codes = {each.code for each in fat.check(target)}
    assert "fat/cross-linked" in codes


@settings(max_examples=60, deadline=None)
@given(some.binary(max_size=2000))
def test_rubbish(rubbish: bytes) -> None:
    everything(Memory(rubbish))
    everything(Memory(SMALL["16"][:62] + rubbish))
