"""Disks with a master boot record: read from sfdisk's, told from volumes and from GPT disks, checked, and on rubbish."""

from __future__ import annotations

import json
import struct
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.disk_images import Buffer, file, render, tool
from portwright.base.errors import BadInput
from portwright.base.sources import File, Memory, Source
from portwright.formats import Packing, Partition, fat, gpt, mbr

MIB = 1 << 20
TABLE = """label: dos
start=2048, size=2048, type=ef
start=4096, size=4096, type=83, bootable
start=8192, size=20480, type=5
start=10240, size=2048, type=c
start=14336, size=2048, type=82
start=18432, size=1000, type=a5
"""


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    image = tmp_path / "theirs.img"
    with image.open("wb") as out:
        out.truncate(20 * MIB)
    tool("sfdisk", image, stdin=TABLE.encode())
    return image


def test_what_others_make_is_read(theirs: Path) -> None:
    ours = mbr.read(File(theirs))
    rows = json.loads(tool("sfdisk", "--json", theirs))["partitiontable"]["partitions"]
    assert [(each.start // 512, each.size // 512) for each in ours.partitions] == [
        (row["start"], row["size"]) for row in rows if row["type"] != "5"
    ]
    assert [(each.number, each.kind) for each in ours.partitions] == [
        (1, "efi"),
        (2, "linux"),
        (5, "fat32"),
        (6, "linux-swap"),
        (7, "0xa5"),
    ]
    assert ours.partitions[1].attributes == 0x80
    assert list(mbr.check(ours.source)) == []
    assert mbr.identify(ours.source) == "disk with a master boot record, 3 partitions"
    assert mbr.packing(ours) == Packing(size=20 * MIB)


def test_a_volume_and_a_gpt_disk_are_something_else() -> None:
    volume = Memory(render(fat.layout([file("x")], Packing())))
    disk = Memory(render(gpt.layout([Partition(1, 0, MIB, "efi")], Packing())))
    assert mbr.identify(volume) is None and mbr.identify(disk) is None and mbr.identify(Memory(b"")) is None


def test_it_is_only_read() -> None:
    with pytest.raises(BadInput, match="make a `gpt`"):
        mbr.layout([], Packing())


def row(number: int, status: int, kind: int, first: int, sectors: int) -> tuple[int, bytes]:
    return 446 + 16 * (number - 1), struct.pack("<B3xB3xII", status, kind, first, sectors)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("mbr/overlap", row(2, 0, 0x83, 3000, 100)),
        ("mbr/out-of-range", row(2, 0, 0x83, 1 << 16, 100)),
        ("mbr/status", row(2, 1, 0x83, 4096, 100)),
        ("mbr/none", (510, b"\0\0")),
        ("mbr/extended", (8192 * 512 + 510, b"\0\0")),
        ("mbr/extended", (8192 * 512 + 462 + 8, b"\0\0\0\0")),
    ],
)
def test_a_fault_is_named(code: str, change: tuple[int, bytes], theirs: Path) -> None:
    target = Buffer(theirs.read_bytes())
    target.write(*change)
    assert [each.code for each in mbr.check(target)] == [code]


def everything(source: Source) -> None:
    mbr.identify(source)
    list(mbr.check(source))
    try:
        mbr.packing(mbr.read(source))
    except BadInput as error:
        assert error.faults and all(fault.what for fault in error.faults)


BASE = bytearray(20 * 512)
BASE[510:512] = BASE[5 * 512 + 510 : 6 * 512] = BASE[9 * 512 + 510 : 10 * 512] = b"\x55\xaa"
for at, data in (row(1, 0, 0x83, 1, 3), row(2, 0, 5, 5, 15)):
    BASE[at : at + 16] = data
for base, rows in ((5, (row(1, 0, 0x83, 1, 2), row(2, 0, 5, 4, 3))), (9, (row(1, 0, 0x83, 1, 2),))):
    for at, data in rows:
        BASE[base * 512 + at : base * 512 + at + 16] = data


@settings(max_examples=100, deadline=None)
@given(some.data())
def test_mutations_end_in_clean_errors(draw: some.DataObject) -> None:
    image = bytearray(BASE)
    for _ in range(draw.draw(some.integers(1, 6))):
        place = draw.draw(some.sampled_from([0, 5, 9])) * 512 + draw.draw(some.integers(446, 511))
        image[place] = draw.draw(some.sampled_from([0, 1, 5, 0x80, 0xFF]) | some.integers(0, 255))
    begun = time.process_time()
    everything(Memory(image[: draw.draw(some.just(len(image)) | some.integers(0, len(image)))]))
    assert time.process_time() - begun < 2


def test_the_made_up_disk_is_a_good_one() -> None:
    assert [(each.number, each.start) for each in mbr.read(Memory(BASE)).partitions] == [
        (1, 512),
        (5, 6 * 512),
        (6, 10 * 512),
    ]
    assert list(mbr.check(Memory(BASE))) == []
