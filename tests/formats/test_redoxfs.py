"""The format redoxfs: the hash, the ring of headers, the files, every finding, and the crate's own tools."""

from __future__ import annotations

import functools
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.redoxfs_samples import BLOCK, RING, SIZE, Maker, header, plain_lz4, plain_seahash
from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Scattered, Window
from portwright.formats import Packing, redoxfs
from portwright.formats.parts.redoxfs_hashes import seahash
from portwright.formats.parts.redoxfs_lz4 import unpack
from portwright.formats.parts.redoxfs_ring import first, ring

# Generation 5 as `redoxfs-ar` of redoxfs 0.9.1 wrote it: the rest of its block is zero but for its hash.
REAL = bytes.fromhex(
    "5265646f7846530008000000000000007853f95c7a754e37bb87b3c361e621f700000001000000000500000000000000"
    "001c0100000000000ca2c67b0d291c80001a0100000000007937ca3f434bd632"
)
REAL_HASH = bytes.fromhex("541c1c82ca8d2927")
TEXT = b"what is repeated, what is repeated, what is repeated; " * 150
CONTENTS = {
    b"boot/initfs": b"RedoxFtw" + bytes(range(256)) * 3,
    b"etc/release": b"Redox",
    b"large": b"1" * BLOCK + bytes(129 * BLOCK) + b"end",
    b"sparse": b"begin".ljust(BLOCK, b"!") + bytes(BLOCK) + b"end",
    b"packed": TEXT,
    b"zeros": bytes(10_000),
    b"empty": b"",
}


def build(before: int = 0) -> tuple[Maker, int]:
    """A file system with a file of each kind that there is, and its root."""
    maker = Maker(before)
    maker.file(b"")  # this number, 1, is the one that the root will take
    release = maker.file(CONTENTS[b"etc/release"], mode=0o600, links=81)
    many = [maker.names({b"%d" % n: release for n in range(s, s + 40)}, counts_first=s > 0) for s in (0, 40)]
    link = maker.file(b"release", kind="symlink", mode=0o777)
    etc = {b"release": release, b"link": link, b"many": maker.folder(maker.index(many), 1)}
    end = maker.put(b"end")
    large = [maker.put(b"1" * BLOCK), *[(0, 0)] * 129, end]
    packed = plain_lz4(TEXT)
    text = maker.put(len(packed).to_bytes(2, "little") + packed, 0, 2)
    root = {
        b"boot": maker.folder(maker.names({b"initfs": maker.file(CONTENTS[b"boot/initfs"])})),
        b"etc": maker.folder(maker.names(etc)),
        b"large": maker.records(large, 130 * BLOCK + 3, 0),
        b"sparse": maker.records([maker.put(CONTENTS[b"sparse"][:BLOCK]), (0, 0), end], 2 * BLOCK + 3, 0),
        b"packed": maker.records([text], len(TEXT), 5),
        b"zeros": maker.node("file", 0o644, 10_000, b"", inline=True),
        b"empty": maker.file(b""),
        b"nothing": maker.folder(),
    }
    return maker, maker.folder(maker.names(root))


@functools.cache
def image(generations: int = 2, before: int = 0) -> bytes:
    """That file system's image."""
    maker, root = build(before)
    return bytes(maker.image(root, generations))


def with_headers(headers: dict[int, dict[str, int | bytes | bool]], generations: int = 5) -> bytearray:
    """An image some of whose headers are others, by their places."""
    data = bytearray(image(generations))
    taken = ring(Memory(data), 0)[0]
    for place, changes in headers.items():
        generation = int(changes.pop("generation", place))
        tree = (int(changes.pop("tree", taken.tree[0])), taken.tree[1])
        data[place * BLOCK : (place + 1) * BLOCK] = header(
            generation, tree=tree, alloc=taken.alloc, **changes
        )
    return data


@pytest.mark.parametrize(
    ("data", "hash_value"),
    [
        (bytes(4072), 0xE81F_FCB8_6026_FF96),
        (b"to be or not to be", 1988685042348123509),
        (REAL.ljust(4072, b"\0"), int.from_bytes(REAL_HASH, "little")),
    ],
)
def test_the_hash_is_the_crates(data: bytes, hash_value: int) -> None:
    assert seahash(data) == plain_seahash(data) == hash_value


