"""Images and binaries with bytes changed and ends cut off, through every reader: clean errors, soon, and no more memory
than an image has; what is extracted stays in its folder. A sample here, a million in the end-to-end runs."""

from __future__ import annotations

import functools
import os
import random
import signal
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from elf_maker import make
from formats import test_pkgar, test_redoxfs
from initfs_maker import bootstrap, initfs
from macho_samples import program
from pe_maker import pe
from portwright import formats as formats_room
from portwright.base.errors import BadInput, PortwrightError
from portwright.base.events import outcome
from portwright.base.sources import Memory, Source
from portwright.formats import Node, Packing, Partition, blockfs, cpio, fat, gpt, macho, redox_initfs
from portwright.pack import extract, volume
from portwright.pack.format import formats
from portwright.pack.inspect import Wanted, of_source
from portwright.pack.overlay import laid
from portwright.pack.place import Address

SECONDS, TIMES, SPARE = 2, 4, 4 << 20
"""The longest (of processor time), and the most memory: so many times the image, and what readers need for any."""
ALL = 1_000_000
VALUES = (0, 1, 2, 0x40, 0x7F, 0x80, 0xFF)
NAMES = ("a", "d/b", "d/e/c", "x" * 90, "Upper.txt", "d/e/empty")


def _tree() -> list[Node]:
    nodes = [Node(path, "directory", 0o755) for path in (b"", b"d", b"d/e")]
    for name in NAMES:
        data = name.encode() * 300 if "empty" not in name else b""
        nodes.append(Node(name.encode(), "file", 0o644, len(data), content=Memory(data)))
    return sorted(nodes, key=lambda node: node.path)


def _linked() -> list[Node]:
    return sorted([*_tree(), Node(b"l", "symlink", 0o777, 3, b"d/e")], key=lambda node: node.path)


def _bytes(source: Source) -> bytes:
    return source.read(0, source.size)


@functools.cache
def samples() -> dict[str, bytes]:
    """A small sound image or binary of each kind."""
    found = {
        "blockfs": _bytes(laid(blockfs.layout(_linked(), Packing(size=256 << 10, inodes=42)), "i")),
        "cpio": _bytes(laid(cpio.layout(_linked(), Packing()), "i")),
        "cpio, gzip": _bytes(laid(cpio.layout(_linked(), Packing(compression="gzip")), "i")),
        "gpt": _bytes(laid(gpt.layout([Partition(1, 0, 1 << 20, "linux", "one")], Packing(uuid=7)), "i")),
        "redoxfs": test_redoxfs.image(),
        "pkgar": bytes(test_pkgar.package()),
        "initfs, by hand": initfs(files={"bin/init": make(loads=[]), "etc/init.rc": b"x"}),
        "elf": make(tls=(3, 13, 8), interpreter="/x", needed=["a"], relocations=[(0x204000, 8)]),
        "elf, 32 bits": make(bits=32, endian="big", machine=4),
        "pe": pe(),
        "mach-o": macho.write(program()),
    }
    for layout in ("R3", "R4a", "R4b", "R5"):
        packing = Packing(layout=layout, bootstrap=Memory(bootstrap()))
        found[f"initfs, {layout}"] = _bytes(laid(redox_initfs.layout(_tree(), packing), "i"))
    for variant in ("12", "16"):
        size = {"12": 1 << 20, "16": 8 << 20}[variant]
        found[f"fat, {variant}"] = _bytes(laid(fat.layout(_tree(), Packing(variant=variant, size=size)), "i"))
    return found


def _fields(data: bytes) -> list[tuple[int, int]]:
    """(start, length) of the stretches that are not zeros, where a change is most felt."""
    found: list[tuple[int, int]] = []
    for at in range(0, len(data), 64):
        if any(data[at : at + 64]):
            if found and sum(found[-1]) == at:
                found[-1] = (found[-1][0], found[-1][1] + 64)
            else:
                found.append((at, 64))
    return found


_places = functools.cache(lambda kind: _fields(samples()[kind]))


def damaged(kind: str, seed: int) -> bytes:
    """The sample with some bytes changed, one in four of them cut off; the same for the same seed."""
    choose, data = random.Random(f"{kind} {seed}"), bytearray(samples()[kind])
    for _ in range(choose.randint(1, 8)):
        start, length = choose.choice(_places(kind))
        at = min(start + choose.randrange(length), len(data) - 1)
        data[at] = choose.choice(VALUES) if choose.random() < 0.6 else choose.randrange(256)
    return bytes(data[: choose.randrange(len(data))] if choose.random() < 0.25 else data)


