"""Fixpoint on folders, archives and binaries: what is paired, what is bounded, what bad input makes of it."""

from __future__ import annotations

import gzip
import io
import os
import random
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from judge.fixpoint_builds import c_pair, compared, names, of, run
from portwright.base.errors import BadInput
from portwright.judge import stages, symbol_names
from portwright.judge.difference import Bounds
from portwright.judge.same_code import compare, engine

C = """\
static const char words[] = "some words that are read";
extern int other(int);
int first(int x) { return other(x) * 3; }
int second(int x) { return first(x) + words[x & 7]; }
"""


def shared(folder: Path, name: str, *words: str, text: str = C) -> Path:
    """A small shared object with symbols."""
    (folder / "s.c").write_text(text)
    run(
        "gcc",
        "-O1",
        "-fPIC",
        "-shared",
        "-nostdlib",
        "-Wl,--build-id=none",
        *words,
        "s.c",
        "-o",
        name,
        cwd=folder,
    )
    return folder / name


def flipped(path: Path, offset: int, bit: int = 0) -> Path:
    """A copy with one bit changed."""
    copy = path.with_name(path.name + ".flipped")
    data = bytearray(path.read_bytes())
    data[offset] ^= 1 << bit
    copy.write_bytes(data)
    return copy


def functions(path: Path) -> list[tuple[int, int, str]]:
    """(file offset, size, name) by readelf; text lies at its address in such a file."""
    out = subprocess.run(["readelf", "-sW", path], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in out.splitlines() if " FUNC " in line and " UND " not in line]
    return [(int(row[1], 16), int(row[2]), row[7]) for row in rows if int(row[2])]


def test_a_bit_anywhere_is_found_and_in_code_the_function_is_named(tmp_path: Path) -> None:
    """Every 7th byte of a small library; readelf says which function a byte is in."""
    path = shared(tmp_path, "s.so")
    known = functions(path)
    size, seen = path.stat().st_size, set()
    for offset in [
        *range(16, size, 97),
        *(start + k for start, length, _ in known for k in range(0, length, 5)),
    ]:
        report = compared(path, flipped(path, offset, offset % 8))
        assert not report.same and report.findings, hex(offset)
        holder = [name for start, length, name in known if start <= offset < start + length]
        if holder:
            row = of(report, "code")[0]
            assert row.symbol == holder[0] and len(row.evidence) >= 2, hex(offset)
            seen.add(row.symbol)
    assert seen == {"first", "second"}


def test_without_symbols_the_function_is_found_by_the_table_for_unwinding(tmp_path: Path) -> None:
    path = shared(tmp_path, "s.so", "-s", "-fvisibility=hidden")
    named = shared(tmp_path, "named.so", "-fvisibility=hidden")
    start = next(row[0] for row in functions(named) if row[2] == "second")
    (row,) = of(compared(path, flipped(path, start + 8)), "code")
    assert row.symbol.startswith(f"the function at {start:#x}")


@pytest.mark.parametrize("before", ["", "int longer(int x) { return x * x * x + 77777; }\n"])
def test_a_call_of_another_function_is_other_code(tmp_path: Path, before: str) -> None:
    """The same bytes but for an address, and it is not what moved; also where everything moved."""
    text = C + "int third(int x) { return x * 5 + 11; }\nint user(int x) { return CALLED(x); }\n"
    flags = ("-fno-inline", "-fno-toplevel-reorder", "-Wl,-Bsymbolic")
    one = shared(tmp_path, "a.so", *flags, text=text.replace("CALLED", "second"))
    two = shared(tmp_path, "b.so", *flags, text=before + text.replace("CALLED", "third"))
    right = shared(tmp_path, "c.so", *flags, text=before + text.replace("CALLED", "second"))
    assert {row.symbol for row in of(compared(one, two), "code") if row.symbol} == {"user"}
    assert "code" not in names(compared(one, right))


def test_the_same_objects_and_folders_are_the_same(tmp_path: Path) -> None:
    one, two = c_pair(tmp_path, [C])
    assert compared(one, two).same
    assert compared(one.parent, two.parent).same
    assert compared(one, one).same


def test_files_of_one_side_are_said_with_their_folder(tmp_path: Path) -> None:
    one, two = c_pair(tmp_path, [C])
    (one.parent / "more" / "deep").mkdir(parents=True)
    (one.parent / "more" / "deep" / "x").write_text("x")
    report = compared(one.parent, two.parent)
    assert [(row.path, row.what) for row in of(report, "missing")] == [("more", "only A has this folder")]


