"""Editing BlockFS images in place: against a model, at the limits of the format, and never by half."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import dataclass, field

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
)
from portwright.base.errors import BadInput
from portwright.base.sources import Memory
from portwright.formats import Node, blockfs
from portwright.formats.parts.blockfs_change import clear_bits, first_fit, set_bits
from portwright.formats.parts.blockfs_disk import Geometry, Inode


def refused(code: str, image: Image) -> pytest.RaisesExc[BadInput]:
    return pytest.raises(BadInput, check=lambda error: error.faults[0].code == f"blockfs/{code}")


def small(*nodes: Node, blocks: int = 64, inodes: int = 42) -> Image:
    return packed(nodes, size=blocks * BLOCK, inodes=inodes)


# one thing at a time


def test_each_edit_leaves_a_sound_image() -> None:
    image = small(folder("d"), file("a", b"a" * 5000), blocks=256)
    editor = blockfs.edit(image)
    editor.add(file("d/new", b"new" * 5000, 0o755))
    editor.add(file("a", b"other"))
    editor.add(symlink("d/l", "/a"))
    editor.add(folder("d/e"))
    editor.link(b"a", b"d/e/same")
    editor.change_mode(b"d/e", 0o500)
    editor.change_mode(b"", 0o711)
    editor.rename(b"d/e", b"e")
    editor.rename(b"d/new", b"d/newer")
    assert codes(image) == []
    assert tree(image) == {
        b"": ("directory", 0o711, b"", b""),
        b"d": ("directory", 0o755, b"", b""),
        b"d/l": ("symlink", 0o777, b"/a", b""),
        b"d/newer": ("file", 0o755, b"new" * 5000, b""),
        b"a": ("file", 0o644, b"other", b""),
        b"e": ("directory", 0o500, b"", b""),
        b"e/same": ("file", 0o644, b"other", b"a"),
    } or list(tree(image)) == [b"", b"d", b"d/l", b"d/newer", b"a", b"e", b"e/same"]
    editor.remove(b"a")
    assert tree(image)[b"e/same"][2] == b"other"
    editor.remove(b"e/same")
    editor.remove(b"e")
    assert codes(image) == [] and b"e" not in tree(image)


def test_what_is_removed_gives_everything_back() -> None:
    image = small(file("a"), blocks=2048)
    free = blockfs.read(image).facts["free blocks"], blockfs.read(image).facts["free inodes"]
    editor = blockfs.edit(image)
    editor.add(file("big", Marked(1100 * BLOCK)))
    editor.add(folder("d"))
    assert blockfs.read(image).facts["free blocks"] == int(free[0]) - 1104 + 0 - 0
    node = blockfs.read(image).lookup(b"big")
    assert node is not None and content(image, node) == Marked(1100 * BLOCK).read(0, 1100 * BLOCK)
    editor.remove(b"big")
    editor.remove(b"d")
    assert (blockfs.read(image).facts["free blocks"], blockfs.read(image).facts["free inodes"]) == free
    assert codes(image) == []


def test_blocks_are_taken_as_the_kernel_takes_them() -> None:
    image = small(*(file(f"f{n}", b"x" * BLOCK) for n in range(6)))
    editor = blockfs.edit(image)
    for n in (1, 3, 4):
        editor.remove(b"f%d" % n)
    editor.add(file("new", b"y" * 4 * BLOCK))
    volume = blockfs.read(image)
    node = volume.lookup(b"new")
    first = Geometry(64, 42).first_data
    assert node is not None and node.number == 2  # the lowest inode that is free
    # behind the root's block and f0: where f1, f3 and f4 were, then behind f5
    assert list(volume.stretches(node)) == [
        ((first + 2) * BLOCK, BLOCK),
        ((first + 4) * BLOCK, 2 * BLOCK),
        ((first + 7) * BLOCK, BLOCK),
    ]


def test_what_lay_in_a_block_before_does_not_come_to_light() -> None:
    image = small(file("secret", b"s" * BLOCK))
    editor = blockfs.edit(image)
    editor.remove(b"secret")
    editor.add(file("new", b"n"))
    assert b"s" not in image.read((Geometry(64, 42).first_data + 1) * BLOCK, BLOCK)


def test_a_replaced_file_keeps_its_other_names() -> None:
    image = small(file("a", b"old"), Node(b"b", "file", same_as=b"a"))
    editor = blockfs.edit(image)
    editor.add(file("a", b"new"))
    assert tree(image)[b"a"][2:] == (b"new", b"") and tree(image)[b"b"][2:] == (b"old", b"")
    editor.add(symlink("b", "/a"))
    editor.add(Node(b"c", "file", same_as=b"a"))
    assert tree(image)[b"c"][3] == b"a" and codes(image) == []
    editor.rename(b"a", b"c")
    assert list(tree(image)) == [b"", b"b", b"c"] and codes(image) == []


def test_a_file_is_replaced_where_only_its_own_room_is_left() -> None:
    image = small(file("a", b"a" * 58 * BLOCK))
    editor = blockfs.edit(image)
    editor.add(file("a", b"b" * 57 * BLOCK))
    assert tree(image)[b"a"][2] == b"b" * 57 * BLOCK and codes(image) == []


@pytest.mark.parametrize("count", [0, 1, 12, 13, 1036, 1037, 1036 + 1024 + 1])
def test_files_at_every_edge_of_the_pointers_are_added_and_removed(count: int) -> None:
    image = small(file("a", b"x"), file("b", b"y" * BLOCK), file("c", b"z"), blocks=2304)
    before = blockfs.read(image).facts["free blocks"]
    editor = blockfs.edit(image)
    editor.remove(b"b")
    editor.add(file("f", Marked(count * BLOCK)))
    assert codes(image) == []
    node = blockfs.read(image).lookup(b"f")
    assert node is not None and content(image, node) == Marked(count * BLOCK).read(0, count * BLOCK)
    editor.remove(b"f")
    assert codes(image) == [] and blockfs.read(image).facts["free blocks"] == int(before) + 1


# folders


def test_names_go_to_the_end_as_the_kernel_puts_them() -> None:
    image = small(*(file(f"{n:0244}") for n in range(16)), blocks=256)
    editor = blockfs.edit(image)
    editor.remove(b"%0244d" % 3)
    editor.add(file("n" * 244))  # the first block has 24 + 16 * 252 = 4056 bytes: this one begins the second
    root = Inode.parse(image.read(2 * BLOCK, 96))
    assert root.size == BLOCK + 252 and root.blocks == 2 and codes(image) == []
    assert image.read(root.direct[0] * BLOCK + 4056, 40) == bytes(40)


def test_a_full_folder_takes_the_place_of_a_deleted_name_of_the_same_length() -> None:
    names = [f"{n:0244}" for n in range(12 * 16)]
    image = packed([file(name) for name in names], size=2 * MIB)
    editor = blockfs.edit(image)
    with refused("folder-full", image):
        editor.add(file("x" * 244))
    editor.remove(names[37].encode())
    image.written = 0
    editor.add(file("y" * 244))
    assert image.written < 4 * BLOCK  # a block of records, of the bitmap, an inode, the counters
    assert codes(image) == []
    assert list(tree(image))[38] == b"y" * 244


def test_a_full_folder_is_laid_anew_when_only_small_names_went() -> None:
    long = [f"{n:0244}" for n in range(12 * 15)]  # 15 of them and 18 short ones fill a block
    short = [f"{n:08}" for n in range(12 * 18)]
    names = [name for n in range(12) for name in long[15 * n : 15 * n + 15] + short[18 * n : 18 * n + 18]]
    image = packed([file(name) for name in names], size=2 * MIB, order="given")
    editor = blockfs.edit(image)
    editor.add(file("x" * 244))
    assert codes(image) == [] and set(tree(image)) == {b"", b"x" * 244, *(name.encode() for name in names)}
    for name in short[::2]:
        editor.remove(name.encode())
    for n in range(6):
        editor.add(file(f"{n}" * 244))
    with refused("folder-full", image):
        for n in range(100):
            editor.add(file(f"{n:03}" * 80))
    assert codes(image) == []


def test_the_dots_of_the_root_are_no_deleted_names() -> None:
    """Both have inode 0, the root's, as a deleted name has."""
    names = [f"{n:0248}" for n in range(15 + 11 * 16)]
    names.insert(15, "0" * 14 + "x" * 210)  # to the last byte
    image = packed([file(name) for name in names], size=2 * MIB, order="given")
    assert blockfs.read(image).lookup(b"").size == 12 * BLOCK  # type: ignore[union-attr]
    editor = blockfs.edit(image)
    for name in ("a", "bc", "xxxx"):
        with refused("folder-full", image):
            editor.add(file(name))
    assert codes(image) == []


