"""Every fault that the check of a FAT volume knows: made, named, agreed on by fsck.fat, and mended where it can be."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from formats.disk_images import Buffer, contents, file, folder, render, save, tool
from portwright.base.errors import BadInput
from portwright.formats import Node, Packing, fat

TREE = [
    folder("dir"),
    folder("dir/inner"),
    file("dir/inner/deep.txt", b"deep"),
    file("a long name.txt", b"a" * 5000),
    file("big", bytes(range(256)) * 40),
    file("small", b"s"),
    file("empty"),
]
IMAGES = {
    variant: bytes(render(fat.layout(TREE, Packing(variant=variant, label="CHECKED", size=size << 20))))
    for variant, size in (("12", 1), ("16", 4), ("32", 33))
}


class Damaged:
    """An image that is being damaged, with what is needed to find one's way."""

    def __init__(self, variant: str, target: Buffer | None = None) -> None:
        self.target = target or Buffer(IMAGES[variant], "damaged")
        self.volume = fat.read(self.target)
        self.geometry, self.table = self.volume.geometry, self.volume.table
        self.wide = variant == "32"

    def first(self, path: str) -> int:
        """The first cluster of a file."""
        node = self.volume.lookup(path.encode())
        assert node is not None
        return node.number

    def chain(self, path: str) -> list[int]:
        return self.table.whole(self.first(path))

    def link(self, **entries: int) -> None:
        """Set entries of every copy of the table: `c5=6`."""
        for cluster, value in entries.items():
            self.table[int(cluster[1:])] = value
        self.table.commit(self.target)

    def slot(self, path: str) -> int:
        """The address of the slot of a file."""
        trail = self.volume.trail(path.encode())
        assert trail
        above = self.volume.inside(trail[-2]) if len(trail) > 1 else self.volume.root()
        return above.address(trail[-1].slot)

    def put(self, at: int, data: bytes) -> None:
        self.target.write(at, data)

    def begin(self, path: str, cluster: int) -> None:
        """Have a file begin in another cluster."""
        self.put(self.slot(path) + 26, struct.pack("<H", cluster & 0xFFFF))
        if self.wide:
            self.put(self.slot(path) + 20, struct.pack("<H", cluster >> 16))

    def size(self, path: str, size: int) -> None:
        self.put(self.slot(path) + 28, struct.pack("<I", size))


def cycle(at: Damaged) -> None:
    chain = at.chain("big")
    at.link(**{f"c{chain[-2]}": chain[0]})


def cycle_at_the_end(at: Damaged) -> None:
    chain = at.chain("big")
    at.link(**{f"c{chain[-1]}": chain[0]})


def crossed(at: Damaged) -> None:
    at.link(**{f"c{at.chain('big')[1]}": at.chain("a long name.txt")[3]})


def crossed_at_the_start(at: Damaged) -> None:
    at.begin("small", at.first("big"))


def into_a_free_one(at: Damaged) -> None:
    at.link(**{f"c{at.chain('big')[2]}": 0})


def free_at_the_end(at: Damaged) -> None:
    at.link(**{f"c{at.chain('big')[-1]}": 0})


def into_a_bad_one(at: Damaged) -> None:
    at.link(**{f"c{at.chain('big')[2]}": at.table.bad})


def out_of_the_volume(at: Damaged) -> None:
    at.link(**{f"c{at.chain('big')[2]}": at.geometry.highest + 1})


def nowhere(at: Damaged) -> None:
    at.begin("big", at.geometry.highest + 5)


def without_cluster(at: Damaged) -> None:
    at.begin("big", 0)


def folder_without_cluster(at: Damaged) -> None:
    at.begin("dir/inner", 0)


def too_short(at: Damaged) -> None:
    at.size("big", 1_000_000)


def too_long(at: Damaged) -> None:
    at.size("big", 100)


def empty_with_clusters(at: Damaged) -> None:
    at.size("big", 0)