def test_archives_in_archives_in_folders(tmp_path: Path) -> None:
    """A changed function in an object in a static library in a tarball that is compressed, in a folder."""
    objects = c_pair(tmp_path, [C, C.replace("* 3", "* 5")])
    for side, path in zip("ab", objects, strict=True):
        run("ar", "rcD", path.parent / "libc.a", path)
        path.unlink()
        run("tar", "--mtime=@0", "-cJf", "all.tar.xz", "libc.a", cwd=path.parent)
        (path.parent / "libc.a").unlink()
        assert [row.name for row in (tmp_path / side).iterdir()] == ["all.tar.xz"]
    report = compared(tmp_path / "a", tmp_path / "b")
    rows = of(report, "code")
    assert {(row.path, row.symbol) for row in rows} == {("all.tar.xz(libc.a)(c.o)", "first")}


def test_the_depth_of_archives_is_bounded(tmp_path: Path) -> None:
    sides = []
    for side in "ab":
        data = (side * 100).encode()
        for _ in range(8):
            data = gzip.compress(data, mtime=0)
        sides.append(tmp_path / side)
        sides[-1].write_bytes(data)
    report = compared(*sides)
    assert not report.same and any("deep" in bound for bound in report.bounds)


def test_stages_are_told_of(tmp_path: Path) -> None:
    for name in ("stage1", "stage2", "stage3", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text("x")
    notes = {
        pair: " ".join(compared(*(tmp_path / name for name in pair)).notes)
        for pair in (("stage1", "stage2"), ("stage2", "stage3"), ("stage2", "stage2"), ("stage2", "other"))
    }
    assert "different compilers" in notes["stage1", "stage2"] and "stage 3" in notes["stage1", "stage2"]
    assert "right pair" in notes["stage2", "stage3"] and "full-bootstrap" in notes["stage2", "stage3"]
    assert "repeated" in notes["stage2", "stage2"] and notes["stage2", "other"] == ""
    assert stages.stage_of("/b/stage0/x/stage2-rustc/y") == 2 and stages.stage_of("/b/staged/x") is None


BAD = {
    "a file and a folder": ("file", "folder", "fixpoint/kinds"),
    "nothing there": ("file", "gone", "fixpoint/unreadable"),
    "a pipe": ("file", "pipe", "fixpoint/kinds"),
    "a tarball cut off": ("whole.tar.gz", "cut.tar.gz", "fixpoint/damaged-archive"),
    "an xz cut off": ("whole.xz", "cut.xz", "fixpoint/damaged-archive"),
    "an ar cut off": ("whole.a", "cut.a", "ar/broken"),
    "a tar cut off": ("whole.tar", "cut.tar", "fixpoint/damaged-archive"),
    "a bomb": ("whole.tar.gz", "bomb.gz", "fixpoint/too-large"),
}


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that BAD names."""
    root = tmp_path_factory.mktemp("bad")
    (root / "file").write_text("x")
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")
    (root / "noise").write_bytes(random.Random(1).randbytes(50_000))
    run("tar", "-cf", "whole.tar", "noise", cwd=root)
    run("gzip", "-kn", "whole.tar", cwd=root)
    run("xz", "-k", "noise", cwd=root)
    (root / "noise.xz").rename(root / "whole.xz")
    run("ar", "rc", "whole.a", "noise", cwd=root)
    for name in ("tar", "tar.gz", "xz", "a"):
        data = (root / f"whole.{name}").read_bytes()
        (root / f"cut.{name}").write_bytes(data[: len(data) * 2 // 3])
    with gzip.open(root / "bomb.gz", "wb") as file:
        for _ in range(100):
            file.write(bytes(1 << 20))
    return root


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_a_clean_error(case: str, bad: Path) -> None:
    one, two, code = BAD[case]
    with pytest.raises(BadInput) as caught:
        compared(bad / one, bad / two, Bounds(ratio=20))
    fault = caught.value.faults[0]
    assert fault.code == code and fault.hint and fault.where is not None


def test_a_damaged_archive_in_a_folder_is_compared_by_its_bytes(bad: Path, tmp_path: Path) -> None:
    for side, name in (("a", "whole"), ("b", "cut")):
        (tmp_path / side).mkdir()
        shutil.copy(bad / f"{name}.tar.gz", tmp_path / side / "x.tar.gz")
    report = compared(tmp_path / "a", tmp_path / "b")
    assert names(report) == {"data"} and any("compared by its bytes" in bound for bound in report.bounds)


@pytest.mark.skipif(os.geteuid() == 0, reason="unreadable files: root reads everything")
def test_files_that_cannot_be_read_are_all_told_of(tmp_path: Path) -> None:
    for side in "ab":
        (tmp_path / side).mkdir()
        for name in ("x", "y"):
            (tmp_path / side / name).write_text(side)
            (tmp_path / side / name).chmod(0)
    with pytest.raises(BadInput) as caught:
        compared(tmp_path / "a", tmp_path / "b")
    assert len(caught.value.faults) == 2


SAMPLES: dict[str, bytes] = {}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Small files of each kind that is read."""
    root = tmp_path_factory.mktemp("samples")
    one, _ = c_pair(root, [C])
    run("ar", "rc", root / "x.a", one)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(one, "c.o")
        archive.add(root / "a", "folder")
    library = shared(root, "s.so").read_bytes()
    return {"o": one.read_bytes(), "so": library, "a": (root / "x.a").read_bytes(), "tar": buffer.getvalue()}


@settings(max_examples=120, deadline=None)
@given(kind=some.sampled_from(["o", "so", "a", "tar"]), seed=some.integers(0, 1 << 32), cut=some.booleans())
def test_rubbish_is_a_clean_error_or_a_difference(
    samples: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, kind: str, seed: int, cut: bool
) -> None:
    chance = random.Random(seed)
    data = bytearray(samples[kind])
    for _ in range(chance.choice((1, 2, 8, 40))):
        place = chance.randrange(min(len(data), chance.choice((64, 4096, 1 << 20))))
        data[place] = chance.choice((0, 0xFF, 0x7F, chance.randrange(256)))
    if cut:
        del data[chance.randrange(len(data)) :]
    root = tmp_path_factory.mktemp("fuzz")
    (root / "a").write_bytes(samples[kind])
    (root / "b").write_bytes(data)
    try:
        report = compared(root / "a", root / "b", Bounds(expanded=1 << 20))
    except BadInput as error:
        assert error.faults
        return
    finally:
        shutil.rmtree(root)
    assert report.same == (bytes(data) == samples[kind])
    assert report.same or report.findings


def test_names_without_hashes() -> None:
    same = {
        ("_ZN3lib3tow17h9d5a7905ab72ebb3E", "_ZN3lib3tow17h0000000000000000E"): "crate",
        ("_RNvCs9jvVb34GBdE_5alloc3fmt", "_RNvCsabc_5alloc3fmt"): "crate",
        ("f.llvm.123", "f.llvm.99"): "random",
        ("lib.e2821ff3bca5ca45-cgu.0", "lib.90c2267616fed154-cgu.0"): "crate",
        (".Lanon.50f10bc5ed782fc91da46ff119836e2d.2", ".Lanon." + "0" * 32 + ".2"): "crate",
        ("libx-0123456789abcdef.rlib", "libx-fedcba9876543210.rlib"): "crate",
    }
    assert {pair: symbol_names.unstable(*pair) for pair in same} == same
    assert symbol_names.unstable("_ZN3lib3tow17h9d5a7905ab72ebb3E", "_ZN3lib3two17h9d5a7905ab72ebb3E") == ""


def words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "little") for number in numbers)