def test_a_folder_that_moves_knows_its_new_parent() -> None:
    image = small(folder("a"), folder("b"), folder("a/x"), file("a/x/f", b"1"))
    editor = blockfs.edit(image)
    editor.rename(b"a/x", b"b/y")
    assert codes(image) == [] and b"b/y/f" in tree(image)
    volume = blockfs.read(image)
    links = {node.path: node.links for node in volume.walk() if node.kind == "directory"}
    assert links == {b"": 4, b"a": 2, b"b": 3, b"b/y": 2}
    b, y = volume.lookup(b"b"), volume.lookup(b"b/y")
    assert b is not None and y is not None
    inode = Inode.parse(image.read(Geometry(64, 42).inode_at(y.number), 96))
    assert image.get(inode.direct[0] * BLOCK + 12, "I") == b.number


# what is refused, and changes nothing


def test_refusals_change_nothing() -> None:
    image = small(folder("d"), file("d/f", b"f"), file("a"), symlink("l", "/a"), blocks=32)
    before = image.bytes()
    editor = blockfs.edit(image)
    for code, act in (
        ("no-file", lambda: editor.remove(b"x")),
        ("no-file", lambda: editor.remove(b"d/x")),
        ("not-empty", lambda: editor.remove(b"d")),
        ("root", lambda: editor.remove(b"")),
        ("root", lambda: editor.rename(b"", b"x")),
        ("root", lambda: editor.add(folder(""))),
        ("exists", lambda: editor.add(folder("d"))),
        ("exists", lambda: editor.add(file("d"))),
        ("exists", lambda: editor.add(folder("a"))),
        ("no-folder", lambda: editor.add(file("x/y"))),
        ("no-folder", lambda: editor.add(file("a/y"))),
        ("no-folder", lambda: editor.add(file("l/y"))),
        ("kind", lambda: editor.add(Node(b"t", "fifo"))),
        ("name", lambda: editor.add(file("x" * 256))),
        ("name", lambda: editor.add(file(".."))),
        ("name", lambda: editor.rename(b"a", b"d/.")),
        ("name", lambda: editor.link(b"a", b"\xff")),
        ("file-size", lambda: editor.add(file("x", Marked(1 << 32)))),
        ("does-not-fit", lambda: editor.add(file("x", b"x" * 32 * BLOCK))),
        ("does-not-fit", lambda: editor.add(file("a", b"x" * 32 * BLOCK))),
        ("into-itself", lambda: editor.rename(b"d", b"d/e")),
        ("exists", lambda: editor.rename(b"d", b"a")),
        ("exists", lambda: editor.rename(b"a", b"d")),
        ("no-folder", lambda: editor.rename(b"a", b"x/a")),
        ("no-file", lambda: editor.rename(b"x", b"y")),
        ("same-as", lambda: editor.link(b"d", b"e")),
        ("exists", lambda: editor.link(b"a", b"l")),
        ("no-file", lambda: editor.link(b"x", b"y")),
        ("no-file", lambda: editor.change_mode(b"x", 0)),
        ("mode", lambda: editor.change_mode(b"a", 0o10000)),
    ):
        with refused(code, image):
            act()
        assert image.bytes() == before, code
    editor.rename(b"a", b"a")
    assert image.bytes() == before