def lost(at: Damaged) -> None:
    free = at.table.free(200)
    chain = [next(free) for _ in range(4)]
    ends = {f"c{chain[-1]}": at.table.end | 7}
    at.link(**{f"c{before}": after for before, after in itertools.pairwise(chain)}, **ends)


def lost_and_broken(at: Damaged) -> None:
    at.link(c300=301, c301=302, c302=300)


def copies(at: Damaged) -> None:
    at.put(at.geometry.table_at(1) + 40, b"\x12\x34")


def even(clusters: list[int]) -> int:
    """The first cluster whose entry begins a byte of its own on FAT12 too."""
    return next(cluster for cluster in clusters if cluster % 2 == 0)


def first_copy(at: Damaged) -> None:
    at.put(at.table.address(even(at.chain("big")[2:])), b"\0\0\0\0" if at.wide else b"\0\0")


def both_copies(at: Damaged) -> None:
    other = even(at.chain("a long name.txt")[2:])
    at.link(**{f"c{at.chain('big')[2]}": 0})
    at.put(at.table.address(other), b"\0\0\0\0" if at.wide else b"\0\0")


def free_count(at: Damaged) -> None:
    at.put(512 + 488, struct.pack("<I", 77))


def following(at: Damaged) -> None:
    at.put(512 + 492, struct.pack("<I", 1 << 27))


def info_gone(at: Damaged) -> None:
    at.put(512, bytes(512))


def dot(at: Damaged) -> None:
    at.put(at.geometry.cluster_at(at.first("dir/inner")) + 26, b"\x63\0")


def dot_dot(at: Damaged) -> None:
    at.put(at.geometry.cluster_at(at.first("dir/inner")) + 32 + 26, b"\x63\0")


def no_dots(at: Damaged) -> None:
    at.put(at.geometry.cluster_at(at.first("dir/inner")), b"X          ")


def dot_in_the_root(at: Damaged) -> None:
    at.put(at.slot("small"), b".          ")
    at.put(at.slot("small") + 11, b"\x10")


def checksum(at: Damaged) -> None:
    at.put(at.slot("a long name.txt") - 32 + 13, b"\x01")


def orphan(at: Damaged) -> None:
    at.put(at.slot("a long name.txt") - 64, b"\xe5")


def strange_short_name(at: Damaged) -> None:
    at.put(at.slot("big"), b"a*b")


def same_name(at: Damaged) -> None:
    at.put(at.slot("big"), b"SMALL   ")


def folder_with_a_size(at: Damaged) -> None:
    at.size("dir", 512)


def media(at: Damaged) -> None:
    for copy in range(2):
        at.put(at.geometry.table_at(copy), b"\xf0")


def dirty(at: Damaged) -> None:
    at.put(at.geometry.dirty_at, b"\x01")


def dirty_in_the_table(at: Damaged) -> None:
    at.link(c1=at.table[1] & ~(0x08000000 if at.wide else 0x8000))


def signature(at: Damaged) -> None:
    at.put(510, b"\0\0")


def label(at: Damaged) -> None:
    at.put(at.geometry.label_at, b"SOMETHING  ")
    if at.wide:
        at.put(6 * 512 + at.geometry.label_at, b"SOMETHING  ")


def backup(at: Damaged) -> None:
    at.put(6 * 512 + 100, b"\x01")


def boot(at: Damaged) -> None:
    at.put(0, bytes(512))


def small_table(at: Damaged) -> None:
    """The volume grew, and its table did not."""
    at.target = Buffer(bytes(at.target.data) + bytes(1 << 20))
    at.put(19, struct.pack("<H", 9000))


@dataclass(frozen=True)
class Case:
    """A damage: the codes that the check says, whether it is mended, and how many files that then changes.

    `fsck` is what fsck.fat makes of it: "1" its exit status, "" nothing, else words that it says without failing.
    """

    damage: Callable[[Damaged], None]
    codes: set[str]
    mends: bool = False
    variants: tuple[str, ...] = ("12", "16", "32")
    fsck: str = "1"
    gains: int = 0
    loses: frozenset[str] = frozenset()


