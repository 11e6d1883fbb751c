"""Edits of FAT volumes in place: against a dict, fsck.fat and mtools; every refusal; what little is written."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from formats.disk_images import Buffer, contents, file, folder, render, save, tool
from portwright.base.errors import BadInput
from portwright.base.sources import Source
from portwright.formats import Literally, Node, Packing, fat

VARIANTS = ("12", "16", "32")
NAMES = (
    "a.txt",
    "B",
    "long name with spaces.text",
    "LongName 1.txt",
    "LongName 2.txt",
    "Ünïcode",
    "x" * 200,
    ".rc",
)


class Model:
    """Paths in lower case, with their content (None: a folder)."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes | None] = {"": None}

    def folders(self) -> list[str]:
        return sorted(path for path, data in self.rows.items() if data is None)

    def inside(self, path: str) -> list[str]:
        return [each for each in self.rows if each.startswith(path + "/")]


def joined(above: str, name: str) -> str:
    return f"{above}/{name.lower()}" if above else name.lower()


def step(choose: random.Random, model: Model, editor: fat.FatEditor) -> None:
    """One change, done to both; both refuse it or neither."""
    paths = sorted(path for path in model.rows if path)
    new = joined(choose.choice(model.folders()), choose.choice(NAMES))
    old = choose.choice(paths) if paths else "none"
    kind = choose.choice(["add", "add", "add", "folder", "remove", "rename", "mode"])
    rows = dict(model.rows)
    try:
        if kind == "add":
            data = choose.randbytes(choose.choice([0, 1, 511, 512, 513, 5000, 20000]))
            fits = new not in rows or rows[new] is not None
            rows[new] = data
            editor.add(file(new, data))
        elif kind == "folder":
            fits = rows.get(new, b"") is not None
            rows[new] = None
            editor.add(folder(new))
        elif kind == "remove":
            fits = old in rows and not model.inside(old)
            rows.pop(old, None)
            editor.remove(old.encode())
        elif kind == "rename":
            fits = old in rows and not (new + "/").startswith(old + "/")
            fits = fits or old == new
            fits = fits and old in rows
            fits = fits and (
                new not in rows or old == new or (rows[new] is not None and rows[old] is not None)
            )
            if fits:
                for path in [old, *model.inside(old)]:
                    rows[new + path[len(old) :]] = rows.pop(path)
            editor.rename(old.encode(), new.encode())
        else:
            fits = old in rows
            editor.change_mode(old.encode(), choose.choice([0o444, 0o644]))
    except BadInput as error:
        if any(fault.code == "fat/no-room" for fault in error.faults):
            return
        assert not fits, (kind, old, new, str(error))
        return
    assert fits, (kind, old, new)
    model.rows = rows


def same(model: Model, volume: fat.FatVolume) -> None:
    found = {path.decode().lower(): data for path, data in contents(volume).items()}
    assert found == {path: data for path, data in model.rows.items() if path}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("seed", range(4))
def test_random_edits_do_what_a_dict_does(variant: str, seed: int, tmp_path: Path) -> None:
    choose = random.Random(f"{variant} {seed}")
    target = Buffer(render(fat.layout([], Packing(variant=variant, label="EDITED"))))
    model, editor = Model(), fat.edit(target)
    for count in range(120):
        step(choose, model, editor)
        if count % 30 == 29:
            same(model, fat.read(target))
            assert list(fat.check(target)) == []
            editor = fat.edit(target)
    same(model, editor.volume)
    image = tmp_path / "edited.img"
    save(target.data, image)
    tool("fsck.fat", "-n", image)


def volume(*nodes: Node, **fields: object) -> Buffer:
    return Buffer(render(fat.layout(nodes, Packing(**fields))))  # type: ignore[arg-type]