def test_inodes_run_out() -> None:
    image = small(*(file(f"{n}") for n in range(39)), blocks=64, inodes=42)
    editor = blockfs.edit(image)
    editor.add(file("one"))
    editor.add(file("two"))
    with refused("inodes", image):
        editor.add(file("three"))
    editor.remove(b"17")
    editor.add(file("three"))
    assert codes(image) == []


def test_an_inode_that_has_no_place_is_not_given_out() -> None:
    image = packed([], size=64 * MIB, inodes=4096)
    editor = blockfs.edit(image)
    used = editor._used  # type: ignore[attr-defined]
    assert len(used) == 4032


def test_a_damaged_folder_is_left_alone() -> None:
    image = small(folder("d"), file("d/f", b"f"), folder("e"))
    first = Geometry(64, 42).first_data
    image.put((first + 1) * BLOCK + 24 + 4, "H", 6)
    editor = blockfs.edit(image)
    before = image.bytes()
    for act in (
        lambda: editor.add(file("d/x")),
        lambda: editor.remove(b"d"),
        lambda: editor.rename(b"e", b"d/e"),
    ):
        with refused("record-broken", image):
            act()
    assert image.bytes() == before
    editor.add(file("e/x"))


def test_a_file_whose_pointers_are_wrong_is_not_removed() -> None:
    image = small(file("a", b"a"), file("b", b"b"))
    image.put(Geometry(64, 42).inode_at(1) + 36, "I", 1)  # the bitmap
    editor = blockfs.edit(image)
    with refused("damaged", image):
        editor.remove(b"a")
    editor.remove(b"b")