BIG, LONG = frozenset({"big"}), frozenset({"a long name.txt"})
CASES = [
    Case(cycle, {"fat/chain-cycle", "fat/size-short", "fat/lost-clusters"}),
    Case(cycle_at_the_end, {"fat/chain-cycle"}, mends=True),
    Case(crossed, {"fat/cross-linked", "fat/size-short", "fat/lost-clusters"}),
    Case(crossed_at_the_start, {"fat/cross-linked", "fat/size-short", "fat/lost-clusters"}),
    Case(into_a_free_one, {"fat/bad-cluster", "fat/size-short", "fat/lost-clusters"}),
    Case(free_at_the_end, {"fat/bad-cluster"}, mends=True),
    Case(into_a_bad_one, {"fat/bad-cluster", "fat/size-short", "fat/lost-clusters"}),
    Case(out_of_the_volume, {"fat/bad-cluster", "fat/size-short", "fat/lost-clusters"}),
    Case(nowhere, {"fat/first-cluster", "fat/size-short", "fat/lost-clusters"}),
    Case(without_cluster, {"fat/first-cluster", "fat/lost-clusters"}),
    Case(folder_without_cluster, {"fat/first-cluster", "fat/lost-clusters"}),
    Case(too_short, {"fat/size-short"}),
    Case(too_long, {"fat/size-long"}, mends=True, loses=BIG),
    Case(empty_with_clusters, {"fat/size-long"}, mends=True, loses=BIG),
    Case(lost, {"fat/lost-clusters"}, mends=True, gains=1),
    Case(lost_and_broken, {"fat/lost-clusters"}),
    Case(copies, {"fat/copies-differ"}, mends=True),
    Case(
        first_copy,
        {"fat/copies-differ", "fat/bad-cluster", "fat/size-short", "fat/lost-clusters"},
        mends=True,
    ),
    Case(both_copies, {"fat/copies-differ", "fat/bad-cluster", "fat/size-short", "fat/lost-clusters"}),
    Case(free_count, {"fat/free-count"}, True, ("32",)),
    Case(following, {"fat/fsinfo"}, True, ("32",), fsck=""),
    Case(info_gone, {"fat/fsinfo"}, True, ("32",)),
    Case(dot, {"fat/dots"}, mends=True),
    Case(dot_dot, {"fat/dots"}, mends=True),
    Case(no_dots, {"fat/dots", "fat/cross-linked"}),
    Case(dot_in_the_root, {"fat/dots", "fat/lost-clusters"}),
    Case(
        checksum,
        {"fat/long-name"},
        mends=True,
        fsck="Checksum in long filename part wrong",
        loses=LONG,
    ),
    Case(
        orphan,
        {"fat/long-name"},
        mends=True,
        fsck="found outside a LFN sequence",
        loses=LONG,
    ),
    Case(strange_short_name, {"fat/short-name"}),
    Case(same_name, {"fat/duplicate-name"}),
    Case(folder_with_a_size, {"fat/folder-length"}, mends=True),
    Case(media, {"fat/media"}, mends=True, fsck=""),
    Case(dirty, {"fat/dirty"}, True),
    Case(dirty_in_the_table, {"fat/dirty"}, True, ("16", "32")),
    Case(signature, {"fat/boot-signature"}, True, ("12", "16"), fsck=""),
    Case(label, {"fat/label"}, mends=True),
    Case(backup, {"fat/backup-boot"}, True, ("32",), fsck="differences between boot sector and its backup"),
    Case(boot, {"fat/boot-sector"}, True, ("32",)),
    Case(small_table, {"fat/table-size"}, False, ("16",)),
]
ROWS = [(case, variant) for case in CASES for variant in case.variants]