def test_what_is_there_keeps_its_name_and_what_it_does_not_change() -> None:
    target = volume(file("ReadMe.txt", b"old"), folder("Sub"))
    editor = fat.edit(target)
    editor.add(file("README.TXT", b"new", 0o444))
    editor.rename(b"sub", b"SUB")
    found = {node.path: node.mode for node in fat.read(target).walk() if node.path}
    assert found == {b"ReadMe.txt": 0o444, b"SUB": 0o755}
    editor.change_mode(b"readme.TXT", 0o600)
    node = fat.read(target).lookup(b"ReadMe.txt")
    assert node is not None and node.mode == 0o644 and contents(fat.read(target))[b"ReadMe.txt"] == b"new"


def test_a_folder_that_moves_takes_all_along(tmp_path: Path) -> None:
    target = volume(
        folder("a"), folder("a/deep"), file("a/deep/x", b"x"), folder("b"), label="MOVED", variant="32"
    )
    editor = fat.edit(target)
    editor.rename(b"a/deep", b"b/with another name")
    editor.rename(b"b/with another name", b"top")
    editor.rename(b"top", b"a/again")
    assert set(contents(fat.read(target))) == {b"a", b"a/again", b"a/again/x", b"b"}
    assert list(fat.check(target)) == []
    save(target.data, tmp_path / "moved.img")
    tool("fsck.fat", "-n", tmp_path / "moved.img")


REFUSED = {
    "fat/special-file": lambda editor: editor.add(Node(b"link", "symlink", target=b"x")),
    "fat/name": lambda editor: editor.add(file("a:b")),
    "fat/no-folder": lambda editor: editor.add(file("none/x")),
    "fat/is-folder": lambda editor: editor.add(file("DIR")),
    "fat/not-empty": lambda editor: editor.remove(b"dir"),
    "fat/no-such-file": lambda editor: editor.remove(b"none"),
    "fat/root": lambda editor: editor.remove(b""),
    "fat/into-itself": lambda editor: editor.rename(b"dir", b"dir/sub/dir"),
    "fat/is-there": lambda editor: editor.rename(b"dir", b"file"),
    "fat/no-links": lambda editor: editor.link(b"file", b"other"),
    "fat/short-name-taken": lambda editor: editor.add(file("LONGNA~1.TXT")),
    "fat/no-room": lambda editor: editor.add(file("huge", bytes(2_000_000))),
    "fat/file-size": lambda editor: editor.add(Node(b"huge", "file", content=Huge())),
}


class Huge:
    name, size = "huge", 1 << 32

    def read(self, offset: int, length: int) -> bytes:
        raise AssertionError("nobody reads what is refused")


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_done_changes_nothing(code: str) -> None:
    target = volume(folder("dir"), folder("dir/sub"), file("file", b"x"), file("longname.text.txt", b"y"))
    before = bytes(target.data)
    editor = fat.edit(target)
    with pytest.raises(BadInput) as error:
        REFUSED[code](editor)
    assert error.value.faults[0].code == code
    assert target.data == before and target.written == 0
    editor.add(file("after", b"still works"))
    assert contents(fat.read(target))[b"after"] == b"still works" and list(fat.check(target)) == []


def test_a_long_name_may_become_its_own_short_one() -> None:
    target = volume(file("longname.text.txt", b"y"))
    fat.edit(target).rename(b"longname.text.txt", b"LONGNA~1.TXT")
    assert contents(fat.read(target)) == {b"LONGNA~1.TXT": b"y"}


def test_a_full_root_folder_is_refused_and_another_grows() -> None:
    target = volume(folder("sub"), *(file(f"N{number}") for number in range(505)), variant="16")
    editor = fat.edit(target)
    for number in range(6):
        editor.add(file(f"M{number}"))
    with pytest.raises(BadInput, match="its folder is full: it has 512 slots"):
        editor.add(file("ONEMORE"))
    for number in range(600):
        editor.add(file(f"sub/a long name, number {number}"))
    assert len(contents(fat.read(target))) == 505 + 1 + 6 + 600 and list(fat.check(target)) == []
    for number in range(600):
        editor.remove(b"sub/a long name, number %d" % number)
    editor.remove(b"sub")
    assert list(fat.check(target)) == []


