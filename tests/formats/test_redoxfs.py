"""The format redoxfs: the hash, the ring of headers, every finding, and the crate's own tools where they are there."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Window
from portwright.formats import Packing, redoxfs
from portwright.formats._redoxfs.hashes import seahash

BLOCK, RING = 4096, 256
SIZE = (RING + 8) * BLOCK
# Generation 5 as `redoxfs-ar` of redoxfs 0.9.1 wrote it: the rest of its block is zero but for its hash.
REAL = bytes.fromhex(
    "5265646f7846530008000000000000007853f95c7a754e37bb87b3c361e621f700000001000000000500000000000000"
    "001c0100000000000ca2c67b0d291c80001a0100000000007937ca3f434bd632"
)
REAL_HASH = bytes.fromhex("541c1c82ca8d2927")


def header(generation: int, **changes: int | bytes | bool) -> bytes:
    """A header whose hash is right, unless it is told otherwise."""
    fields = {
        "version": 8,
        "uuid": b"U" * 16,
        "size": SIZE,
        "tree": 257,
        "alloc": 258,
        "sound": True,
    } | changes
    data = struct.pack(
        "<8sQ16sQQ", b"RedoxFS\0", fields["version"], fields["uuid"], fields["size"], generation
    )
    for name in ("tree", "alloc"):
        data += struct.pack("<QQ", int(fields[name]) << 8, seahash(block(int(fields[name]))))
    data = data.ljust(4072, b"\0")
    right = struct.pack("<Q", seahash(data) + (not fields["sound"]) & (1 << 64) - 1)
    return data + (b"\7" * 16 if fields.get("encrypted") else right + bytes(8)) + right


def block(number: int) -> bytes:
    """What lies in a block of the images here."""
    return struct.pack("<Q", number) * (BLOCK // 8)


def image(generations: int = 5, *, before: bytes = b"", headers: dict[int, bytes] | None = None) -> bytearray:
    """A file system of so many generations; some headers may be others."""
    data = bytearray(SIZE)
    for number in (257, 258):
        data[number * BLOCK : (number + 1) * BLOCK] = block(number)
    for generation in range(max(0, generations - RING), generations):
        place = generation % RING * BLOCK
        data[place : place + BLOCK] = (headers or {}).get(generation) or header(generation)
    return bytearray(before) + data


@pytest.mark.parametrize(
    ("data", "hash_value"),
    [
        (bytes(4072), 0xE81F_FCB8_6026_FF96),
        (b"to be or not to be", 1988685042348123509),
        (REAL.ljust(4072, b"\0"), int.from_bytes(REAL_HASH, "little")),
    ],
)
def test_the_hash_is_the_crates(data: bytes, hash_value: int) -> None:
    assert seahash(data) == hash_value


def plain_seahash(data: bytes) -> int:
    """The same as its definition says it: one word after the other, the lanes turning."""

    def diffuse(value: int) -> int:
        value = value * 0x6EED0E9DA4D94A4F % 2**64
        value ^= (value >> 32) >> (value >> 60)
        return value * 0x6EED0E9DA4D94A4F % 2**64

    lanes = [0x16F11FE89B0D677C, 0xB480A793D8E6C86C, 0x6FE2E5AAF078EBC9, 0x14F994A4C5259381]
    for place in range(0, len(data), 8):
        word = int.from_bytes(data[place : place + 8], "little")
        lanes = [*lanes[1:], diffuse(lanes[0] ^ word)]
    return diffuse(lanes[0] ^ lanes[1] ^ lanes[2] ^ lanes[3] ^ len(data))


@settings(max_examples=60, deadline=None)
@given(some.binary(max_size=100))
def test_the_hash_of_any_length(data: bytes) -> None:
    assert seahash(data) == plain_seahash(data)


def test_a_real_header_is_read() -> None:
    real = REAL.ljust(4072, b"\0") + REAL_HASH + bytes(8) + REAL_HASH
    data = bytearray(16 << 20)
    data[5 * BLOCK : 6 * BLOCK] = real
    facts = redoxfs.read(Memory(data)).facts
    assert facts == {
        "version": 8,
        "uuid": "7853f95c-7a75-4e37-bb87-b3c361e621f7",
        "size": 16 << 20,
        "generation": 5,
        "generations kept": 1,
        "encrypted": "no",
        "begins at": 0,
    }


def test_the_highest_generation_counts() -> None:
    volume = redoxfs.read(Memory(image(5)))
    assert volume.header.generation == 4
    assert [item.generation for item in volume.generations] == [4, 3, 2, 1, 0]
    around = redoxfs.read(Memory(image(1000)))  # the ring has been gone round three times
    assert (around.header.generation, around.header.block, len(around.generations)) == (999, 999 % RING, RING)
    torn = redoxfs.read(Memory(image(5, headers={4: header(4, sound=False)})))
    assert torn.header.generation == 3
    assert redoxfs.packing(torn) == Packing(size=SIZE, uuid=int.from_bytes(b"U" * 16, "big"))


def test_it_is_found_inside_a_disk() -> None:
    disk = Memory(image(3, before=bytes(2048 * 512)))
    assert redoxfs.identify(disk) is None  # by its first bytes it is something else
    assert redoxfs.read(disk).facts["begins at"] == 1 << 20
    assert redoxfs.identify(Window(disk, 1 << 20, SIZE)) == "RedoxFS, version 8"
    assert list(redoxfs.check(disk)) == []


class Endless:
    """A disk of nothing, larger than any memory."""

    name, size = "endless", 1 << 50

    def read(self, offset: int, length: int) -> bytes:
        return bytes(length)


def test_the_search_ends() -> None:
    start = time.process_time()
    with pytest.raises(BadInput, match="no header of a RedoxFS in its first 65536 blocks"):
        redoxfs.read(Endless())
    assert time.process_time() - start < 2


def test_files_are_left_to_the_crates_tools() -> None:
    volume = redoxfs.read(Memory(image()))
    for ask in (volume.walk, lambda: volume.lookup(b"boot"), lambda: redoxfs.layout([], Packing())):
        with pytest.raises(BadInput, match="cargo install redoxfs"):
            ask()


def test_an_initfs_is_not_taken_for_one() -> None:
    found = list(redoxfs.check(Memory(b"RedoxFtw".ljust(BLOCK, b"\0"))))
    assert [problem.code for problem in found] == ["redoxfs/no-header"] and "redox-initfs" in found[0].hint


def damaged(place: int, value: bytes) -> Callable[[], bytearray]:
    def make() -> bytearray:
        data = image()
        data[place : place + len(value)] = value
        return data

    return make


DAMAGES: dict[str, Callable[[], bytearray]] = {
    "no-header": lambda: bytearray(SIZE),
    "header-hash": lambda: image(5, headers={4: header(4, sound=False)}),
    "version": lambda: image(5, headers={2: header(2, version=7)}),
    "size": lambda: image()[: -7 * BLOCK],
    "ring": lambda: image(5, headers={3: header(8)}),
    "stale": lambda: image(5, headers={g: header(g, uuid=b"N" * 16) for g in range(3)}),
    "pointer": lambda: image(5, headers={4: header(4, tree=3)}),
    "block-hash": damaged(257 * BLOCK, b"!"),
}


@pytest.mark.parametrize("code", DAMAGES)
def test_a_damage_is_found(code: str) -> None:
    found = [p for p in redoxfs.check(Memory(DAMAGES[code]())) if p.code == f"redoxfs/{code}"]
    assert found and found[0].what and found[0].address is not None


def test_nothing_is_wrong_with_a_sound_one() -> None:
    for data in (image(), image(300), image(before=b"boot".ljust(BLOCK, b"\0"))):
        assert list(redoxfs.check(Memory(data))) == []
    first = {0: header(0, encrypted=True, sound=False), 1: header(1, encrypted=True)}
    assert list(redoxfs.check(Memory(image(2, headers=first)))) == []


def test_a_stale_ring_is_explained() -> None:
    (problem,) = redoxfs.check(Memory(DAMAGES["stale"]()))
    assert "zero the first MiB" in problem.hint and problem.severity == "error"


def test_what_cannot_be_read_is_said() -> None:
    with pytest.raises(BadInput, match="version 6; version 8 is known"):
        redoxfs.read(Memory(image(2, headers={g: header(g, version=6) for g in range(2)})))
    with pytest.raises(BadInput, match="2 headers of a RedoxFS, and none whose hash is right"):
        redoxfs.read(Memory(image(2, headers={g: header(g, sound=False) for g in range(2)})))


@settings(max_examples=40, deadline=None)
@given(some.data())
def test_mutations(draw: some.DataObject) -> None:
    data = image(3)
    for _ in range(draw.draw(some.integers(1, 5))):
        place = draw.draw(some.integers(0, 2)) * BLOCK + draw.draw(
            some.integers(0, 79) | some.integers(4070, 4095)
        )
        data[place] = draw.draw(some.sampled_from([0, 1, 0x7F, 0xFF]) | some.integers(0, 255))
    end = draw.draw(some.just(len(data)) | some.integers(0, len(data)))
    source = Memory(data[:end])
    redoxfs.identify(source)
    problems = list(redoxfs.check(source))
    assert all(problem.code.startswith("redoxfs/") for problem in problems)
    try:
        volume = redoxfs.read(source)
    except BadInput as error:
        assert error.faults[0].code and problems
    else:
        assert volume.facts["version"] == 8


@pytest.fixture(scope="module")
def tools() -> None:
    """The crate's own tools."""
    if shutil.which("redoxfs-ar") is None or shutil.which("redoxfs-mkfs") is None:
        pytest.skip("redoxfs-ar is not on this machine (cargo install redoxfs)")


def test_what_the_crates_tools_make(tools: None, tmp_path: Path) -> None:
    disk, tree, bootloader = tmp_path / "disk", tmp_path / "tree", tmp_path / "bootloader"
    tree.mkdir()
    (tree / "large").write_bytes(random.Random(1).randbytes(300_000))
    bootloader.write_bytes(b"boot" * 3000)
    with disk.open("wb") as file:
        file.truncate(8 << 20)
    said = subprocess.run(["redoxfs-ar", disk, tree, bootloader], capture_output=True, text=True, check=True)
    source = Memory(disk.read_bytes())
    facts = redoxfs.read(source).facts
    assert str(facts["uuid"]) in said.stdout and facts["begins at"] == 3 * BLOCK
    assert list(redoxfs.check(source)) == []
    subprocess.run(["redoxfs-mkfs", disk, bootloader], capture_output=True, check=True)
    assert "redoxfs/stale" in {problem.code for problem in redoxfs.check(Memory(disk.read_bytes()))}
