"""What check finds in an initfs: every fault by its code, nothing in a sound image; and what repair mends."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from formats.initfs_samples import ALL, PAGE, file, folder, link, old_image, packed
from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Source, inside
from portwright.formats import Problem, redox_initfs

PROGRAM = struct.pack("<16sHHIQ", b"\x7fELF\2\1\1" + bytes(9), 2, 183, 1, 0x2800).ljust(PAGE, b"\1")
TREE = [
    *(folder(b"bin"), file(b"bin/init", b"the first", 0o755), file(b"bin/other", b"x" * 5000, 0o755)),
    *(link(b"bin/link", b"init"), folder(b"etc"), folder(b"etc/more")),
]


class Writable(Memory):
    """Bytes in memory that can be written: a `Target`."""

    def __init__(self, data: bytes) -> None:
        super().__init__(bytearray(data))

    def write(self, offset: int, data: bytes) -> None:
        inside(self, offset, len(data))
        assert isinstance(self.data, bytearray)
        self.data[offset : offset + len(data)] = data

    def copy(self, offset: int, source: Source, start: int, length: int) -> None:
        self.write(offset, source.read(start, length))


def image(layout: str = "R3") -> bytearray:
    """A sound image."""
    return bytearray(packed(layout, TREE, bootstrap=Memory(PROGRAM)))


def row(data: bytearray, path: bytes) -> int:
    """Where a file's inode lies."""
    volume = redox_initfs.read(Memory(bytes(data)))
    node = volume.lookup(path)
    assert node is not None
    return volume.header.table + volume.stride * node.number


def entry(data: bytearray, path: bytes) -> int:
    """Where a file's entry lies in its folder."""
    volume = redox_initfs.read(Memory(bytes(data)))
    node, parent = volume.lookup(path), volume.lookup(path.rpartition(b"/")[0])
    assert node is not None and parent is not None
    _, length, offset = volume.inode(parent.number)
    places = range(offset, offset + length, 8)
    return next(place for place in places if struct.unpack_from("<H", data, place)[0] == node.number)


def put(form: str, place: Callable[[bytearray], int] | int, *values: int) -> Callable[[bytearray], None]:
    """A damage: values written at a place."""

    def damage(data: bytearray) -> None:
        struct.pack_into("<" + form, data, place if isinstance(place, int) else place(data), *values)

    return damage


def at(find: Callable[[bytearray, bytes], int], path: bytes, skip: int = 0) -> Callable[[bytearray], int]:
    return lambda data: find(data, path) + skip


def rename(path: bytes, name: bytes) -> Callable[[bytearray], None]:
    """A damage: another name in the same place."""

    def damage(data: bytearray) -> None:
        place = entry(data, path)
        start = struct.unpack_from("<I", data, place + 4)[0]
        data[start : start + len(name)] = name
        struct.pack_into("<H", data, place + 2, len(name))

    return damage