def everything(data: bytes, deep: bool) -> None:
    """Ask every reader that takes it for all that there is; `deep` also looks into its files, and extracts them."""
    source = Memory(data, "image")
    for each in formats():
        what = each.identify(source)
        if what is None:
            continue
        try:
            list(each.module.check(source))
        except BadInput as error:
            assert error.faults and all(fault.what for fault in error.faults)
        try:
            if each.holds_files:
                read = each.read(source)
                for node in read.walk():
                    sum(length for _, length in read.stretches(node))
            else:
                each.partitions(source)
        except BadInput as error:
            assert error.faults and all(fault.what for fault in error.faults)
    if deep:
        report = of_source(source, Wanted())
        assert all(row.what and row.hint for part in report.every() for row in part.findings)
        _extracted(source)


def _extracted(source: Source) -> None:
    with TemporaryDirectory() as folder:
        target = Path(folder) / "outer" / "inner"
        target.parent.mkdir()
        try:
            found = volume.find(Address(Path("image"), ("/",)), source=source)
            outcome(extract.extract(found, target, skip=True))
        except PortwrightError as error:  # also what the host cannot hold, as a file of 2^60 bytes
            assert error.faults and all(fault.what for fault in error.faults)
        assert {path.name for path in target.parent.iterdir()} <= {"inner"}
        assert {path.name for path in Path(folder).iterdir()} == {"outer"}


@contextmanager
def bounded() -> Iterator[None]:
    """Fail what takes longer than is allowed; processor time, so that a machine with much to do changes nothing."""

    def late(*_: object) -> None:
        raise TimeoutError(f"longer than {SECONDS} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def judged(kind: str, seeds: range) -> list[str]:
    """What went wrong, by seed. Every tenth is looked into as well, and of every two hundredth memory is counted."""
    wrong = []
    for seed in seeds:
        data = damaged(kind, seed)
        try:
            with bounded():
                everything(data, deep=seed % 10 == 0)
            if seed % 200 == 0:
                tracemalloc.start()
                everything(data, deep=False)
                most = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
                assert most <= TIMES * len(samples()[kind]) + SPARE, f"{most} bytes of memory"
        except Exception as error:
            wrong.append(f"{kind} {seed}: {type(error).__name__}: {error}")
    return wrong


def _work(piece: tuple[str, range]) -> list[str]:
    return judged(*piece)


KINDS = tuple(samples())
FORMATS = {"initfs": "redox-initfs", "mach-o": "macho"}


def test_every_reader_has_a_sample() -> None:
    """A new format is damaged, too. (An MBR is what a GPT disk begins with; `ar` and DWARF are parts of binaries.)"""
    names = {path.stem.replace("_", "-") for path in Path(formats_room.__path__[0]).glob("[a-z]*.py")}
    covered = {FORMATS.get(word, word) for word in (kind.partition(",")[0] for kind in KINDS)}
    assert covered == names - {"ar", "dwarf", "libtest", "mbr"}
    for kind, data in samples().items():
        everything(data, deep=True)
        assert len(data) < 9 << 20, kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_of_damages(kind: str) -> None:
    assert judged(kind, range(60)) == []


@pytest.mark.parametrize(("kind", "seed"), [("fat, 12", 4710), ("redoxfs", 1960)])
def test_what_the_million_found(kind: str, seed: int) -> None:
    """A file that lies behind the end, while others are there; a file that is larger than any of the host's."""
    assert judged(kind, range(seed, seed + 1)) == []


@pytest.mark.e2e
def test_a_million_damages() -> None:
    """So many in all, of every kind as many."""
    pieces = list(_pieces(ALL))
    assert sum(len(seeds) for _, seeds in pieces) >= ALL
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        wrong = [row for rows in pool.map(_work, pieces) for row in rows]
    assert wrong == []


def _pieces(count: int) -> Iterator[tuple[str, range]]:
    each, step = -(-count // len(KINDS)), 500
    for start in range(0, each, step):
        for kind in KINDS:
            yield kind, range(start, min(start + step, each))