def test_what_lies_behind_the_end_of_a_folder_stays_there() -> None:
    """Slots after the end mark may be anything; a file that is added moves the mark on."""
    target = volume(file("A"), variant="16")
    root = fat.read(target).geometry.root_at
    target.write(
        root + 64, b"GARBAGE BIN\x20" + bytes(20) + b"\xe5" + bytes(31) + b"MORE    BIN\x20" + bytes(20)
    )
    assert set(contents(fat.read(target))) == {b"A"}
    fat.edit(target).add(file("B"))
    assert set(contents(fat.read(target))) == {b"A", b"B"} and list(fat.check(target)) == []


def test_what_was_there_does_not_stay_behind_the_end_of_a_file() -> None:
    target = volume(file("secret", b"s" * 512), variant="12")
    editor = fat.edit(target)
    editor.remove(b"secret")
    editor.add(file("other", b"o"))
    assert b"ss" not in bytes(target.data)


def test_counts_that_are_unknown_stay_unknown() -> None:
    target = volume(variant="32")
    target.write(512 + 488, b"\xff" * 8)
    fat.edit(target).add(file("x", b"x"))
    assert target.read(512 + 488, 4) == b"\xff" * 4 and list(fat.check(target)) == []


def test_others_go_on_where_an_edit_ended(tmp_path: Path) -> None:
    image = tmp_path / "shared.img"
    target = volume(folder("ours"), variant="32")
    for number in range(3):
        fat.edit(target).add(file(f"ours/our file number {number}", b"o" * 3000))
        save(target.data, image)
        (tmp_path / "their file.txt").write_bytes(b"t" * 4000)
        tool("mcopy", "-i", image, tmp_path / "their file.txt", f"::their file {number}.txt")
        target = Buffer(image.read_bytes())
        fat.edit(target).remove(b"their file %d.txt" % number)
        fat.edit(target).add(file(f"their file {number}.txt", b"t" * number))
    save(target.data, image)
    tool("fsck.fat", "-n", image)
    assert len(contents(fat.read(target))) == 7 and list(fat.check(target)) == []


class Sparse:
    """A large target of which only what is written is kept."""

    def __init__(self, size: int, data: bytes) -> None:
        self.size, self.name, self.written = size, "sparse", 0
        self.parts: dict[int, bytes] = {}
        self.write(0, data)

    def read(self, offset: int, length: int) -> bytes:
        out = b""
        while length:
            page, skip = divmod(offset, 4096)
            part = min(length, 4096 - skip)
            out += self.parts.get(page, bytes(4096))[skip : skip + part]
            offset, length = offset + part, length - part
        return out

    def write(self, offset: int, data: bytes) -> None:
        self.written += len(data)
        while data:
            page, skip = divmod(offset, 4096)
            old = self.parts.get(page, bytes(4096))
            part = data[: 4096 - skip]
            self.parts[page] = old[:skip] + part + old[skip + len(part) :]
            offset, data = offset + len(part), data[len(part) :]

    def copy(self, offset: int, source: Source, start: int, length: int) -> None:
        self.write(offset, source.read(start, length))


def test_a_megabyte_into_a_large_volume_is_little_work() -> None:
    """20,000 files in 8 GiB: what is written is the file, its part of the two tables, its slot and the counts."""
    nodes = [folder(f"d{number}") for number in range(20)]
    nodes += [file(f"d{number % 20}/file number {number}", b"x") for number in range(20_000)]
    layout = fat.layout(nodes, Packing(size=8 << 30))
    target = Sparse(layout.size, b"")
    for piece in layout.pieces:
        if isinstance(piece, Literally):
            target.write(piece.offset, piece.data)
    target.written = 0
    data = bytes(1_000_000)
    begun = time.process_time()
    editor = fat.edit(target)
    editor.add(file("d7/one more", data))
    assert time.process_time() - begun < 0.3
    assert target.written < 1_010_000
    node = fat.read(target).lookup(b"d7/one more")
    assert node is not None and node.size == len(data)
