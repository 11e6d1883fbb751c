"""The format redox-initfs: read in seven layouts, written in four as the original archivers do, only clean errors."""

from __future__ import annotations

import hashlib
import struct
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from formats.initfs_samples import (
    ALL,
    BOOTSTRAP,
    PAGE,
    WRITTEN,
    file,
    folder,
    link,
    old_image,
    packed,
    plain_tree,
    sheet_tree,
    written,
)
from portwright.base.errors import BadInput
from portwright.base.sources import Memory, Scattered
from portwright.formats import Node, Packing, Problem, redox_initfs

# SHA-256 of what Redox's own archivers made of the same tree, with their creation time replaced by zeros.
ORIGINALS = {
    ("R3", True): "480a114d13fdbd6bd02a74ea22709de721b2d697a132364443c4dc5f3dd74614",
    ("R3", False): "9601ca4e82307d1374b80b02e5e4032f8a0dc0e02c05ee8459eec0af6a023310",
    ("R4a", True): "5155d85e8780e0e73f31eb2e7b8f0e2117d895428a2971919c33842e52500baa",
    ("R4a", False): "56a731a1991e8c9431fce93f68b7594e9a05eb6d2b81924fdc76e65e1a20468e",
    ("R4b", True): "848514dd01da7149657b869615130244330e6ce949f46334d0aa64e85929e5a9",
    ("R4b", False): "97a486d29f0c5fd545a4d703e36d4595f481cf81a6249d215f79f744ba62777e",
    ("R5", True): "87c98541edc5617845345eb75ee063beaa60bff86a2b709be9b7284d72d53b55",
}


def nodes_of(image: bytes) -> list[Node]:
    """The nodes of an image, with their contents."""
    volume = redox_initfs.read(Memory(image))
    found = list(volume.walk())
    for node in found:
        if node.kind == "file":
            node.content = Scattered(volume.source, volume.stretches(node))
    return found


def content(node: Node) -> bytes:
    return node.target if node.content is None else node.content.read(0, node.content.size)


def sample(layout: str) -> bytes:
    """A small image of any layout."""
    if layout in WRITTEN:
        return packed(layout)
    tree = {"bin": {"init": b"123456789", "x": b""}, "etc": {}, "a": b"\0" * 100}
    return old_image(layout, tree, bootstrap=b"" if layout == "R0" else BOOTSTRAP, page=layout != "R0")


@pytest.mark.parametrize(("layout", "bootstrap"), ORIGINALS)
def test_images_are_those_of_the_original_archivers(layout: str, bootstrap: bool) -> None:
    image = packed(layout) if bootstrap else packed(layout, bootstrap=None)
    assert hashlib.sha256(image).hexdigest() == ORIGINALS[layout, bootstrap]


def test_the_vectors_of_the_fact_sheet() -> None:
    assert struct.unpack_from("<8sIQIHQQH", packed("R3", modified=1234)) == (
        *(b"RedoxFtw", 0x2000, 1234, 0, 13, 0x210120, 102403, 4096),
    )
    assert struct.unpack_from("<III", packed("R3"), 0x2000) == (0x1000_01ED, 32, 0x3000)
    bare = packed("R3", bootstrap=None)
    assert (len(bare), *struct.unpack_from("<I", bare, 8)) == (98307, 0x1000)
    assert bare[0x1A:0x22] == b"\xff" * 8
    assert struct.unpack_from("<8sIQHHHQ", packed("R5")) == (
        *(b"RedoxFtw", 0x19000, 102556, 4096, 12, 13, 0x210120),
    )


@pytest.mark.parametrize("layout", ALL)
def test_every_layout_is_recognised(layout: str) -> None:
    source = Memory(sample(layout))
    assert redox_initfs.identify(source) == f"Redox initfs, layout {layout}"
    facts = redox_initfs.read(source).facts
    assert facts["layout"] == layout
    if layout == "R2":
        assert (facts["entry"], facts["initfs size"]) == ("0x3000", source.size)
    if layout == "R5":
        assert (facts["entry"], facts["page size"], "created" in facts) == ("0x210120", PAGE, False)