# little is read and written


def test_a_megabyte_into_two_gibibytes() -> None:
    image = packed([folder("d")], size=2048 * MIB)
    image.written = 0
    start = time.process_time()
    editor = blockfs.edit(image)
    editor.add(file("d/new", Marked(MIB)))
    assert time.process_time() - start < 2
    assert image.written < MIB + 16 * BLOCK
    assert codes(image) == []


@settings(max_examples=60, deadline=None)
@given(some.binary(min_size=1, max_size=40), some.data())
def test_the_first_clear_bits_are_found(bitmap: bytes, draw: some.DataObject) -> None:
    start = draw.draw(some.integers(0, 8 * len(bitmap)))
    end = draw.draw(some.integers(start, 8 * len(bitmap)))
    count = draw.draw(some.integers(0, 400))
    bits = [bit for bit in range(start, end) if not bitmap[bit >> 3] >> (bit & 7) & 1][:count]
    found = first_fit(bitmap, start, end, count)
    assert [bit for first, length in found for bit in range(first, first + length)] == bits
    assert all(a + n < b for (a, n), (b, _) in itertools.pairwise(found))
    changed = bytearray(bitmap)
    for run in found:
        set_bits(changed, *run)
    before = int.from_bytes(bitmap, "little").bit_count()
    assert int.from_bytes(changed, "little").bit_count() == before + len(bits)
    for run in found:
        clear_bits(changed, *run)
    assert changed == bitmap


# against a model


@dataclass
class Held:
    """A file of the model, by as many names as lead to it."""

    kind: str
    mode: int
    data: bytes = b""


@dataclass
class Model:
    """A tree as a dictionary, with what each edit means."""

    files: dict[bytes, Held] = field(default_factory=lambda: {b"": Held("directory", 0o755)})

    def parent_is_there(self, path: bytes) -> bool:
        held = self.files.get(path.rpartition(b"/")[0])
        return bool(path) and held is not None and held.kind == "directory"

    def below(self, path: bytes) -> list[bytes]:
        return [other for other in self.files if other.startswith(path + b"/")]

    def add(self, path: bytes, held: Held) -> bool:
        there = self.files.get(path)
        if not self.parent_is_there(path) or (there and "directory" in (there.kind, held.kind)):
            return False
        self.files[path] = held
        return True

    def remove(self, path: bytes) -> bool:
        if not path or path not in self.files or self.below(path):
            return False
        del self.files[path]
        return True

    def rename(self, old: bytes, new: bytes) -> bool:
        if not old or old not in self.files or not self.parent_is_there(new):
            return False
        if old == new:
            return True
        there = self.files.get(new)
        if new.startswith(old + b"/") or (there and "directory" in (there.kind, self.files[old].kind)):
            return False
        for path in [old, *self.below(old)]:
            self.files[new + path[len(old) :]] = self.files.pop(path)
        return True

    def link(self, existing: bytes, path: bytes) -> bool:
        held = self.files.get(existing)
        if held is None or held.kind == "directory" or path in self.files or not self.parent_is_there(path):
            return False
        self.files[path] = held
        return True

    def change_mode(self, path: bytes, mode: int) -> bool:
        if path not in self.files:
            return False
        self.files[path].mode = mode
        return True


PARTS = ["a", "b", "c" * 200, "d" * 255, "é"]
PATHS = some.lists(some.sampled_from(PARTS), max_size=3).map(lambda parts: "/".join(parts).encode())
EDITS = some.one_of(
    some.tuples(some.just("file"), PATHS, some.sampled_from([0, 1, BLOCK, 13 * BLOCK + 5, 20 * BLOCK])),
    some.tuples(some.just("file"), PATHS, some.sampled_from([0, 1, BLOCK])),
    some.tuples(some.just("folder"), PATHS, some.integers(0, 0o7777)),
    some.tuples(some.just("symlink"), PATHS, some.just(0)),
    some.tuples(some.just("remove"), PATHS, some.just(0)),
    some.tuples(some.just("rename"), PATHS, PATHS),
    some.tuples(some.just("link"), PATHS, PATHS),
    some.tuples(some.just("mode"), PATHS, some.integers(0, 0o7777)),
)
NO_ROOM = {"blockfs/does-not-fit", "blockfs/inodes", "blockfs/folder-full"}