@settings(max_examples=60, deadline=None)
@given(some.binary(max_size=100))
def test_the_hash_of_any_length(data: bytes) -> None:
    assert seahash(data) == plain_seahash(data)


@settings(max_examples=60, deadline=None)
@given(
    some.lists(some.sampled_from([b"a", b"bc", b"a" * 20, b"xyz" * 7, bytes(300)]) | some.binary(max_size=20))
)
def test_packed_blocks(parts: list[bytes]) -> None:
    data = b"".join(parts)
    packed = plain_lz4(data)
    assert unpack(packed, len(data)) == data
    assert unpack(packed, len(data) + 9) == data + bytes(9)
    if data:
        assert unpack(packed, len(data) - 1) is None


@settings(max_examples=150, deadline=None)
@given(some.binary(max_size=60), some.integers(0, 300))
def test_rubbish_is_no_packed_block(data: bytes, size: int) -> None:
    found = unpack(data, size)
    assert found is None or len(found) == size


def test_a_real_header_is_read() -> None:
    data = bytearray(16 << 20)
    data[5 * BLOCK : 6 * BLOCK] = REAL.ljust(4072, b"\0") + REAL_HASH + bytes(8) + REAL_HASH
    facts = redoxfs.read(Memory(data)).facts
    assert (facts["version"], facts["size"], facts["generation"]) == (8, 16 << 20, 5)
    assert (facts["uuid"], facts["encrypted"]) == ("7853f95c-7a75-4e37-bb87-b3c361e621f7", "no")
    assert (facts["generations kept"], facts["begins at"]) == (1, 0)


def test_the_highest_generation_counts() -> None:
    volume = redoxfs.read(Memory(image(5)))
    assert [item.generation for item in volume.generations] == [4, 3, 2, 1, 0]
    around = redoxfs.read(Memory(with_headers({0: {"generation": 768}, 3: {"generation": 771}})))
    assert (around.header.generation, around.header.block, around.start) == (771, 3, 0)
    torn = redoxfs.read(Memory(with_headers({4: {"sound": False}})))
    assert torn.header.generation == 3
    assert redoxfs.packing(torn) == Packing(size=SIZE, uuid=int.from_bytes(b"U" * 16, "big"))


def test_it_is_found_inside_a_disk() -> None:
    disk = Memory(image(before=RING))
    assert redoxfs.identify(disk) is None  # by its first bytes it is something else
    volume = redoxfs.read(disk)
    assert volume.facts["begins at"] == 1 << 20
    assert redoxfs.identify(Window(disk, 1 << 20, SIZE)) == "RedoxFS, version 8"
    assert [node.path for node in volume.walk()] == [
        node.path for node in redoxfs.read(Memory(image())).walk()
    ]
    assert list(redoxfs.check(disk)) == []


class Endless:
    """A disk of nothing, larger than any memory."""

    name, size = "endless", 1 << 50

    def read(self, offset: int, length: int) -> bytes:
        return bytes(length)


def test_the_search_ends() -> None:
    start = time.process_time()
    assert first(Endless()) == (None, [])
    with pytest.raises(BadInput, match="no header of a RedoxFS in its first 65536 blocks"):
        redoxfs.read(Endless())
    assert time.process_time() - start < 2


def test_files_are_read() -> None:
    volume = redoxfs.read(Memory(image()))
    nodes = {node.path: node for node in volume.walk()}
    assert set(CONTENTS) < set(nodes) and len(nodes) == 1 + 8 + 1 + 3 + 80
    for path, content in CONTENTS.items():
        found = Scattered(volume.source, volume.stretches(nodes[path]))
        assert found.read(0, found.size) == content
        assert volume.lookup(b"/" + path) == nodes[path]
    assert list(volume.stretches(nodes[b"large"]))[1:-1] == [(None, BLOCK)] * 127 + [(None, BLOCK)] * 2
    assert nodes[b"etc/link"].target == b"release"
    release = nodes[b"etc/release"]
    assert (release.mode, release.uid, release.gid, release.modified) == (0o600, 7, 8, 2000)
    assert (release.links, nodes[b"etc/many/79"].same_as, release.same_as) == (81, b"etc/release", b"")
    assert volume.lookup(b"etc/none") is None and volume.lookup(b"large/x") is None