def test_layouts_are_told_apart_where_the_header_does_not_help() -> None:
    unlucky = bytearray(old_image("R1", {"a": b"b"}))  # nanoseconds that look like R5's page size
    struct.pack_into("<I", unlucky, 0x14, PAGE)
    assert redox_initfs.read(Memory(unlucky)).layout == "R1"
    for layout in WRITTEN:
        for tree in ([folder(b"")], [file(b"a", b"")], [file(b"a", b"", 0), file(b"b", b"", 0)]):
            assert redox_initfs.read(Memory(packed(layout, tree))).layout == layout
    assert redox_initfs.read(Memory(old_image("R0", {"a": b"1"}, bootstrap=b"x" * 9))).layout == "R0"


@pytest.mark.parametrize("layout", ["R0", "R1", "R2"])
def test_old_layouts_are_read_and_not_written(layout: str) -> None:
    image = sample(layout)
    found = {node.path: (node.kind, content(node)) for node in nodes_of(image)}
    assert found[b"bin/init"] == ("file", b"123456789")
    assert set(found) == {b"", b"bin", b"bin/init", b"bin/x", b"etc", b"a"}
    assert {path: (kind, data) for path, (kind, _, data) in plain_tree(image, layout).items()} == found
    with pytest.raises(BadInput, match=f"layout {layout} can be read but not written"):
        redox_initfs.layout(nodes_of(image), redox_initfs.packing(redox_initfs.read(Memory(image))))


@pytest.mark.parametrize("layout", WRITTEN)
def test_the_tree_is_found_again(layout: str) -> None:
    image = packed(layout)
    plain = plain_tree(image, layout)
    volume = redox_initfs.read(Memory(image))
    assert {node.path: (node.kind, node.mode, content(node)) for node in nodes_of(image)} == plain
    assert [node.path for node in volume.walk()] == [node.path for node in sheet_tree(layout)]
    for node in volume.walk():
        assert volume.lookup(node.path) == node
    assert volume.lookup(b"/etc//pcid/") is not None
    for nothing in (b"bin/none", b"bin/init/x", b"none/x"):
        assert volume.lookup(nothing) is None
    modes = {node.path: node.mode for node in volume.walk()}
    assert modes[b"bin/init"] == (0o755 if layout in ("R3", "R4a") else 0o555)


names = some.binary(min_size=1, max_size=12).filter(
    lambda name: name not in (b".", b"..") and not {0, 47} & set(name)
)
contents = some.binary(max_size=30) | some.integers(4090, 4100).map(lambda size: b"\x5a" * size)
trees: Any = some.recursive(
    some.dictionaries(names, contents, max_size=4),
    lambda inner: some.dictionaries(
        names, contents | inner | some.tuples(some.binary(max_size=9)), max_size=4
    ),
    max_leaves=12,
)


def made(tree: dict[bytes, Any], prefix: bytes = b"") -> list[Node]:
    found = []
    for name, inside in tree.items():
        path = prefix + name
        if isinstance(inside, dict):
            found += [folder(path), *made(inside, path + b"/")]
        else:
            tuples = isinstance(inside, tuple)
            found.append(link(path, inside[0]) if tuples else file(path, inside, 0o755))
    return found


@settings(max_examples=40, deadline=None)
@given(some.sampled_from(WRITTEN), trees, some.booleans(), some.integers(0, 2**40))
def test_round_trip(layout: str, tree: dict[bytes, Any], bootstrap: bool, modified: int) -> None:
    nodes = made(tree)
    program = Memory(BOOTSTRAP) if bootstrap or layout == "R5" else None
    order: Any = "given" if modified % 2 else "sorted"
    wanted = Packing(layout=layout, bootstrap=program, modified=modified, order=order)
    image = written(redox_initfs.layout(nodes, wanted))
    plain = plain_tree(image, layout)
    assert {path: entry[2] for path, entry in plain.items() if path} == {n.path: content(n) for n in nodes}
    volume = redox_initfs.read(Memory(image))
    assert [node.path for node in volume.walk()] == list(plain)
    if order == "given":
        assert list(plain)[1:] == [node.path for node in nodes]
    assert written(redox_initfs.layout(nodes_of(image), redox_initfs.packing(volume))) == image
    errors = [problem for problem in redox_initfs.check(Memory(image)) if problem.severity == "error"]
    assert {problem.code for problem in errors} <= {"redox-initfs/no-bootstrap", "redox-initfs/entry-outside"}


