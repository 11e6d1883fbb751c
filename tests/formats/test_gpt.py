"""GPT disks: made for sgdisk and sfdisk, read from theirs, with nothing left to chance."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.disk_images import file, folder, render, save, tool
from formats.gpt_disks import MIB, REDOX, disk, verified
from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Window
from portwright.formats import Packing, Partition, fat, gpt
from portwright.formats.parts import gpt_table


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


def test_types_are_those_of_others(tmp_path: Path) -> None:
    image = tmp_path / "types.img"
    with image.open("wb") as out:
        out.truncate(20 * MIB)
    words = {"8300": "linux", "8200": "linux-swap", "0700": "basic-data", "ef02": "bios", "ef00": "efi"}
    options = [word for code in words for word in ("-n", "0:0:+1M", "-t", f"0:{code}")]
    tool("sgdisk", *options, image)
    assert [each.kind for each in gpt.read(Memory(image.read_bytes())).partitions] == list(words.values())


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
