"""Damaged GPT disks: every fault provoked, named and mended as sgdisk sees it, mutations and rubbish."""

from __future__ import annotations

import contextlib
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.disk_images import Buffer, tool
from formats.gpt_disks import MIB, disk, verified
from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Source
from portwright.formats import Partition, gpt
from portwright.formats.parts import gpt_table


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