def test_order_is_sorted_by_bytes_or_as_given() -> None:
    nodes = [folder(b"b"), file(b"b/z", b"1"), file(b"b/a", b"2"), file(b"\xff", b""), file(b"B", b"")]
    given_order = packed(nodes=nodes)
    assert [node.path for node in nodes_of(given_order)] == [b"", b"b", b"b/z", b"b/a", b"\xff", b"B"]
    in_order = [
        written(redox_initfs.layout(some_order, Packing())) for some_order in (nodes, list(reversed(nodes)))
    ]
    assert in_order[0] == in_order[1]
    assert [node.path for node in nodes_of(in_order[0])] == [b"", b"B", b"b", b"b/a", b"b/z", b"\xff"]


def test_another_name_of_a_file_is_a_copy() -> None:
    nodes = [file(b"a", b"content", 0o755), Node(b"b", "file", 0o755, 7, same_as=b"a")]
    assert plain_tree(packed("R5", nodes), "R5")[b"b"] == ("file", 0o555, b"content")


@pytest.mark.parametrize("layout", WRITTEN)
def test_the_bootstrap_comes_with_the_image(layout: str) -> None:
    image = packed(layout)
    assert image[PAGE : PAGE + len(BOOTSTRAP)] == BOOTSTRAP
    kept = redox_initfs.packing(redox_initfs.read(Memory(image))).bootstrap
    assert kept is not None and kept.read(0, kept.size) == BOOTSTRAP.ljust(PAGE, b"\0")


@pytest.mark.parametrize(
    ("form", "kind"),
    [(b"\1\1", "<I"), (b"\1\2", ">I"), (b"\2\1", "<Q"), (b"\2\2", ">Q")],
)
def test_entries_of_every_kind_of_elf_file(form: bytes, kind: str) -> None:
    program = b"\x7fELF" + form + bytes(18) + struct.pack(kind, 0x3004) + bytes(40)
    assert redox_initfs.read(Memory(packed(bootstrap=Memory(program)))).header.entry == 0x3004


def test_stored_targets() -> None:
    stored = redox_initfs.stored_target
    for later in ("R4a", "R4b", "R5"):
        assert stored(later, b"etc/x", b"../bin/init") == b"../bin/init"
        assert stored(later, b"bin/nulld", b"init") == b"init"
        assert stored(later, b"a/b/c", b"/bin/init") == b"../../bin/init"
        assert stored(later, b"a/b", b"/host/tree/bin/x", b"/host/tree") == b"../bin/x"
        assert stored(later, b"a/b", b"./c//d/.") == b"c/d"
        assert stored(later, b"a/b", b"/usr/x", b"/host/tree") == b"../../../usr/x"
    assert stored("R3", b"etc/x", b"../bin/init") == b"etc/../bin/init"
    assert stored("R3", b"bin/nulld", b"init") == b"bin/init"
    assert stored("R3", b"a/b/c", b"/bin/init") == b"bin/init"
    assert stored("R3", b"a/b", b"/host/tree/bin/x", b"/host/tree/") == b"bin/x"
    assert stored("R3", b"a/b", b"/host/other", b"/host/tree") == b"../other"
    assert stored("R3", b"x", b".") == b""