def apply(
    editor: object, model: Model, edit: tuple[str, bytes, int | bytes], serial: int
) -> tuple[bool, Model]:
    """Do an edit to the image; whether it was done, and the model that it should have made."""
    what, path, more = edit
    after = Model({path: Held(held.kind, held.mode, held.data) for path, held in model.files.items()})
    same: dict[int, Held] = {}
    for name, held in model.files.items():  # names of one file stay names of one file
        after.files[name] = same.setdefault(id(held), after.files[name])
    acts = {
        "file": lambda: editor.add(Node(path, "file", 0o640, content=Memory(data))),  # type: ignore[attr-defined]
        "folder": lambda: editor.add(Node(path, "directory", more)),  # type: ignore[attr-defined]
        "symlink": lambda: editor.add(Node(path, "symlink", target=b"/x")),  # type: ignore[attr-defined]
        "remove": lambda: editor.remove(path),  # type: ignore[attr-defined]
        "rename": lambda: editor.rename(path, more),  # type: ignore[attr-defined]
        "link": lambda: editor.link(path, more),  # type: ignore[attr-defined]
        "mode": lambda: editor.change_mode(path, more),  # type: ignore[attr-defined]
    }
    data = random.Random(serial).randbytes(more) if what == "file" and isinstance(more, int) else b""
    right = {
        "file": lambda: after.add(path, Held("file", 0o640, data)),
        "folder": lambda: after.add(path, Held("directory", int(more))),  # type: ignore[arg-type]
        "symlink": lambda: after.add(path, Held("symlink", 0o777, b"/x")),
        "remove": lambda: after.remove(path),
        "rename": lambda: after.rename(path, more),  # type: ignore[arg-type]
        "link": lambda: after.link(path, more),  # type: ignore[arg-type]
        "mode": lambda: after.change_mode(path, more),  # type: ignore[arg-type]
    }[what]()
    try:
        acts[what]()
    except BadInput as error:
        assert not right or {fault.code for fault in error.faults} <= NO_ROOM, error
        return False, model
    assert right, f"{edit} should have been refused"
    return True, after


def agree(image: Image, model: Model) -> None:
    found = tree(image)
    assert set(found) == set(model.files)
    first: dict[int, bytes] = {}
    for path, (kind, mode, data, same_as) in found.items():
        held = model.files[path]
        assert (kind, mode, data) == (held.kind, held.mode, held.data), path
        if kind != "directory":
            assert same_as == first.get(id(held), b"")
            first.setdefault(id(held), path)


@settings(max_examples=40, deadline=None)
@given(some.lists(EDITS, min_size=1, max_size=40), some.sampled_from([40, 64, 200]))
def test_any_edits_make_what_they_say(edits: list[tuple[str, bytes, int | bytes]], blocks: int) -> None:
    image, model = small(blocks=blocks, inodes=12), Model()
    editor = blockfs.edit(image)
    for serial, edit in enumerate(edits):
        before = image.bytes()
        done, model = apply(editor, model, edit, serial)
        if not done:
            assert image.bytes() == before
        assert [code for code in codes(image) if code != "relative-target"] == []
    agree(image, model)
    agree(image, model)


def test_hundreds_of_names_come_and_go_in_one_folder() -> None:
    choose = random.Random(1)
    image, names = packed([], size=MIB, inodes=672), set[bytes]()
    editor = blockfs.edit(image)
    for _ in range(500):
        if names and choose.random() < 0.45:
            name = choose.choice(sorted(names))
            editor.remove(name)
            names.discard(name)
        else:
            name = b"n%d" % choose.randrange(10_000) + b"x" * choose.randrange(240)
            try:
                editor.add(Node(name, "file", content=Memory(b"")))
                names.add(name)
            except BadInput as error:
                assert error.faults[0].code in NO_ROOM
    assert codes(image) == [] and set(tree(image)) == names | {b""}
