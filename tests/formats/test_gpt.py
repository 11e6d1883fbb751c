"""GPT disks: made for sgdisk and sfdisk, read from theirs, every fault provoked, named and mended, and on rubbish."""

from __future__ import annotations

import contextlib
import json
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.disk_images import Buffer, file, folder, render, save, tool
from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Source, Window
from portwright.formats import Packing, Partition, fat, gpt
from portwright.formats.parts import gpt_table

MIB = 1 << 20
REDOX = [
    Partition(1, 34 * 512, (2048 - 34) * 512, "bios", "BIOS"),
    Partition(2, 2048 * 512, MIB, "efi", "EFI", content=Memory(b"e" * 1000)),
    Partition(3, 4096 * 512, 2 * MIB, "redox", "REDOX", content=Memory(b"r" * 2 * MIB)),
]


def disk(partitions: list[Partition] | None = None, **fields: Any) -> Buffer:
    return Buffer(render(gpt.layout(REDOX if partitions is None else partitions, Packing(**fields))), "disk")


def verified(target: Buffer, path: Path) -> str:
    """What sgdisk says to a disk."""
    save(target.data, path)
    return tool("sgdisk", "-v", path, ok=None)


def test_the_redox_disk_is_what_others_read(tmp_path: Path) -> None:
    target, image = disk(), tmp_path / "disk.img"
    assert "No problems found" in verified(target, image)
    said = json.loads(tool("sfdisk", "--json", image))["partitiontable"]
    assert (said["label"], said["firstlba"], said["lastlba"]) == ("gpt", 34, target.size // 512 - 34)
    rows = [(row["start"], row["size"], row["name"], row["type"]) for row in said["partitions"]]
    assert rows == [
        (34, 2014, "BIOS", "21686148-6449-6E6F-744E-656564454649"),
        (2048, 2048, "EFI", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"),
        (4096, 4096, "REDOX", "0FC63DAF-8483-4772-8E79-3D69D8477DE4"),
    ]
    ours = gpt.read(target)
    assert [gpt_table.guid_text(each.uuid) for each in ours.partitions] == [
        row["uuid"] for row in said["partitions"]
    ]
    assert ours.facts["guid"] == said["id"]
    assert "ID=0xee" in tool("file", image)
    assert list(gpt.check(target)) == []


def test_what_is_put_in_is_what_comes_out() -> None:
    target = disk(uuid=5)
    ours = gpt.read(target)
    assert [(each.number, each.start, each.size, each.kind, each.label) for each in ours.partitions] == [
        (each.number, each.start, each.size, "linux" if each.kind == "redox" else each.kind, each.label)
        for each in REDOX
    ]
    assert Window(target, ours.partitions[1].start, 1001).read(0, 1001) == b"e" * 1000 + b"\0"
    assert gpt.packing(ours) == Packing(size=target.size, uuid=5)
    assert disk(list(ours.partitions), uuid=5).read(0, 17408) == target.read(0, 17408)
    assert gpt.identify(target) == "disk with a GUID partition table"


def test_a_volume_inside_is_read_through_a_window(tmp_path: Path) -> None:
    volume = Memory(render(fat.layout([folder("EFI"), file("EFI/x", b"inside")], Packing())))
    target = disk([Partition(0, 0, 0, "efi", content=volume)])
    (part,) = gpt.read(target).partitions
    assert (part.start, part.size) == (MIB, volume.size)
    inner = fat.read(Window(target, part.start, part.size))
    found = inner.lookup(b"efi/X")
    assert found is not None and found.size == 6
    save(target.data, tmp_path / "disk.img")
    assert tool("mtype", "-i", f"{tmp_path / 'disk.img'}@@1M", "::EFI/x") == "inside"


def test_places_and_sizes_are_found() -> None:
    target = disk(
        [Partition(0, 0, 100 * 1024, "linux"), Partition(0, 0, 0, "efi", content=Memory(b"x" * 700))]
    )
    assert [(each.number, each.start, each.size) for each in gpt.read(target).partitions] == [
        (1, MIB, 100 * 1024),
        (2, 2 * MIB, 1024),
    ]
    assert target.size == 3 * MIB
    target = disk([Partition(1, 0, MIB, "linux"), Partition(7, 0, 0, "linux", "rest")], size=10 * MIB)
    assert [(each.number, each.start, each.size) for each in gpt.read(target).partitions][1] == (
        7,
        2 * MIB,
        7 * MIB,
    )


def test_nothing_is_random() -> None:
    assert disk().data == disk().data
    assert disk(label="other").data != disk().data
    first, second = (gpt.read(disk(**fields)) for fields in ({}, {"size": 20 * MIB}))
    assert first.facts["guid"] == second.facts["guid"]
    guids = {each.uuid for each in first.partitions}
    assert len(guids) == 3 and all(guid >> 76 & 15 == 8 and guid >> 62 & 3 == 2 for guid in guids)


@pytest.mark.parametrize(
    "word", ["efi", "bios", "linux", "redox", "Linux filesystem", "basic-data", "linux-swap"]
)
def test_types_are_words_or_guids(word: str, tmp_path: Path) -> None:
    guid = gpt_table.guid_text(gpt.kind_guid(word) or 0)
    again = gpt.read(disk([Partition(1, 0, MIB, guid)])).partitions[0].kind
    assert again == gpt.SAME_AS.get(word.lower(), word)
    other = "01234567-89AB-CDEF-0123-456789ABCDEF"
    target = disk([Partition(1, 0, MIB, other.lower(), attributes=1 << 63 | 5)])
    found = gpt.read(target).partitions[0]
    assert (found.kind, found.attributes) == (other, 1 << 63 | 5)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    rows = [
        Partition(1, 10 * 512, 512, "efi"),
        Partition(1, 2 * MIB + 1, 513, "linux"),
        Partition(3, 2 * MIB + 1024, MIB, "linx", "n" * 37),
        Partition(200, 5 * MIB, 512, "efi", content=Memory(b"x" * 513), attributes=1 << 64),
        Partition(5, 9 * MIB, 0, "efi"),
    ]
    with pytest.raises(BadInput) as error:
        gpt.layout(rows, Packing(size=6 * MIB, most=MIB, uuid=1 << 128))
    codes = sorted(fault.code or "" for fault in error.value.faults)
    assert codes == [
        "gpt/content-size",
        "gpt/kind",
        "gpt/name",
        "gpt/no-room",
        "gpt/no-room",
        "gpt/no-size",
        "gpt/number",
        "gpt/number",
        "gpt/number",
        "gpt/number",
        "gpt/out-of-range",
        "gpt/unaligned",
    ]
    assert "did you mean `linux`?" in str(error.value) and all(fault.hint for fault in error.value.faults)
    with pytest.raises(BadInput, match="begins at 0x200000, inside partition 1 `a`, which ends at 0x300000"):
        gpt.layout([Partition(1, MIB, 2 * MIB, "efi", "a"), Partition(2, 2 * MIB, MIB, "efi")], Packing())
    with pytest.raises(BadInput, match="the same uuid"):
        gpt.layout([Partition(1, 0, MIB, "efi", uuid=9), Partition(2, 0, MIB, "efi", uuid=9)], Packing())
    with pytest.raises(BadInput, match="at least 67"):
        gpt.layout([], Packing(size=1000))


def test_what_others_make_is_read(tmp_path: Path) -> None:
    image = tmp_path / "theirs.img"
    with image.open("wb") as out:
        out.truncate(20 * MIB)
    tool(
        "sgdisk",
        "-n",
        "3:0:+1M",
        "-c",
        "3:Ünïcode ☃",
        "-t",
        "3:ef00",
        "-n",
        "1:8192:+3M",
        "-A",
        "1:set:2",
        image,
    )
    ours = gpt.read(Memory(image.read_bytes()))
    assert [
        (each.number, each.start, each.size, each.kind, each.label, each.attributes)
        for each in ours.partitions
    ] == [
        (1, 8192 * 512, 3 * MIB, "linux", "", 4),
        (3, MIB, MIB, "efi", "Ünïcode ☃", 0),
    ]
    assert list(gpt.check(ours.source)) == []
    table = "label: gpt\nfirst-lba: 2048\n\nstart=4096, size=2048, type=uefi, name=x\nsize=1000\n"
    tool("sfdisk", image, stdin=table.encode())
    ours = gpt.read(Memory(image.read_bytes()))
    assert [each.start // 512 for each in ours.partitions] == [4096, 6144]
    assert list(gpt.check(ours.source)) == []


def wide(target: Buffer) -> Buffer:
    """The same disk with sectors of 4096 bytes, eight times as large."""
    table, _ = gpt_table.examine(target, 1, 512)
    assert table is not None
    end = target.size // 512
    out = Buffer(bytes(target.size * 8))
    rows = -(-len(table.rows) // 4096)
    for lba, other, at in ((1, end - 1, 2), (end - 1, 1, end - 1 - rows)):
        made = gpt_table.Table(4096, lba, other, table.first, table.last, table.guid, at, 128, table.rows)
        out.write(at * 4096, table.rows)
        out.write(lba * 4096, made.header())
    out.write(446, target.read(446, 66))
    return out


def test_sectors_of_4096_bytes_are_read() -> None:
    target = wide(disk())
    ours = gpt.read(target)
    assert (ours.facts["sector"], ours.partitions[1].start) == (4096, 2048 * 4096)
    assert list(gpt.check(target)) == [] and "sectors of 4096" in (gpt.identify(target) or "")
    target.write(4096 + 60, b"\xff")
    assert gpt.read(target).facts["header"] == "backup"
    assert gpt.repair(target) != [] and list(gpt.check(target)) == []


# what can be wrong


def again(target: Buffer, change: Callable[[bytearray, bytearray], None], lba: int) -> None:
    """Change a header and its entries, with the right checksums."""
    at = lba * 512
    head = bytearray(target.read(at, 92))
    place, count, size = struct.unpack_from("<QII", head, 72)
    rows = bytearray(target.read(place * 512, count * size))
    change(head, rows)
    struct.pack_into("<I", head, 88, zlib.crc32(rows))
    struct.pack_into("<I", head, 16, 0)
    struct.pack_into("<I", head, 16, zlib.crc32(head))
    target.write(place * 512, rows)
    target.write(at, head)


def both(target: Buffer, change: Callable[[bytearray, bytearray], None]) -> None:
    for lba in (1, target.size // 512 - 1):
        again(target, change, lba)


def row(number: int, offset: int, data: bytes) -> Callable[[bytearray, bytearray], None]:
    def change(head: bytearray, rows: bytearray) -> None:
        at = (number - 1) * 128 + offset
        rows[at : at + len(data)] = data

    return change


def grown(target: Buffer) -> None:
    target.data += bytes(3 * MIB)  # type: ignore[operator]
    target.size = len(target.data)


def cut(target: Buffer) -> None:
    target.data = target.data[: -100 * 512]
    target.size = len(target.data)


END = disk().size // 512 - 1
CASES: dict[str, tuple[Callable[[Buffer], None], set[str], bool]] = {
    "first header damaged": (lambda at: at.write(512 + 20, b"\1"), {"gpt/header"}, True),
    "first header zeroed": (lambda at: at.write(512, bytes(512)), {"gpt/header"}, True),
    "first entries damaged": (lambda at: at.write(1024 + 200, b"\1"), {"gpt/header"}, True),
    "backup header damaged": (lambda at: at.write(END * 512 + 30, b"\1"), {"gpt/backup-missing"}, True),
    "backup zeroed": (lambda at: at.write((END - 32) * 512, bytes(33 * 512)), {"gpt/backup-missing"}, True),
    "backup differs": (lambda at: again(at, row(2, 56, b"X"), END), {"gpt/backup-differs"}, True),
    "no boot record": (lambda at: at.write(0, bytes(512)), {"gpt/protective-mbr"}, True),
    "wrong size in it": (lambda at: at.write(446 + 12, b"\x99\0\0\0"), {"gpt/protective-mbr"}, True),
    "an old table beside": (lambda at: at.write(446 + 4, b"\x83"), {"gpt/protective-mbr"}, False),
    "a hybrid one": (
        lambda at: at.write(462, b"\0\0\0\0\x83\0\0\0\0\x10\0\0\0\x10\0\0"),
        {"gpt/protective-mbr"},
        False,
    ),
    "the disk grew": (grown, {"gpt/backup-not-at-end", "gpt/protective-mbr"}, True),
    "the disk was cut off": (cut, {"gpt/backup-missing", "gpt/protective-mbr", "gpt/out-of-range"}, True),
    "two partitions overlap": (
        lambda at: both(at, row(2, 40, struct.pack("<Q", 5000))),
        {"gpt/overlap"},
        False,
    ),
    "one ends beyond": (
        lambda at: both(at, row(3, 40, struct.pack("<Q", 99999))),
        {"gpt/out-of-range"},
        False,
    ),
    "one ends before its start": (
        lambda at: both(at, row(3, 40, struct.pack("<Q", 9))),
        {"gpt/out-of-range"},
        False,
    ),
    "one begins in the table": (
        lambda at: both(at, row(1, 32, struct.pack("<Q", 5))),
        {"gpt/out-of-range"},
        False,
    ),
    "the same GUID twice": (
        lambda at: both(at, row(2, 16, bytes(at.data[1024 + 16 : 1024 + 32]))),
        {"gpt/duplicate-uuid"},
        False,
    ),
    "no GUID": (lambda at: both(at, row(2, 16, bytes(16))), {"gpt/duplicate-uuid"}, False),
    "a name that is none": (lambda at: both(at, row(2, 56, b"\0\xd8")), {"gpt/name"}, False),
    "rest of another name": (lambda at: both(at, row(2, 56 + 20, b"x\0")), {"gpt/name"}, False),
}
NOT_SAID = {
    "wrong size in it",
    "a name that is none",
    "rest of another name",
    "no GUID",
    "the same GUID twice",
}
"""What sgdisk -v has no word for."""


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_named_and_mended(case: str, tmp_path: Path) -> None:
    damage, codes, mends = CASES[case]
    target = disk()
    before = gpt.read(target).partitions
    damage(target)
    problems = list(gpt.check(target))
    assert {each.code for each in problems} == codes, problems
    said = verified(target, tmp_path / "disk.img")
    assert said.strip().startswith("No problems found") == (case in NOT_SAID), said
    done = gpt.repair(target)
    left = list(gpt.check(target))
    assert not any(each.mends for each in left), left
    if mends:
        assert done and left == [] and gpt.read(target).partitions == before
        assert "No problems found" in verified(target, tmp_path / "disk.img")
        assert gpt.repair(target) == []
    else:
        assert left and not done


def test_the_backup_is_read_with_a_warning() -> None:
    target = disk()
    good = gpt.read(target)
    target.write(512, bytes(512))
    ours = gpt.read(target)
    assert ours.partitions == good.partitions
    assert ours.facts["header"] == "backup" and "begin with `EFI PART`" in str(ours.facts["warning"])
    assert "first header lost" in (gpt.identify(target) or "")


def test_on_a_grown_disk_a_damaged_header_still_leads_to_the_backup() -> None:
    target = disk()
    grown(target)
    target.write(512 + 56, b"\xff\xff")
    assert gpt.read(target).facts["header"] == "backup"
    assert gpt.repair(target) and list(gpt.check(target)) == []


def test_the_entries_of_a_moved_table_stay_where_they_are(tmp_path: Path) -> None:
    """Boards whose firmware lies behind the header have the entries elsewhere: repair does not write over it."""
    image = tmp_path / "moved.img"
    with image.open("wb") as out:
        out.truncate(20 * MIB)
    tool("sgdisk", "-j", "1000", "-n", "1:4096:+1M", image)
    target = Buffer(image.read_bytes())
    target.write(1024, b"firmware")
    assert list(gpt.check(target)) == []
    target.write(512, bytes(100))
    gpt.repair(target)
    assert target.read(1024, 8) == b"firmware" and list(gpt.check(target)) == []
    assert "No problems found" in verified(target, image)


def test_what_is_no_gpt_is_said_with_what_it_is() -> None:
    with pytest.raises(BadInput, match="nor is the last"):
        gpt.read(Memory(bytes(MIB)))
    plain = bytearray(MIB)
    plain[446:462] = b"\x80\0\0\0\x83\0\0\0\x01\0\0\0\x10\0\0\0"
    plain[510:] = b"\x55\xaa" + bytes(MIB - 512)
    with pytest.raises(BadInput, match="a plain master boot record with 1 partitions") as error:
        gpt.read(Memory(plain))
    assert error.value.faults[0].hint == "read it as `mbr`"
    assert gpt.identify(Memory(plain)) is None
    assert [each.code for each in gpt.check(Memory(plain))] == ["gpt/none"]
    with pytest.raises(BadInput, match="look for their file systems"):
        gpt.repair(Buffer(plain))


PARTS = some.builds(
    Partition,
    number=some.just(0),
    start=some.just(0),
    size=some.integers(1, 3000).map(lambda count: count * 512),
    kind=some.sampled_from([*gpt.KINDS, "01234567-89AB-CDEF-0123-456789ABCDEF"]),
    label=some.text(some.characters(min_codepoint=1, max_codepoint=0xD7FF), max_size=36),
    uuid=some.just(0),
    attributes=some.integers(0, (1 << 64) - 1),
)


@settings(max_examples=40, deadline=None)
@given(some.lists(PARTS, max_size=20), some.none() | some.integers(0, (1 << 128) - 1))
def test_any_partitions_come_back(parts: list[Partition], uuid: int | None) -> None:
    target = disk(parts, uuid=uuid)
    ours = gpt.read(target)
    assert [(each.size, each.kind, each.label, each.attributes) for each in ours.partitions] == [
        (each.size, each.kind, each.label, each.attributes) for each in parts
    ]
    assert {each.code for each in gpt.check(target)} <= {"gpt/name"}


def everything(source: Source) -> None:
    """Ask for all that there is; only `BadInput` may come."""
    gpt.identify(source)
    list(gpt.check(source))
    try:
        gpt.packing(gpt.read(source))
    except BadInput as error:
        assert error.faults and all(fault.what for fault in error.faults)


BASE = bytes(disk([Partition(1, 34 * 512, 512, "bios"), Partition(2, 0, 1024, "efi", "name")]).data)


def row_of_header(place: int, value: int) -> Callable[[bytearray, bytearray], None]:
    def change(head: bytearray, rows: bytearray) -> None:
        head[place] = value

    return change


@settings(max_examples=150, deadline=None)
@given(some.data())
def test_mutations_end_in_clean_errors(draw: some.DataObject) -> None:
    target = Buffer(BASE)
    for _ in range(draw.draw(some.integers(1, 6))):
        place = draw.draw(some.integers(440, 1600) | some.integers(len(BASE) - 17000, len(BASE) - 1))
        target.write(place, bytes([draw.draw(some.integers(0, 255))]))
    if draw.draw(some.booleans()):  # with right checksums the fields are believed
        end = len(BASE) // 512 - 1
        place, size = draw.draw(some.integers(24, 87)), draw.draw(some.integers(0, 255))
        change = row_of_header(place, size)
        with contextlib.suppress(BadInput, struct.error):
            again(target, change, draw.draw(some.sampled_from([1, end])))
    cut = draw.draw(some.just(len(BASE)) | some.integers(0, len(BASE)))
    begun = time.process_time()
    everything(Memory(target.data[:cut]))
    assert time.process_time() - begun < 2


@settings(max_examples=50, deadline=None)
@given(some.binary(max_size=3000))
def test_rubbish(rubbish: bytes) -> None:
    everything(Memory(rubbish))
    everything(Memory(BASE[:1024] + rubbish))