@pytest.mark.parametrize(
    ("nodes", "code"),
    [
        ([Node(b"tty", "character")], "kind"),
        ([Node(b"queue", "fifo")], "kind"),
        ([file(b"a/b", b"")], "no-folder"),
        ([file(b"a", b""), file(b"a/b", b"")], "no-folder"),
        ([file(b"a", b""), folder(b"a")], "same-path"),
        ([folder(b"a"), file(b"a/..", b"")], "name"),
        ([file(b"/etc", b"")], "name"),
        ([file(b"a\0b", b"")], "name"),
        ([file(b"a" * 70000, b"")], "name"),
        ([Node(b"a", "file", size=9)], "no-content"),
        ([Node(b"", "file")], "root"),
    ],
)
def test_what_it_cannot_hold_is_refused(nodes: list[Node], code: str) -> None:
    with pytest.raises(BadInput) as error:
        redox_initfs.layout(nodes, Packing())
    assert [fault.code for fault in error.value.faults] == [f"redox-initfs/{code}"]
    assert str(error.value.faults[0].where)


@pytest.mark.parametrize(
    ("packing", "code"),
    [
        (Packing(layout="R9"), "layout"),
        (Packing(layout="R5"), "no-bootstrap"),
        (Packing(bootstrap=Memory(b"#!/bin/sh")), "bootstrap-kind"),
        (Packing(bootstrap=Memory(b"\x7fELF" + bytes(60))), "bootstrap-kind"),
        (Packing(modified=-1), "time"),
    ],
)
def test_impossible_wishes(packing: Packing, code: str) -> None:
    with pytest.raises(BadInput) as error:
        redox_initfs.layout([], packing)
    assert [fault.code for fault in error.value.faults] == [f"redox-initfs/{code}"]


def test_all_faults_come_at_once() -> None:
    nodes = [Node(b"tty", "character"), file(b"a/b", b""), file(b"huge", bytes(1 << 20))]
    with pytest.raises(BadInput) as error:
        redox_initfs.layout(nodes, Packing(layout="R5", most=1 << 20))
    codes = [fault.code for fault in error.value.faults]
    assert codes == [f"redox-initfs/{code}" for code in ("no-bootstrap", "kind", "no-folder", "too-large")]


class Large:
    """A file of which nobody reads anything."""

    name = "large"

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        raise AssertionError("layout must not read")


def test_what_is_too_large_is_named() -> None:
    sizes = {b"a": 5 << 20, b"b": 40 << 20, b"c": 30 << 20}
    nodes = [Node(name, "file", size=size, content=Large(size)) for name, size in sizes.items()]
    with pytest.raises(BadInput) as error:
        redox_initfs.layout(nodes, Packing())
    text = str(error.value)
    assert "would have 75.02 MiB, and may have 64.00 MiB" in text and "strip" in text
    assert "every name costs a page" in text
    assert text.index("b 40.00 MiB") < text.index("c 30.00 MiB") < text.index("a 5.00 MiB")
    assert redox_initfs.layout(nodes, Packing(most=80 << 20)).size < 76 << 20
    exactly = redox_initfs.layout([], Packing(most=2 * PAGE))  # header and inodes: whole pages count
    assert exactly.size == PAGE + 20
    with pytest.raises(BadInput):
        redox_initfs.layout([], Packing(most=2 * PAGE - 1))
    with pytest.raises(BadInput, match="32 bits"):
        redox_initfs.layout([Node(b"a", "file", content=Large(5 << 30))], Packing(most=1 << 40))


def test_the_number_of_files_is_limited() -> None:
    nodes = [Node(b"%d" % number, "file") for number in range(65_535)]
    wanted = Packing(layout="R5", most=1 << 31, bootstrap=Memory(BOOTSTRAP))
    with pytest.raises(BadInput, match="65536 files, and an initfs has room for 65535"):
        redox_initfs.layout(nodes, wanted)
    assert redox_initfs.layout(nodes[:-1], wanted).size > 65_534 * PAGE