ADRP, ADD, LOAD, BL, RET = 0xB0000000, 0x91004000, 0xF9400000, 0x94000010, 0xD65F03C0


def test_aarch64_addresses_are_put_together_of_page_and_rest() -> None:
    """adrp and add make one address, wherever both lie; an add of something else is no address."""
    machine = engine(183, "little", 64)
    one, two = words(ADRP, ADD, BL, RET), words(ADRP, ADD + (0x20 << 10), BL, RET)
    seen: list[tuple[int, int]] = []

    def same(x: int, y: int) -> bool:
        seen.append((x, y))
        return True

    found = compare(183, machine, (one, two), (0x1000, 0x1000), same)
    assert (found.answer, seen[0]) == ("addresses", (0x2010, 0x2030))
    assert compare(183, machine, (one, two), (0x1000, 0x1000), lambda x, y: False).answer == "differs"
    plain = words(ADD, RET), words(ADD + (1 << 10), RET)
    assert compare(183, machine, plain, (0x1000, 0x1000), same).answer == "differs"
    assert compare(183, machine, (words(BL, RET), words(BL + 1, RET)), (0, 0), same).answer == "addresses"


def test_a_cpu_without_a_disassembler_is_said_to_be_so() -> None:
    assert (
        compare(9999, engine(9999, "little", 64), (b"a", b"b"), (0, 0), lambda x, y: True).answer == "unknown"
    )
