"""Damaged cpio archives: every fault named, bombs refused, compressed sources, mutations and rubbish."""

from __future__ import annotations

import gzip
import random
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.cpio_archives import COMPRESSIONS, END, TREE, archive, described, entry, wanted
from formats.disk_images import file, folder
from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Source, inside
from portwright.formats import Node, Packing, cpio
from portwright.formats.parts import cpio_unpacked

FAULTS: dict[str, tuple[bytes, set[str], bool]] = {
    "bad field": (b"070701" + b"zzzzzzzz" * 13 + END, {"cpio/header"}, False),
    "spaces in a field": (b"070701" + b"1       " * 13 + END, {"cpio/header"}, False),
    "no header after an entry": (entry("a", b"1") + b"garbage!" + END, {"cpio/header"}, False),
    "cut off in a content": (entry("a", b"x" * 5000)[:3000], {"cpio/cut-off"}, False),
    "cut off in a header": (entry("a", b"x") + END[:50], {"cpio/header"}, False),
    "cut off in a name": (entry("a" * 900, b"x")[:500], {"cpio/cut-off"}, False),
    "no name": (entry("a", namesize=0), {"cpio/name"}, False),
    "too long a name": (entry("a", namesize=5000), {"cpio/name"}, False),
    "a name without its end": (entry("abc", namesize=3) + END, {"cpio/name"}, False),
    "a name that leads out": (entry("a/../../b") + END, {"cpio/name"}, False),
    "no such kind": (entry("a", mode=0o170644) + END, {"cpio/kind"}, False),
    "the root as a file": (entry(".") + END, {"cpio/kind"}, False),
    "a link to nowhere": (entry("a", mode=0o120777) + END, {"cpio/target"}, False),
    "a link with a zero": (entry("a", b"x\0y", mode=0o120777) + END, {"cpio/target"}, False),
    "in a file": (entry("a") + entry("a/b") + END, {"cpio/not-a-folder"}, False),
    "nothing": (bytes(1000), {"cpio/header"}, False),
    "no trailer": (entry("a", b"1"), {"cpio/no-trailer"}, True),
    "zeros instead of it": (entry("a", b"1") + bytes(512), {"cpio/no-trailer"}, True),
    "junk behind": (entry("a", b"1") + END + bytes(40) + b"junk", {"cpio/junk"}, True),
    "twice": (entry("a", b"1") + entry("a", b"2") + END, {"cpio/twice"}, True),
    "no folder": (entry("b/a", b"1") + END, {"cpio/no-folder"}, True),
    "absolute": (entry("/a", b"1") + END, {"cpio/absolute"}, True),
    "a folder with content": (entry("a", b"1", mode=0o40755) + END, {"cpio/size"}, True),
    "wrong sum": (entry("a", b"12", check=7) + END, {"cpio/checksum"}, True),
    "names lacking": (entry("a", b"1", links=2) + END, {"cpio/link-count"}, True),
    "two contents": (
        entry("a", b"1", links=2) + entry("b", b"22", links=2) + END,
        {"cpio/link-content"},
        True,
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_named(case: str) -> None:
    data, codes, readable = FAULTS[case]
    assert {each.code for each in cpio.check(Memory(data))} == codes
    if readable:
        cpio.read(Memory(data))
    else:
        with pytest.raises(BadInput) as error:
            cpio.read(Memory(data))
        assert {fault.code for fault in error.value.faults} == codes
        assert all(fault.where is not None for fault in error.value.faults)


def test_everything_that_an_archive_cannot_hold_is_said_at_once() -> None:
    bad = [
        file("TRAILER!!!"),
        file("a/b"),
        file("f"),
        file("f/g"),
        file("f"),
        file("p" * 5000),
        folder(".."),
        Node(b"z\0", "file"),
        Node(b"s", "symlink"),
        Node(b"l", "file", same_as=b"later"),
        file("later"),
        Node(b"huge", "file", content=Zeros(1 << 32)),
        Node(b"lacking", "file", size=4),
        Node(b"owned", "file", uid=1 << 32),
    ]
    with pytest.raises(BadInput) as error:
        cpio.layout(bad, Packing(compression="xz"))
    assert [fault.code for fault in error.value.faults] == [
        "cpio/name",
        "cpio/no-folder",
        "cpio/not-a-folder",
        "cpio/twice",
        "cpio/name",
        "cpio/name",
        "cpio/name",
        "cpio/target",
        "cpio/link",
        "cpio/file-size",
        "cpio/no-content",
        "cpio/number",
        "cpio/compression",
    ]
    with pytest.raises(BadInput, match="has 512 bytes, and may have 100"):
        cpio.layout([file("x")], Packing(most=100))


class Zeros:
    """A source of zeros of any size."""

    def __init__(self, size: int) -> None:
        self.size, self.name = size, "zeros"

    def read(self, offset: int, length: int) -> bytes:
        inside(self, offset, length)
        return bytes(length)


# compressed archives are sources too


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_what_is_unpacked_can_be_read_anywhere_by_anybody(compression: str) -> None:
    choose = random.Random(2)
    data = b"".join(choose.randbytes(1000) + bytes(choose.randint(0, 9000)) for _ in range(800))
    packed = gzip.compress(data) if compression == "gzip" else zstandard.ZstdCompressor().compress(data)
    packed = b"before" + packed + b"behind"
    source = cpio_unpacked.Unpacked(Memory(packed), 6)
    assert (source.size, source.end) == (len(data), len(packed) - 6)
    source._room = 4
    wrong = []

    def read(seed: int) -> None:
        place = random.Random(seed)
        for _ in range(10):
            at = place.randrange(len(data))
            length = place.choice([1, 100, cpio_unpacked.BLOCK, 700_000])
            length = min(length, len(data) - at)
            if source.read(at, length) != data[at : at + length]:
                wrong.append((at, length))

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    with pytest.raises(BadInput, match="wanted here"):
        source.read(len(data), 1)


BOMB = 110 << 20
BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: _gzip_of_zeros(BOMB),
    "zstd": lambda: zstandard.ZstdCompressor(level=1).compress(bytes(BOMB)),
}


def _gzip_of_zeros(size: int) -> bytes:
    state = zlib.compressobj(6, zlib.DEFLATED, 31)
    return b"".join(state.compress(bytes(1 << 20)) for _ in range(size >> 20)) + state.flush()


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_soon_and_in_little_memory(kind: str) -> None:
    data = BOMBS[kind]()
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(BadInput, match="unpacks to more than") as error:
        cpio.read(Memory(data))
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.value.faults[0].code == "cpio/bomb" and f"{kind} -d" in str(error.value)
    assert time.process_time() - begun < 2 and used < 8 << 20
    assert cpio.identify(Memory(data)) is None


def test_a_frame_that_wants_a_huge_window_gets_none() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    state = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = state.compress(archive()) + state.flush()
    with pytest.raises(BadInput, match=r"zstd: .*memory"):
        cpio.read(Memory(data))


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("where", [0.3, 0.9, -8, -1])
def test_a_compressed_archive_that_was_cut_off_or_changed_says_so(kind: str, where: float) -> None:
    data = bytearray(archive(compression=kind))
    place = int(len(data) * where) if 0 < where < 1 else len(data) + int(where)
    with pytest.raises(BadInput, match=f"{kind}: ") as error:
        cpio.read(Memory(data[:place]))
    assert error.value.faults[0].code == "cpio/compression"
    data[place] ^= 0x55
    with pytest.raises(BadInput):
        cpio.read(Memory(data))
    assert list(cpio.check(Memory(data))) != []


def test_frames_to_skip_are_skipped() -> None:
    skip = b"\x50\x2a\x4d\x18\x03\0\0\0abc"
    frame = zstandard.ZstdCompressor().compress(archive())
    volume = cpio.read(Memory(frame + skip * 2000))
    assert described(volume) == wanted(TREE)


def test_many_parts_are_no_way_to_use_much_memory() -> None:
    part = archive([], compression="gzip")
    with pytest.raises(BadInput, match="more than 64 compressed parts"):
        cpio.read(Memory((part + b"\0") * 100))


def everything(source: Source) -> None:
    """Ask for all that there is; only `BadInput` may come."""
    cpio.identify(source)
    list(cpio.check(source))
    try:
        volume = cpio.read(source)
        cpio.packing(volume)
        for node in volume.walk():
            assert volume.lookup(node.path) is not None
            assert b".." not in node.path.split(b"/") and not node.path.startswith(b"/")
            for at, length in volume.stretches(node):
                assert at is not None
                volume.source.read(at, length)
    except BadInput as error:
        assert error.faults and all(fault.what for fault in error.faults)


SMALL = [
    *TREE[:2],
    file("bin/x", b"x" * 50),
    *TREE[4:8],
    file("y", b"yy", 0o4755),
    Node(b"z", "file", same_as=b"y"),
]
BASES = [archive(SMALL, compression=compression) for compression in COMPRESSIONS]
BASES += [BASES[0] + BASES[1], gzip.compress(BASES[0] + b"\0" + BASES[0])]


@settings(max_examples=150, deadline=None)
@given(some.sampled_from(BASES), some.data())
def test_mutations_end_in_clean_errors(base: bytes, draw: some.DataObject) -> None:
    data = bytearray(base)
    for _ in range(draw.draw(some.integers(1, 6))):
        place = draw.draw(some.integers(0, min(len(data), 1400) - 1))
        data[place] = draw.draw(some.sampled_from(list(b"\0/.0127fF\xff")) | some.integers(0, 255))
    cut = draw.draw(some.just(len(data)) | some.integers(0, len(data)))
    begun = time.process_time()
    everything(Memory(data[:cut]))
    assert time.process_time() - begun < 2


@settings(max_examples=60, deadline=None)
@given(some.binary(max_size=600), some.sampled_from(["", "gzip", "zstd"]))
def test_rubbish(rubbish: bytes, compression: str) -> None:
    for data in (rubbish, b"070701" + rubbish, BASES[0][:200] + rubbish):
        if compression:
            data = gzip.compress(data) if compression == "gzip" else zstandard.ZstdCompressor().compress(data)
        everything(Memory(data))
    everything(Memory((b"\x1f\x8b\x08\0" if compression == "gzip" else b"\x28\xb5\x2f\xfd") + rubbish))