def test_twenty_thousand_files_take_little_time() -> None:
    nodes = [folder(b"%d" % number) for number in range(200)]
    nodes += [
        Node(b"%d/%d" % divmod(n, 100), "file", 0o644, 53687, content=Large(53687)) for n in range(20_000)
    ]
    start = time.process_time()
    layout = redox_initfs.layout(nodes, Packing(most=2 << 30))
    assert sum(1 for _ in layout.pieces) == 40_603 - 200
    assert time.process_time() - start < 3  # a fifth of a second here; a bench holds it to that


def everything(image: bytes) -> list[Problem]:
    """Ask for all that there is; only `BadInput` may come."""
    source = Memory(image)
    redox_initfs.identify(source)
    try:
        volume = redox_initfs.read(source)
        assert volume.facts
        redox_initfs.packing(volume)
        volume.lookup(b"bin/init")
        for node in volume.walk():
            assert sum(length for _, length in volume.stretches(node)) == (
                node.size if node.number >= 0 else 0
            )
    except BadInput as error:
        assert error.faults and all(fault.what and fault.code for fault in error.faults)
    found = list(redox_initfs.check(source))
    assert all(
        problem.code.startswith("redox-initfs/") or problem.code == "source/cut-off" for problem in found
    )
    return found


@settings(max_examples=150, deadline=None)
@given(some.sampled_from(ALL), some.data())
def test_mutations(layout: str, draw: some.DataObject) -> None:
    image = bytearray(sample(layout))
    table = struct.unpack_from("<I", image, 8)[0]
    for _ in range(draw.draw(some.integers(1, 6))):
        near = draw.draw(some.sampled_from([0, table, PAGE * draw.draw(some.integers(0, 20))]))
        place = min(near + draw.draw(some.integers(0, 260)), len(image) - 1)
        image[place] = draw.draw(some.sampled_from([0, 1, 0x10, 0x7F, 0x80, 0xFF]) | some.integers(0, 255))
    everything(bytes(image[: draw.draw(some.integers(0, len(image)) | some.just(len(image)))]))


@settings(max_examples=60, deadline=None)
@given(some.binary(max_size=200))
def test_rubbish(rubbish: bytes) -> None:
    everything(rubbish)
    everything(b"RedoxFtw" + rubbish)
    everything(packed("R5")[:PAGE] + rubbish)


@pytest.mark.parametrize("layout", ALL)
def test_truncation_is_told(layout: str) -> None:
    image = sample(layout)
    for end in (0, 8, 25, 26, 40, len(image) // 8, len(image) // 2, len(image) - 1):
        found = everything(image[:end])
        assert any(problem.severity == "error" for problem in found), end


def test_a_bomb_of_folders_within_folders_ends() -> None:
    count = 400  # each folder lists all of them, so that paths without end would follow
    table = PAGE + 12 * count
    entries = b"".join(struct.pack("<HHI", number, number % 8 + 1, 0) for number in range(1, count))
    image = bytearray(struct.pack("<8sIQHHHQ", b"RedoxFtw", PAGE, 0, PAGE, 0, count, 0).ljust(PAGE, b"\0"))
    image += struct.pack("<III", 2, len(entries), table) * count + entries
    start = time.process_time()
    found = everything(bytes(image))
    assert time.process_time() - start < 2
    assert {"redox-initfs/same-name", "redox-initfs/cycle"} <= {problem.code for problem in found}


def test_overlapping_names_do_not_fill_the_memory() -> None:
    count = 60_000
    table, names = PAGE, PAGE + 12 * count
    entries = b"".join(struct.pack("<HHI", number, 65535, number) for number in range(1, count))
    image = bytearray(struct.pack("<8sIQHHHQ", b"RedoxFtw", table, 0, PAGE, 0, count, 0).ljust(PAGE, b"\0"))
    image += (
        struct.pack("<III", 2, len(entries), names) + struct.pack("<III", 0, 0, 0) * (count - 1) + entries
    )
    with pytest.raises(BadInput):
        list(redox_initfs.read(Memory(bytes(image))).walk())
    assert redox_initfs.read(Memory(bytes(image))).lookup(b"a") is None