def test_what_is_encrypted_is_left_to_the_crates_tools() -> None:
    volume = redoxfs.read(Memory(with_headers({4: {"encrypted": True}})))
    assert volume.facts["encrypted"] == "yes" and volume.source.size == SIZE
    for ask in (
        lambda: list(volume.walk()),
        lambda: volume.lookup(b"boot"),
        lambda: redoxfs.layout([], Packing()),
    ):
        with pytest.raises(BadInput, match="cargo install redoxfs"):
            ask()


def test_an_initfs_is_not_taken_for_one() -> None:
    found = list(redoxfs.check(Memory(b"RedoxFtw".ljust(BLOCK, b"\0"))))
    assert [problem.code for problem in found] == ["redoxfs/no-header"] and "redox-initfs" in found[0].hint


def damaged(part: bytes, change: bytes) -> Callable[[], bytearray]:
    """An image in which some bytes are others, and no hash is right for them."""

    def make() -> bytearray:
        data = bytearray(image())
        place = data.index(part)
        data[place : place + len(change)] = change
        return data

    return make


def rebuilt(change: Callable[[Maker], int]) -> Callable[[], bytearray]:
    """An image whose root has one more thing in it, all of whose hashes are right."""

    def make() -> bytearray:
        maker = Maker()
        maker.file(b"")
        number = change(maker)
        return maker.image(maker.folder(maker.names({b"x": number})))

    return make


DAMAGES: dict[str, Callable[[], bytearray]] = {
    "no-header": lambda: bytearray(SIZE),
    "header-hash": lambda: with_headers({4: {"sound": False}}),
    "version": lambda: with_headers({2: {"version": 7}}),
    "size": lambda: bytearray(image()[: -7 * BLOCK]),
    "ring": lambda: with_headers({3: {"generation": 8}}),
    "stale": lambda: with_headers({place: {"uuid": b"N" * 16} for place in range(3)}),
    "pointer": lambda: with_headers({4: {"tree": SIZE << 8}}),
    "block-hash": damaged(b"1" * 100, b"2"),
    "node": rebuilt(lambda maker: 99),
    "names": rebuilt(lambda maker: maker.folder(maker.names({b"a/b": 1}))),
    "cycle": rebuilt(lambda maker: 1),
    "long-path": rebuilt(lambda maker: maker.node("symlink", 0o777, 5000, b"", inline=True)),
    "packed": rebuilt(lambda maker: maker.records([maker.put(b"\4\0\x0f\7\7\0", 0, 1)], 100, 5)),
    "links": rebuilt(lambda maker: maker.file(b"a", links=2)),
    "too-many": rebuilt(lambda maker: maker.folder(maker.names({b"%d" % n: n for n in range(400, 800)}))),
}


@pytest.mark.parametrize("code", DAMAGES)
def test_a_damage_is_found(code: str) -> None:
    found = [p for p in redoxfs.check(Memory(DAMAGES[code]())) if p.code == f"redoxfs/{code}"]
    assert found and found[0].what
    assert found[0].address is not None or code in ("links", "too-many")


@pytest.mark.parametrize("code", ["node", "names", "cycle", "long-path", "pointer"])
def test_reading_stops_where_it_cannot_go_on(code: str) -> None:
    with pytest.raises(BadInput) as error:
        list(redoxfs.read(Memory(DAMAGES[code]())).walk())
    assert error.value.faults[0].code == f"redoxfs/{code}"


def test_nothing_is_wrong_with_a_sound_one() -> None:
    for data in (image(), image(before=1), with_headers({0: {"generation": 256}, 1: {"generation": 257}})):
        assert list(redoxfs.check(Memory(data))) == []
    encrypted = {0: {"encrypted": True, "sound": False}, **{n: {"encrypted": True} for n in range(1, 5)}}
    assert list(redoxfs.check(Memory(with_headers(encrypted)))) == []


def test_a_stale_ring_is_explained() -> None:
    (problem,) = redoxfs.check(Memory(DAMAGES["stale"]()))
    assert "zero the first MiB" in problem.hint and problem.severity == "error"


