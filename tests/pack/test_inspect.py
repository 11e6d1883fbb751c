"""Looking into folders, archives and images: what is found inside, what is held against what, and rubbish."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from elf_maker import CRANELIFT, LLVM, OTHER_RUSTC, make
from initfs_maker import initfs
from pe_maker import pe
from portwright.base.errors import BadInput
from portwright.base.sources import Memory
from portwright.formats import Node, Packing, Partition, fat, gpt, redox_initfs
from portwright.pack.inspect import Report, Wanted, inspect, of_source
from portwright.pack.overlay import laid


def codes(report: Report) -> dict[str, set[str]]:
    """The faults by the file that they are in."""
    return {each.name: {row.fault for row in each.findings} for each in report.every() if each.findings}


def look(data: bytes, name: str = "file", **wanted: str) -> Report:
    return of_source(Memory(data, name), Wanted(**wanted))  # type: ignore[arg-type]


def test_a_good_program_has_no_fault() -> None:
    report = look(make(symbols=()))
    assert report.findings == () and report.format == "elf" and report.program is not None
    assert report.what == "64-bit ELF, executable, x86-64"


def test_an_initfs_is_looked_into_with_its_programs() -> None:
    files = {
        "bin/init": make(entry=0, comment=[CRANELIFT]),
        "bin/randd": make(comment=[CRANELIFT]),
        "bin/zerod": make(comment=[LLVM]),
        "etc/init.rc": b"run",
    }
    report = look(initfs(files=files), "initfs", built_by="cranelift")
    assert redox_initfs.identify(Memory(initfs(files=files))) == report.what == "Redox initfs, layout R3"
    found = codes(report)
    assert found["initfs:/bin/init"] >= {"entry-zero"}
    assert found["initfs:/bin/zerod"] == {"wrong-backend"}
    assert "initfs:/bin/randd" not in found
    assert [member.path for member in report.members] == ["bin/init", "bin/randd", "bin/zerod"]
    assert report.others == 1 and report.facts["layout"] == "R3"


def test_an_initfs_without_bootstrap_is_one_fault_and_not_three() -> None:
    report = look(initfs(None), "initfs")
    assert [row.fault for row in report.findings] == ["initfs-bootstrap-missing"]


def test_an_initfs_without_init_is_one_fault() -> None:
    report = look(initfs(files={"etc/init.rc": b"run", "initfs/bin/init": make()}), "initfs")
    assert [row.fault for row in report.findings] == ["initfs-without-init"]
    assert "it is at initfs/bin/init" in report.findings[0].what


def test_an_image_inside_a_folder_inside_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "boot").mkdir()
    (tmp_path / "boot" / "initfs").write_bytes(b"RedoxFS\0" + bytes(8000))
    (tmp_path / "boot" / "kernel").write_bytes(make())
    (tmp_path / "EFI").mkdir()
    (tmp_path / "EFI" / "BOOTAA64.EFI").write_bytes(pe())
    (tmp_path / "motd").write_text("hello")
    (tmp_path / "link").symlink_to("motd")
    report = inspect(tmp_path, Wanted())
    assert {Path(name).name: rows - {"image-check"} for name, rows in codes(report).items()} == {
        "initfs": {"wrong-magic"},
        "BOOTAA64.EFI": {"efi-file"},
    }
    assert report.others == 1 and report.what == "folder"


def test_a_folder_is_compared_file_by_file(tmp_path: Path) -> None:
    for name, files in (
        ("good", {"a": make(), "b": make(), "gone": make()}),
        ("now", {"a": make(), "b": make(code=b"\xcc" * 90_000, comment=[OTHER_RUSTC]), "new": make()}),
    ):
        (tmp_path / name).mkdir()
        for file, data in files.items():
            (tmp_path / name / file).write_bytes(data)
    report = inspect(tmp_path / "now", Wanted(), tmp_path / "good")
    difference = report.difference
    assert difference is not None and (difference.new_files, difference.lost_files) == (("new",), ("gone",))
    by_path = {member.path: member for member in report.members}
    assert by_path["a"].difference is not None and by_path["a"].difference.same
    assert {row.fault for row in by_path["b"].findings} == {"grown"}
    assert by_path["new"].difference is None
    assert {row.fault for row in report.findings} == {"compilers-out-of-step"}


def test_seventeen_binaries_and_the_two_that_cranelift_did_not_build(tmp_path: Path) -> None:
    for number in range(17):
        maker = [LLVM] if number in (3, 11) else [CRANELIFT]
        (tmp_path / f"b{number:02}").write_bytes(make(comment=maker))
    report = inspect(tmp_path, Wanted(built_by="cranelift"))
    assert {Path(name).name for name in codes(report)} == {"b03", "b11"}


def test_what_cannot_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        inspect(tmp_path / "nothing", Wanted())
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="no file and no folder"):
        inspect(tmp_path / "pipe", Wanted())
    assert inspect(tmp_path, Wanted()).members == ()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (bytes(100), "zeros"),
        (b"hello, world", "unknown: it begins with 68 65 6c 6c 6f 2c 20 77"),
        (b"#!/bin/sh\n", "script"),
        (pe(machine=0xAA64), "PE, AArch64"),
        (b"!<arch>\n", "archive"),
        (
            bytes.fromhex("feedface00000006000000010000000100000000") + bytes(20),
            "32-bit big-endian Mach-O, object, m68k",
        ),
    ],
)
def test_other_files(data: bytes, what: str) -> None:
    report = look(data)
    assert report.what == what and not [row for row in report.findings if row.severity == "error"]


def test_images_in_images_end_somewhere() -> None:
    inner = initfs(None, {"bin/init": make(entry=0)})
    for _ in range(6):
        inner = initfs(None, {"bin/init": make(), "boot/initfs": inner})
    names = [each.name for each in look(inner).every()]
    assert max(name.count(":") for name in names) <= 5


WHOLE = [
    make(tls=(3, 13, 8), interpreter="/x", needed=["a"], relocations=[(0x204000, 8)]),
    make(bits=32, endian="big", machine=4),
    pe(),
    initfs(files={"bin/init": make(loads=[]), "etc/init.rc": b"x"}),
]


@settings(max_examples=60, deadline=None)
@given(some.sampled_from(WHOLE), some.booleans(), some.data())
def test_mutations_and_cut_offs(data: bytes, cut: bool, draw: some.DataObject) -> None:
    changed = bytearray(data)
    for _ in range(draw.draw(some.integers(1, 8))):
        near = draw.draw(some.sampled_from([0, max(len(data) - 600, 0), 0x1000 % len(data)]))
        place = (near + draw.draw(some.integers(0, 600))) % len(data)
        changed[place] = draw.draw(some.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | some.integers(0, 255))
    end = draw.draw(some.integers(0, len(data))) if cut else len(data)
    report = look(bytes(changed[:end]), "boot/initfs", built_by="llvm")
    assert all(row.what and row.hint for each in report.every() for row in each.findings)


@settings(max_examples=40, deadline=None)
@given(
    some.sampled_from([b"", b"\x7fELF\x02\x01", b"MZ", b"!<arch>\n", b"RedoxFtw", b"RedoxFS\0"]),
    some.binary(max_size=600),
)
def test_rubbish(magic: bytes, rest: bytes) -> None:
    look(magic + rest)


def test_a_file_inside_an_image_is_named_by_its_address(tmp_path: Path) -> None:
    file = tmp_path / "initfs.img"
    file.write_bytes(initfs(files={"bin/init": make(entry=0), "etc/init.rc": b"x"}))
    report = inspect(f"{file}:/bin/init", Wanted(), str(file))
    assert report.name == f"{file}:/bin/init" and report.path == "bin/init"
    assert "entry-zero" in {row.fault for row in report.findings}
    with pytest.raises(BadInput, match="this is a directory"):
        inspect(f"{file}:/bin", Wanted())
    with pytest.raises(BadInput, match="bin/sh"):
        inspect(f"{file}:/bin/sh", Wanted())


def test_a_disk_is_looked_into_through_its_partitions(tmp_path: Path) -> None:
    loader = Node(b"EFI/BOOT/BOOTAA64.EFI", "file", 0o755, size=len(pe()), content=Memory(pe()))
    nodes = [
        Node(b"", "directory", 0o755),
        Node(b"EFI", "directory", 0o755),
        Node(b"EFI/BOOT", "directory", 0o755),
    ]
    efi = laid(fat.layout([*nodes, loader], Packing(size=4 << 20, variant="16")), "efi")
    system = Memory(initfs(None, {"bin/init": make(entry=0), "etc/init.rc": b"x"}))
    parts = [
        Partition(1, 1 << 20, efi.size, "efi", "EFI", content=efi),
        Partition(2, 8 << 20, 1 << 20, "linux", "REDOX", content=system),
    ]
    disk = laid(gpt.layout(parts, Packing(size=16 << 20)), "disk.img")
    report = of_source(disk, Wanted())
    assert report.what.startswith("GPT") or "partition" in report.what
    found = codes(report)
    assert found["disk.img:1:/EFI/BOOT/BOOTAA64.EFI"] == {"efi-file"}
    assert found["disk.img:2"] >= {"initfs-bootstrap-missing"}
    assert "entry-zero" in found["disk.img:2:/bin/init"]
    file = tmp_path / "disk.img"
    file.write_bytes(disk.read(0, disk.size))
    inner = inspect(f"{file}:2:/bin/init", Wanted())
    assert inner.name == f"{file}:2:/bin/init" and "entry-zero" in {row.fault for row in inner.findings}