def empty_folder(length: int) -> Callable[[bytearray], None]:
    """A damage: the folder etc/more has so many bytes of entries, all zero but their inode."""

    def damage(data: bytearray) -> None:
        struct.pack_into("<II", data, row(data, b"etc/more") + 4, length, len(data))
        data.extend(struct.pack("<HHI", 1, 1, 0x4000) * -(-length // 8))
        struct.pack_into("<Q", data, 0x22, len(data))

    return damage


def point_to(path: bytes, other: bytes) -> Callable[[bytearray], None]:
    """A damage: a name leads to another inode."""

    def damage(data: bytearray) -> None:
        data[(place := entry(data, path)) : place + 2] = data[(there := entry(data, other)) : there + 2]

    return damage


def lose(path: bytes) -> Callable[[bytearray], None]:
    """A damage: the folder's last entry, which is `path`, is no longer in it."""

    def damage(data: bytearray) -> None:
        place = row(data, path.rpartition(b"/")[0]) + 4
        struct.pack_into("<I", data, place, struct.unpack_from("<I", data, place)[0] - 8)

    return damage


def no_program(data: bytearray) -> None:
    data[PAGE : 2 * PAGE] = bytes(PAGE)


def trailing(data: bytearray) -> None:
    data.extend(b"\0" * 100 + b"!")


def beside_a_page(data: bytearray) -> None:
    place = row(data, b"bin/other") + 4
    length, offset = struct.unpack_from("<II", data, place)
    struct.pack_into("<II", data, place, length - 1, offset + 1)


# code -> the damage that makes check find it
DAMAGES: dict[str, Callable[[bytearray], None]] = {
    "magic": put("B", 3, 0),
    "cut-off": put("I", 8, 0x7FFF_0000),
    "kind": put("I", at(row, b"bin/other"), 0x5000_01ED),
    "outside": put("I", at(row, b"bin/other", 4), 0x7000_0000),
    "long-path": put("I", at(row, b"bin/link", 4), 5000),
    "root": put("I", at(row, b""), 0x01ED),
    "folder-length": put("I", at(row, b"bin", 4), 23),
    "entry-inode": put("H", at(entry, b"bin/other"), 99),
    "name-outside": put("I", at(entry, b"bin/other", 4), 0x7000_0000),
    "name": rename(b"bin/other", b"a/b"),
    "same-name": rename(b"bin/other", b"init"),
    "cycle": point_to(b"etc/more", b"etc"),
    "shared": point_to(b"bin/other", b"bin/init"),
    "lost": lose(b"bin/other"),
    "name-text": rename(b"bin/other", b"\xfe\xff"),
    "no-init": rename(b"bin/init", b"exit"),
    "alignment": beside_a_page,
    "overlap": put("I", at(row, b"bin/other", 8), 0x2000),
    "page-size": put("H", 0x2A, 16384),
    "size": put("Q", 0x22, 20_000),
    "trailing": trailing,
    "no-entry": put("Q", 0x1A, 0),
    "no-bootstrap": put("Q", 0x1A, 0xFFFF_FFFF_FFFF_FFFF),
    "bootstrap-kind": no_program,
    "entry-differs": put("Q", 0x1A, 0x2804),
    "entry-outside": lambda data: [put("Q", place, 0x9000)(data) for place in (0x1A, PAGE + 24)].clear(),
}


def codes(data: bytes) -> set[str]:
    return {problem.code.removeprefix("redox-initfs/") for problem in redox_initfs.check(Memory(data))}


@pytest.mark.parametrize("layout", ["R3", "R4a", "R4b", "R5"])
def test_nothing_is_wrong_with_a_sound_image(layout: str) -> None:
    assert list(redox_initfs.check(Memory(bytes(image(layout))))) == []
    padded = bytes(image(layout)).ljust(16 * 4 * PAGE, b"\0")
    assert codes(padded[: -(-len(image(layout)) // PAGE) * PAGE]) == set()


def test_nothing_is_wrong_with_a_sound_old_image() -> None:
    tree = {"bin": {"init": b"1"}, "etc": {}}
    assert codes(old_image("R0", tree, page=False)) == set()
    for layout in ("R1", "R2"):
        assert codes(old_image(layout, tree)) == {"no-bootstrap"}
        assert codes(old_image(layout, tree, bootstrap=PROGRAM)) == {"entry-differs"}


@pytest.mark.parametrize("code", DAMAGES)
def test_a_damage_is_found(code: str) -> None:
    data = image()
    DAMAGES[code](data)
    found = [p for p in redox_initfs.check(Memory(bytes(data))) if p.code == f"redox-initfs/{code}"]
    assert found and all(problem.what for problem in found)
    if code not in ("no-init", "cycle", "shared", "name-text"):
        assert found[0].address is not None
    if code in ("kind", "outside", "long-path", "alignment", "cycle", "shared", "name-text"):
        assert found[0].path.startswith((b"bin/", b"etc/")) or code == "alignment"


def test_folders_with_more_entries_than_there_can_be() -> None:
    data = image()
    empty_folder(8 * 66_000)(data)
    found = codes(bytes(data))
    assert "folder-length" in found and "same-name" in found
    names = b"".join(b"%05d" % number for number in range(33_000))
    start = len(data)
    entries = b"".join(struct.pack("<HHI", 1, 5, start + 5 * n) for n in range(33_000))
    data += names
    for path in (b"etc", b"bin"):
        struct.pack_into("<II", data, row(data, path) + 4, len(entries), len(data))
    data += entries
    assert "many-entries" in codes(bytes(data))


def test_every_code_has_a_damage() -> None:
    source = Path(redox_initfs.__file__)
    parts = (source.parent / "parts").glob("redox_initfs_*.py")
    text = "".join(path.read_text() for path in (source, *parts))
    known = set(re.findall(r'Problem\(\s*"redox-initfs/([a-z-]+)"', text))
    known |= set(re.findall(r'place\(\s*"redox-initfs/([a-z-]+)"', text))
    assert len(known) > 20
    assert known - {"many-entries"} <= set(DAMAGES)


def test_problems_say_where_and_what_next() -> None:
    data = image()
    DAMAGES["no-bootstrap"](data)
    no_program(data)
    found = {problem.code: problem for problem in redox_initfs.check(Memory(bytes(data)))}
    bootstrap = found["redox-initfs/no-bootstrap"]
    assert "Bootstrap entry point: FFFFFFFFFFFFFFFF" in bootstrap.what and bootstrap.severity == "error"
    assert (bootstrap.address, bootstrap.mends) == (0x1A, False) and "bootstrap" in bootstrap.hint
    redoxfs = list(redox_initfs.check(Memory(b"RedoxFS\0".ljust(4096, b"\0"))))
    assert [problem.code for problem in redoxfs] == ["redox-initfs/magic"] and "redoxfs" in redoxfs[0].hint


def test_reading_stops_where_the_tree_is_damaged() -> None:
    for code in ("kind", "outside", "cycle", "name", "same-name", "entry-inode", "name-outside", "long-path"):
        data = image()
        DAMAGES[code](data)
        volume = redox_initfs.read(Memory(bytes(data)))
        with pytest.raises(BadInput) as error:
            list(volume.walk())
        assert error.value.faults[0].code == f"redox-initfs/{code}"
        assert volume.lookup(b"bin/init") is not None  # the rest is there all the same


@pytest.mark.parametrize("layout", ["R3", "R5"])
@pytest.mark.parametrize("damage", ["size", "entry-differs", "no-entry", "no-bootstrap"])
def test_the_header_is_mended(layout: str, damage: str) -> None:
    sound = image(layout)
    data = Writable(sound)
    place = 0x1A if damage != "size" else {"R3": 0x22, "R5": 0x0C}[layout]
    value = {"size": 5000, "entry-differs": 0x2804, "no-entry": 0, "no-bootstrap": 0xFFFF_FFFF_FFFF_FFFF}[
        damage
    ]
    data.write(place, struct.pack("<Q", value))
    found = [problem for problem in redox_initfs.check(data) if problem.mends]
    assert [problem.code for problem in found] == [f"redox-initfs/{damage}"]
    assert len(redox_initfs.repair(data)) == 1
    assert bytes(data.data) == bytes(sound)
    assert redox_initfs.repair(data) == []


def test_what_is_lost_is_not_mended() -> None:
    data = Writable(bytes(image())[:-4097])
    found = {problem.code: problem for problem in redox_initfs.check(data)}
    assert not any(problem.mends for problem in found.values()) and "redox-initfs/size" in found
    before = bytes(data.data)
    assert redox_initfs.repair(data) == [] and bytes(data.data) == before


@pytest.mark.parametrize("layout", ALL)
def test_problems_of_any_layout_have_codes(layout: str) -> None:
    data = bytearray(old_image(layout, {"a": b"1"}) if layout < "R3" else image(layout))
    data[-3:] = b"\xff\xff\xff"
    assert all(isinstance(problem, Problem) and problem.code for problem in redox_initfs.check(Memory(data)))
