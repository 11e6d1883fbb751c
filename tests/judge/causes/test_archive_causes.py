"""Causes that archives have: each is provoked by a real tool, named, and cured by what the cure says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from judge.fixpoint_builds import c_pair, compared, names, of, run

TEXTS = ("int one(void) { return 1; }\n", "int two(void) { return 2; }\n")


def objects(folder: Path) -> tuple[Path, Path]:
    """Two objects with different times."""
    found = []
    for name, text in zip(("one", "two"), TEXTS, strict=True):
        source = folder / f"{name}.c"
        source.write_text(text)
        run("gcc", "-c", source.name, "-o", f"{name}.o", cwd=folder)
        found.append(folder / f"{name}.o")
    return found[0], found[1]


def folder(root: Path) -> Path:
    """A few files to be packed."""
    place = root / "in"
    place.mkdir()
    for name in ("a", "b", "c"):
        (place / name).write_text(name * 1000)
        os.utime(place / name, (1_700_000_000, 1_700_000_000))
    return place


def test_timestamp_of_ar_and_its_cure(tmp_path: Path) -> None:
    first, second = objects(tmp_path)
    run("ar", "rcU", tmp_path / "a.a", first, second)
    os.utime(first, (1_000_000_000, 1_000_000_000))
    run("ar", "rcU", tmp_path / "b.a", first, second)
    report = compared(tmp_path / "a.a", tmp_path / "b.a")
    assert names(report) == {"timestamp"}
    (row,) = of(report, "timestamp")
    assert row.path == "(one.o)" and "1000000000 in B" in row.what and "ar rcD" in row.cure
    for name in ("c.a", "d.a"):
        os.utime(first)
        run("ar", "rcD", tmp_path / name, first, second)
    assert compared(tmp_path / "c.a", tmp_path / "d.a").same


def test_timestamp_in_a_program_and_its_cure(tmp_path: Path) -> None:
    text = 'const char *when(void) { return __DATE__ " " __TIME__; }\n'
    for side, epoch in (("a", "1000000000"), ("b", "1100000000"), ("c", "1100000000")):
        (tmp_path / "c.c").write_text(text)
        run("gcc", "-c", "c.c", "-o", f"{side}.o", cwd=tmp_path, env={"SOURCE_DATE_EPOCH": epoch})
    report = compared(tmp_path / "a.o", tmp_path / "b.o")
    assert names(report) == {"timestamp"} and "SOURCE_DATE_EPOCH" in of(report, "timestamp")[0].cure
    assert "Sep  9 2001" in of(report, "timestamp")[0].what
    assert compared(tmp_path / "b.o", tmp_path / "c.o").same


def test_timestamp_owner_mode_and_order_of_tar(tmp_path: Path) -> None:
    """Everything that a tarball records, each by itself and all at once."""
    place = folder(tmp_path)
    ways = {
        "plain": ["--owner=0", "--group=0", "a", "b", "c"],
        "timestamp": ["--owner=0", "--group=0", "--mtime=@5", "a", "b", "c"],
        "owner": ["--owner=me:1000", "--group=us:1000", "a", "b", "c"],
        "mode": ["--owner=0", "--group=0", "--mode=700", "a", "b", "c"],
        "order": ["--owner=0", "--group=0", "c", "b", "a"],
        "missing": ["--owner=0", "--group=0", "a", "b"],
    }
    for name, words in ways.items():
        run("tar", "-cf", tmp_path / f"{name}.tar", *words, cwd=place)
    for name in ways:
        report = compared(tmp_path / "plain.tar", tmp_path / f"{name}.tar")
        assert names(report) == ({name} if name != "plain" else set()), name


def test_order_of_members_of_ar(tmp_path: Path) -> None:
    first, second = objects(tmp_path)
    run("ar", "rcD", tmp_path / "a.a", first, second)
    run("ar", "rcD", tmp_path / "b.a", second, first)
    assert names(compared(tmp_path / "a.a", tmp_path / "b.a")) == {"order"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(["gzip", "-1n"], ["gzip", "-9n"]), (["xz", "-0"], ["xz", "-6"]), (["zstd", "-1"], ["zstd", "-19"])],
)
def test_compression(tmp_path: Path, ours: list[str], theirs: list[str]) -> None:
    place = folder(tmp_path)
    run("tar", "-cf", tmp_path / "x.tar", ".", cwd=place)
    sides = []
    for side, words in (("a", ours), ("b", theirs)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "x.tar").write_bytes((tmp_path / "x.tar").read_bytes())
        run(*words, "-k", "x.tar", cwd=tmp_path / side)
        (tmp_path / side / "x.tar").unlink()
        sides.append(next((tmp_path / side).iterdir()))
    report = compared(*sides)
    assert names(report) == {"compression"} and not report.real


def test_compression_of_two_kinds_is_looked_through(tmp_path: Path) -> None:
    place = folder(tmp_path)
    run("tar", "-cf", tmp_path / "a.tar", "a", "b", cwd=place)
    run("tar", "-cf", tmp_path / "b.tar", "--mtime=@5", "a", "b", cwd=place)
    run("gzip", "-n", "a.tar", cwd=tmp_path)
    run("xz", "b.tar", cwd=tmp_path)
    assert names(compared(tmp_path / "a.tar.gz", tmp_path / "b.tar.xz")) == {"compression", "timestamp"}


def test_timestamp_of_gzip_and_its_cure(tmp_path: Path) -> None:
    for side, when in (("a", 1_000_000_000), ("b", 1_100_000_000)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "x").write_text("text\n" * 50)
        os.utime(tmp_path / side / "x", (when, when))
        run("gzip", "-k", "x", cwd=tmp_path / side)
    report = compared(tmp_path / "a/x.gz", tmp_path / "b/x.gz")
    assert names(report) == {"timestamp"} and "gzip -n" in of(report, "timestamp")[0].cure


def test_random_symbol(tmp_path: Path) -> None:
    """Names as LLVM gives them, by a real assembler."""
    text = 'int f(void) __asm__("write.llvm.{0}");\nint f(void) {{ return 5; }}\n'
    one, two = c_pair(tmp_path, [text.format("123456789"), text.format("987654321")])
    report = compared(one, two)
    assert not report.real and "random-symbol" in names(report, "cause")
    assert "write.llvm.123456789" in of(report, "random-symbol")[0].evidence[0]


def test_compiler_version(tmp_path: Path) -> None:
    text = 'int f(void) {{ return 5; }}\n__asm__(".ident \\"GCC: (another) {0}\\"");\n'
    one, two = c_pair(tmp_path, [text.format("12.1"), text.format("13.2")])
    report = compared(one, two)
    assert names(report) == {"compiler-version"} and "13.2" in of(report, "compiler-version")[0].evidence[1]


def test_order_of_functions_given_to_the_linker(tmp_path: Path) -> None:
    """The same code in another order is the same code."""
    first, second = objects(tmp_path)
    for name, order in (("a.so", (first, second)), ("b.so", (second, first))):
        run("gcc", "-shared", "-nostdlib", "-Wl,--build-id=none", "-o", tmp_path / name, *order)
    report = compared(tmp_path / "a.so", tmp_path / "b.so")
    assert not report.real and "order" in names(report), report.findings


def test_header(tmp_path: Path) -> None:
    first, second = objects(tmp_path)
    for name, word in (("a.so", "-Wl,-z,execstack"), ("b.so", "-Wl,-z,noexecstack")):
        run("gcc", "-shared", "-nostdlib", "-Wl,--build-id=none", word, "-o", tmp_path / name, first, second)
    report = compared(tmp_path / "a.so", tmp_path / "b.so")
    assert names(report) == {"header"} and "program headers" in of(report, "header")[0].what


def test_missing_and_mode_in_folders(tmp_path: Path) -> None:
    for side in "ab":
        (tmp_path / side / "sub" / "deep").mkdir(parents=True)
        (tmp_path / side / "same").write_text("x")
        (tmp_path / side / "tool").write_text("y")
        (tmp_path / side / "link").symlink_to("same" if side == "a" else "tool")
    (tmp_path / "a" / "only").mkdir()
    (tmp_path / "a" / "only" / "inner").write_text("z")
    (tmp_path / "b" / "tool").chmod(0o755)
    (tmp_path / "b" / "kind").mkdir()
    (tmp_path / "a" / "kind").write_text("")
    report = compared(tmp_path / "a", tmp_path / "b")
    assert [row.path for row in of(report, "missing")] == ["kind", "only"]
    assert [row.path for row in of(report, "mode")] == ["tool"]
    assert [row.path for row in of(report, "data")] == ["link"]