@pytest.mark.parametrize(
    ("case", "variant"), ROWS, ids=[f"{case.damage.__name__}-{kind}" for case, kind in ROWS]
)
def test_a_fault_is_named_and_mended(case: Case, variant: str, tmp_path: Path) -> None:
    at = Damaged(variant)
    before = contents(at.volume)
    case.damage(at)
    problems = list(fat.check(at.target))
    codes = {each.code for each in problems}
    assert codes - {"fat/free-count"} == case.codes - {"fat/free-count"}, problems
    assert "fat/free-count" in codes or "fat/free-count" not in case.codes
    image = tmp_path / "damaged.img"
    save(at.target.data, image)
    said = tool("fsck.fat", "-n", image, ok=(1,) if case.fsck == "1" else (0,))
    assert len(said.splitlines()) == 2 if not case.fsck else case.fsck in said
    done = fat.repair(at.target)
    left = list(fat.check(at.target))
    assert not any(each.mends for each in left), left
    if not case.mends:
        assert left
        return
    assert done and left == [], (done, left)
    after = contents(fat.read(at.target))
    assert len(after) == len(before) + case.gains
    assert all(after[path] == data for path, data in before.items() if path.decode() not in case.loses)
    save(at.target.data, image)
    tool("fsck.fat", "-n", image)


@pytest.mark.parametrize("variant", IMAGES)
def test_a_good_volume_has_no_problems_and_repair_leaves_it(variant: str) -> None:
    target = Buffer(IMAGES[variant])
    assert list(fat.check(target)) == [] and fat.repair(target) == [] and target.written == 0


def test_a_file_that_was_cut_off() -> None:
    target = Buffer(IMAGES["16"][: 2 << 20])
    assert [each.code for each in fat.check(target)] == ["fat/cut-off"]
    target = Buffer(IMAGES["16"][:5000])
    assert [each.code for each in fat.check(target)] == ["fat/cut-off"]
    with pytest.raises(BadInput, match="the file was cut off"):
        fat.read(target)


def test_a_boot_sector_without_a_backup_says_all_that_is_wrong_with_it() -> None:
    target = Buffer(IMAGES["16"])
    target.write(11, b"\0\0\3")
    codes = [(each.code, each.address) for each in fat.check(target)]
    assert codes == [("fat/boot-sector", 11), ("fat/boot-sector", 13)]
    with pytest.raises(BadInput) as error:
        fat.repair(target)
    assert len(error.value.faults) == 2


def test_lost_chains_are_kept_as_files_as_long_as_the_root_has_room() -> None:
    full = fat.layout([file(f"N{number}") for number in range(505)], Packing(size=1 << 20, variant="12"))
    at = Damaged("12", Buffer(render(full)))
    at.link(**{f"c{number}": 0xFFF for number in range(1000, 1020)})
    done = fat.repair(at.target)
    names = [node.path for node in fat.read(at.target).walk() if node.path.startswith(b"FSCK")]
    assert names == [b"FSCK%04d.REC" % number for number in range(len(names))] and 0 < len(names) < 20
    assert done == []
    assert {each.code for each in fat.check(at.target)} == {"fat/lost-clusters"}


def test_nothing_but_what_is_wrong_is_written() -> None:
    at = Damaged("32")
    free_count(at)
    at.target.written = 0
    assert fat.repair(at.target) == ["number of free clusters set right"]
    assert at.target.written == 512


def test_a_problem_says_where(tmp_path: Path) -> None:
    at = Damaged("16")
    deep = at.first("dir/inner/deep.txt")
    at.link(**{f"c{deep}": at.first("big")})
    found = next(each for each in fat.check(at.target) if each.code == "fat/cross-linked")
    assert found.path == b"dir/inner/deep.txt" and "is one of /big too" in found.what and found.mends
    assert found.address == at.table.address(deep)


def test_mutated_nodes_of_a_listing_raise_cleanly() -> None:
    at = Damaged("16")
    into_a_free_one(at)
    volume = fat.read(at.target)
    node = volume.lookup(b"big")
    assert isinstance(node, Node)
    with pytest.raises(BadInput, match="said to be a free cluster"):
        list(volume.stretches(node))
    at = Damaged("16")
    cycle(at)
    with pytest.raises(BadInput, match="leads into itself"):
        fat.read(at.target).table.whole(node.number)
