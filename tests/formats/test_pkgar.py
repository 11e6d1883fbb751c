"""The format pkgar: packages made here, each damage, mutations, and the crate's own tool where it is there."""

from __future__ import annotations

import lzma
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Scattered
from portwright.formats import Packing, pkgar

FILES = {
    b"etc/link": (0o120777, b"../usr/bin/tool"),
    b"etc/zeros": (0o100644, bytes(100_000)),
    b"usr/bin/tool": (0o100755, b"a tool"),
    b"usr/empty": (0o100600, b""),
}
FOLDERS = {b"", b"etc", b"usr", b"usr/bin"}


def fake_hash(data: bytes) -> bytes:
    """What stands for BLAKE3 in these tests."""
    return struct.pack("<Q", sum(data)) * 4


def package(files: dict[bytes, tuple[int, bytes]] = FILES, *, packed: bool = False) -> bytearray:
    """A package of files (mode, content), its signature made up."""
    data, table = b"", b""
    for path, (mode, content) in files.items():
        stored = content
        if packed:
            filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
            stored = struct.pack("<Q", len(content)) + lzma.compress(
                content, lzma.FORMAT_RAW, filters=filters
            )
        table += struct.pack("<32sQQI256s", fake_hash(content), len(data), len(stored), mode, path)
        data += stored
    head = struct.pack("<64s32s32sIBBBB", b"S" * 64, b"K" * 32, fake_hash(table), len(files), 0, 3, packed, 0)
    return bytearray(head + table + data)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module `blake3` that counts up bytes."""

    class Sum:
        def __init__(self) -> None:
            self.data = b""

        def update(self, data: bytes) -> None:
            self.data += data

        def digest(self) -> bytes:
            return fake_hash(self.data)

    module: Any = ModuleType("blake3")
    module.blake3 = Sum
    monkeypatch.setitem(sys.modules, "blake3", module)


@pytest.fixture
def no_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """No module `blake3`, whatever is installed."""
    monkeypatch.setitem(sys.modules, "blake3", None)


@pytest.mark.parametrize("packed", [False, True])
def test_files_are_found(packed: bool) -> None:
    source = Memory(package(packed=packed))
    assert pkgar.identify(source) == "pkgar package, 4 files"
    volume = pkgar.read(source)
    assert (volume.facts["machine"], volume.facts["compression"]) == (
        "AArch64",
        "LZMA2" if packed else "none",
    )
    assert volume.facts["signature"] == "not verified"
    nodes = {node.path: node for node in volume.walk()}
    assert set(nodes) == FOLDERS | set(FILES)
    for path, (mode, content) in FILES.items():
        node = nodes[path]
        assert (node.mode, node.size, volume.lookup(path)) == (mode & 0o7777, len(content), node)
        for _ in range(2):
            found = Scattered(volume.source, volume.stretches(node))
            assert found.read(0, found.size) == content
    assert nodes[b"etc/link"].target == b"../usr/bin/tool"
    order = list(nodes)
    assert order[0] == b"" and order.index(b"usr") < order.index(b"usr/bin") < order.index(b"usr/bin/tool")
    assert volume.lookup(b"/usr//bin/") is not None
    assert volume.lookup(b"usr/bi") is None and volume.lookup(b"etc/link/x") is None


def test_packed_data_is_read_from_any_place() -> None:
    content = bytes(number * number % 251 for number in range(70_000))
    volume = pkgar.read(Memory(package({b"a": (0o100644, content)}, packed=True)))
    node = volume.lookup(b"a")
    assert node is not None
    found = Scattered(volume.source, volume.stretches(node))
    for offset, length in ((60_000, 10_000), (0, 1), (5, 50_000), (50_005, 19_995), (70_000, 0)):
        assert found.read(offset, length) == content[offset : offset + length]


def test_nothing_is_wrong_with_a_sound_package(hashes: None) -> None:
    assert list(pkgar.check(Memory(package()))) == []
    assert list(pkgar.check(Memory(package(packed=True)))) == []
    assert list(pkgar.check(Memory(package({})))) == []


def test_what_was_not_verified_is_said(no_hashes: None) -> None:
    (problem,) = pkgar.check(Memory(package()))
    assert (problem.code, problem.severity) == ("pkgar/not-verified", "warning") and "blake3" in problem.hint


def put(form: str, place: int, *values: int | bytes) -> Callable[[bytearray], None]:
    def damage(data: bytearray) -> None:
        struct.pack_into("<" + form, data, place if place >= 0 else len(data) + place, *values)

    return damage


def cut(length: int) -> Callable[[bytearray], None]:
    def damage(data: bytearray) -> None:
        del data[length:]

    return damage


ROW = 136 + 308  # etc/zeros
END = 136 + 4 * 308
DAMAGES: dict[str, Callable[[bytearray], None]] = {
    "cut-off": cut(500),
    "flags": put("B", 134, 9),
    "kind": put("I", ROW + 48, 0o040755),
    "path": put("7s", ROW + 52, b"../etc/"),
    "outside": put("Q", ROW + 40, 1 << 40),
    "long-target": put("Q", 136 + 40, 5000),
    "same-path": put("12s", ROW + 52, b"etc/link/xxx"),
    "gap": put("Q", ROW + 32, 17),
    "trailing": lambda data: data.extend(b"more"),
    "no-data": cut(END),
    "table-hash": put("B", 100, 0xFF),
    "file-hash": put("B", -1, 0xFF),
}


@pytest.mark.parametrize("code", DAMAGES)
def test_a_damage_is_found(code: str, hashes: None) -> None:
    data = package()
    DAMAGES[code](data)
    found = [p for p in pkgar.check(Memory(data)) if p.code == f"pkgar/{code}"]
    assert found and found[0].what and found[0].address is not None


@pytest.mark.parametrize(
    "path", [b"/etc/passwd", b"a/../../b", b"..", b"a//b", b"a/./b", b"", b"x" * 256, b"a\0b", b"usr/"]
)
def test_paths_that_lead_out_are_refused(path: bytes) -> None:
    source = Memory(package({path: (0o100644, b"!")}))
    assert "pkgar/path" in {problem.code for problem in pkgar.check(source)}
    with pytest.raises(BadInput) as error:
        list(pkgar.read(source).walk())
    assert error.value.faults[0].code == "pkgar/path"


def test_damaged_packed_data_is_an_error(hashes: None) -> None:
    data = package(packed=True)
    offset = data.index(lzma.compress(FILES[b"etc/zeros"][1], lzma.FORMAT_RAW, filters=[
        {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}
    ]))  # fmt: skip
    data[offset + 8] ^= 0xFF
    assert {"pkgar/packed", "pkgar/file-hash"} & {problem.code for problem in pkgar.check(Memory(data))}
    claims = package(packed=True)
    struct.pack_into("<Q", claims, offset - 8, 100_001)  # one byte more than there is
    volume = pkgar.read(Memory(claims))
    node = volume.lookup(b"etc/zeros")
    assert node is not None and node.size == 100_001
    with pytest.raises(BadInput, match="it ends after 100000 of 100001 bytes"):
        Scattered(volume.source, volume.stretches(node)).read(0, node.size)
    struct.pack_into("<Q", claims, offset - 8, 1 << 60)
    assert "pkgar/packed" in {problem.code for problem in pkgar.check(Memory(claims))}


@pytest.mark.parametrize(
    "data", [b"", bytes(200), b"\xff" * 2000, b"\x7fELF" + bytes(2000), bytes(range(256)) * 9]
)
def test_other_files_are_not_taken_for_packages(data: bytes) -> None:
    assert pkgar.identify(Memory(data)) is None


def test_packages_are_made_elsewhere() -> None:
    with pytest.raises(BadInput, match="cargo install pkgar"):
        pkgar.layout([], Packing())
    assert pkgar.packing(pkgar.read(Memory(package(packed=True)))) == Packing(compression="LZMA2")


@settings(max_examples=80, deadline=None)
@given(some.booleans(), some.data())
def test_mutations(packed: bool, draw: some.DataObject) -> None:
    data = package(packed=packed)
    for _ in range(draw.draw(some.integers(1, 6))):
        place = draw.draw(some.integers(128, min(END + 200, len(data)) - 1))
        data[place] = draw.draw(some.sampled_from([0, 1, 0x2E, 0x2F, 0x7F, 0xFF]) | some.integers(0, 255))
    source = Memory(data[: draw.draw(some.just(len(data)) | some.integers(0, len(data)))])
    pkgar.identify(source)
    problems = list(pkgar.check(source))
    assert all(problem.code.startswith(("pkgar/", "source/")) for problem in problems)
    try:
        volume = pkgar.read(source)
        for node in volume.walk():
            found = Scattered(volume.source, volume.stretches(node))
            found.read(0, min(found.size, 1 << 20))
    except BadInput as error:
        assert error.faults[0].what


def test_what_the_crates_tools_make(tmp_path: Path) -> None:
    tools = [shutil.which(name) for name in ("pkgar", "pkgar-keys")]
    if None in tools:
        pytest.skip("pkgar is not on this machine (cargo install --features cli pkgar pkgar-keys)")
    tree, secret, public = tmp_path / "tree", tmp_path / "secret.toml", tmp_path / "public.toml"
    for path, (mode, content) in FILES.items():
        place = tree / path.decode()
        place.parent.mkdir(parents=True, exist_ok=True)
        if mode & 0o20000:
            place.symlink_to(content.decode())
        else:
            place.write_bytes(content)
            place.chmod(mode & 0o7777)
    keys = [str(tools[1]), "gen", "--plaintext", "-s", secret, "-p", public]
    subprocess.run(keys, check=True, capture_output=True)
    for options in ([], ["--compress"]):
        made = tmp_path / "made.pkgar"
        make = [str(tools[0]), "create", *options, "-s", secret, "-p", public, "-a", made, tree]
        subprocess.run(make, check=True, capture_output=True)
        volume = pkgar.read(Memory(made.read_bytes()))
        for node in volume.walk():
            if node.path in FILES:
                mode, content = FILES[node.path]
                found = Scattered(volume.source, volume.stretches(node))
                assert (node.mode, found.read(0, found.size)) == (mode & 0o7777, content)
        errors = [p for p in pkgar.check(Memory(made.read_bytes())) if p.code != "pkgar/not-verified"]
        assert pkgar.identify(Memory(made.read_bytes())) == "pkgar package, 4 files" and errors == []