def test_what_cannot_be_read_is_said() -> None:
    with pytest.raises(BadInput, match="version 6; version 8 is known"):
        redoxfs.read(Memory(with_headers({place: {"version": 6} for place in range(5)})))
    with pytest.raises(BadInput, match="5 headers of a RedoxFS, and none whose hash is right"):
        redoxfs.read(Memory(with_headers({place: {"sound": False} for place in range(5)})))


def test_a_file_whose_lists_lead_to_themselves_ends() -> None:
    maker = Maker()
    maker.file(b"")
    loop = maker.next
    maker.put(maker.pointers([(loop << 8, 0)] * 256))
    body = maker.pointers([(0, 0)] * 128 + [(loop << 8, 0)] * 120)
    node = maker.node("file", 0o644, 1 << 50, body, inline=False, record=5)
    data = maker.image(maker.folder(maker.names({b"x": node})))
    volume = redoxfs.read(Memory(data))
    found = volume.lookup(b"x")
    assert found is not None
    with pytest.raises(BadInput, match="lead back to each other"):
        list(volume.stretches(found))


@settings(max_examples=40, deadline=None)
@given(some.data())
def test_mutations(draw: some.DataObject) -> None:
    data = bytearray(image())
    blocks = some.integers(0, 1) | some.integers(RING + 1, RING + 35)
    for _ in range(draw.draw(some.integers(1, 6))):
        place = draw.draw(blocks) * BLOCK + draw.draw(some.integers(0, 200) | some.integers(4070, 4095))
        data[place] = draw.draw(some.sampled_from([0, 1, 0x7F, 0xFF]) | some.integers(0, 255))
    source = Memory(data[: draw.draw(some.just(len(data)) | some.integers(0, len(data)))])
    redoxfs.identify(source)
    problems = list(redoxfs.check(source))
    assert all(problem.code.startswith("redoxfs/") for problem in problems)
    try:
        volume = redoxfs.read(source)
        assert volume.facts["version"] == 8
        for node in volume.walk():
            volume.lookup(node.path)
            for place, length in volume.stretches(node):
                if place is not None:
                    volume.source.read(place, length)
    except BadInput as error:
        assert error.faults[0].code and error.faults[0].what


def tree_for(folder: Path) -> None:
    """Files of every size that matters."""
    choose = random.Random(1)
    for size in (0, 1, 3968, 3969, 4096, 131_072, 131_073, 300_000):
        (folder / f"random-{size}").write_bytes(choose.randbytes(size))
        (folder / f"packed-{size}").write_bytes(TEXT[:500] * (size // 500))
    (folder / "many").mkdir()
    for number in range(700):
        (folder / "many" / f"file-{number}-{'x' * (number % 50)}").write_bytes(b"%d" % number)
    (folder / "link").symlink_to("many/file-0-")
    with (folder / "sparse").open("wb") as file:
        file.seek(2_000_000)
        file.write(b"end")


def test_what_the_crates_tools_make(tmp_path: Path) -> None:
    if shutil.which("redoxfs-ar") is None or shutil.which("redoxfs-mkfs") is None:
        pytest.skip("redoxfs-ar is not on this machine (cargo install redoxfs)")
    disk, tree, bootloader = tmp_path / "disk", tmp_path / "tree", tmp_path / "bootloader"
    tree.mkdir()
    tree_for(tree)
    bootloader.write_bytes(b"boot" * 3000)
    with disk.open("wb") as file:
        file.truncate(16 << 20)
    said = subprocess.run(["redoxfs-ar", disk, tree, bootloader], capture_output=True, text=True, check=True)
    volume = redoxfs.read(Memory(disk.read_bytes()))
    assert str(volume.facts["uuid"]) in said.stdout and volume.facts["begins at"] == 3 * BLOCK
    assert list(redoxfs.check(volume.image)) == []
    paths = set()
    for node in volume.walk():
        paths.add(os.fsdecode(node.path))
        place = tree / os.fsdecode(node.path)
        if node.kind == "file":
            found = Scattered(volume.source, volume.stretches(node))
            assert found.read(0, found.size) == place.read_bytes()
    assert paths == {""} | {str(path.relative_to(tree)) for path in tree.rglob("*")}
    subprocess.run(["redoxfs-mkfs", disk, bootloader], capture_output=True, check=True)
    assert "redoxfs/stale" in {problem.code for problem in redoxfs.check(Memory(disk.read_bytes()))}
