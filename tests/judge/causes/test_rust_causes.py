"""Causes that rustc's own builds have: each is provoked by a flag, named, and where a flag cures it, cured by that."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from judge.fixpoint_builds import PROGRAM, compared, names, of

pytestmark = pytest.mark.toolchain
REMAP = "--remap-path-prefix=FOLDER=/src"
NO_ID = "-Clink-arg=-Wl,--build-id=none"


def test_the_same_build_twice_is_the_same(builds: Any, tmp_path: Path) -> None:
    one, two = builds.program("one"), builds.program("one", "-Cdebug-assertions=off")
    assert one != two
    report = compared(one, two)
    assert (report.same, report.causes, report.compared) == (True, (), 1)


@pytest.mark.parametrize("place", ["two", "another/much/longer/place"])
def test_embedded_path(builds: Any, place: str) -> None:
    """In a folder of the same length, and in one that makes everything behind it move."""
    report = compared(builds.program("one"), builds.program(place))
    assert not report.real and "embedded-path" in names(report, "cause")
    row = of(report, "embedded-path")[0]
    assert row.section == ".rodata" and row.evidence[0].endswith("/one/prog.rs")
    assert row.cure.count("--remap-path-prefix") == 2 and f"/{place}=/src" in row.cure
    assert ("moved" in names(report)) == (place != "two")


def test_embedded_path_is_cured_by_its_cure(builds: Any) -> None:
    one, two = (builds.program(place, REMAP) for place in ("one", "another/much/longer/place"))
    assert compared(one, two).same


def test_crate_metadata(builds: Any) -> None:
    """Two folders: no code differs, and the metadata does, by the path."""
    report = compared(builds.library("one"), builds.library("two"))
    assert not report.real
    assert of(report, "crate-metadata")[0].path == "(lib.rmeta)"
    assert "embedded-path" in names(report)
    assert compared(builds.library("one", REMAP), builds.library("two", REMAP)).same


def test_crate_hash_and_bitcode(builds: Any) -> None:
    report = compared(builds.library("one", "-Cmetadata=x"), builds.library("one", "-Cmetadata=y"))
    assert not report.real, [row for row in report.findings if row.role == "real"]
    assert {"crate-hash", "crate-metadata", "bitcode"} <= names(report)
    assert "metadata" in of(report, "crate-hash")[0].cure


def test_crate_hash_in_the_name_of_a_file(builds: Any, tmp_path: Path) -> None:
    for side, digest in (("a", "0123456789abcdef"), ("b", "fedcba9876543210")):
        (tmp_path / side).mkdir()
        shutil.copy(builds.library("one"), tmp_path / side / f"libcrate-{digest}.rlib")
    report = compared(tmp_path / "a", tmp_path / "b")
    assert names(report) == {"crate-hash"} and report.compared == 1


@pytest.mark.parametrize("kind", ["library", "program"])
def test_codegen_units(builds: Any, kind: str) -> None:
    text = {"text": PROGRAM + "mod m { pub fn f() {} }\n"} if kind == "program" else {}
    one, two = (getattr(builds, kind)("one", f"-Ccodegen-units={count}", **text) for count in (1, 16))
    if kind == "program" and compared(one, two).same:
        pytest.skip("codegen units: rustc made one of this program")
    report = compared(one, two)
    assert not report.real, [row for row in report.findings if row.role == "real"]
    assert "-C codegen-units=1" in of(report, "codegen-units")[0].cure


def test_build_id(builds: Any) -> None:
    one, two = (builds.program("one", f"-Clink-arg=-Wl,--build-id=0x{digit * 40}") for digit in "12")
    report = compared(one, two)
    assert names(report) == {"build-id"} and not report.real
    assert "1" * 40 in of(report, "build-id")[0].what and "--build-id=none" in report.causes[0].cure
    assert compared(builds.program("one", NO_ID), builds.program("one", NO_ID, "-Copt-level=1")).same


def test_debug_info(builds: Any) -> None:
    one, two = builds.program("one", NO_ID, "-g"), builds.program("one", NO_ID, "-Cdebuginfo=1")
    report = compared(one, two)
    assert "debug-info" in names(report) and not report.real
    assert "strip" in of(report, "debug-info")[0].cure


def test_debug_info_of_two_folders(builds: Any) -> None:
    report = compared(builds.library("one", "-g"), builds.library("two", "-g"))
    assert not report.real and {"debug-info", "embedded-path"} <= names(report)


def test_stripped(builds: Any) -> None:
    one, two = builds.program("one", NO_ID), builds.program("one", NO_ID, "-Cstrip=symbols")
    report = compared(one, two)
    assert {"stripped", "debug-info"} <= names(report) and not report.real
    assert [row.loaded for row in report.files] == [False]


def test_code_is_named_and_shown(builds: Any) -> None:
    other = PROGRAM.replace("x * 2", "x * 3")
    report = compared(builds.program("one"), builds.program("one", text=other))
    assert names(report, "real") == {"code"}
    (row,) = of(report, "code")
    assert row.symbol.endswith("prog::twice") and row.section == ".text"
    assert any(line.startswith("A 0x") for line in row.evidence) and any(
        "*2" in line for line in row.evidence
    )
    assert "dependent-table" in names(report) or "build-id" in names(report)


def test_data_of_the_same_length(builds: Any) -> None:
    other = PROGRAM.replace("too many", "two many")
    report = compared(builds.program("one"), builds.program("one", text=other))
    assert names(report, "real") == {"data"}
    (row,) = of(report, "data")
    assert row.section == ".rodata" and "too many" in row.evidence[0] and "two many" in row.evidence[1]


@pytest.mark.parametrize("longer", ["far", "really far too many by any count, and so many that all moves"])
def test_data_that_makes_others_move(builds: Any, longer: str) -> None:
    """The longer text is named, and the one function that knows its length; all else only moved.

    The shorter of the two finds room before what is aligned, so that no section moves or grows.
    """
    other = PROGRAM.replace("too many", f"{longer} too many")
    report = compared(builds.program("one"), builds.program("one", text=other))
    real = [row for row in report.findings if row.role == "real"]
    assert {row.symbol for row in real if row.cause == "code"} == {"prog::main"}
    assert any(longer in "".join(row.evidence) for row in real if row.cause == "data")
    assert len(real) <= 4 and "moved" in names(report)


def test_dependent_table(builds: Any) -> None:
    report = compared(builds.program("one", "-Cmetadata=x"), builds.program("one", "-Cmetadata=y"))
    assert not report.real and {"crate-hash", "dependent-table"} <= names(report)


def test_missing_function(builds: Any) -> None:
    extra = '#[inline(never)] #[no_mangle] pub extern "C" fn extra(x: u64) -> u64 { x ^ 77 }\n'
    other = extra + PROGRAM.replace("twice(count)", "extra(twice(count))")
    report = compared(builds.program("one"), builds.program("one", text=other))
    assert any(row.symbol == "extra" and "only B" in row.what for row in of(report, "missing"))
    assert {row.symbol for row in of(report, "code")} == {"prog::main"}


def test_compiler_version_by_the_commit_in_paths(builds: Any, tmp_path: Path) -> None:
    text = PROGRAM.replace("too many arguments", "/rustc/" + "1" * 40 + "/library")
    other = text.replace("1" * 40, "2" * 40)
    report = compared(builds.program("one", text=text), builds.program("one", text=other))
    assert not report.real and "compiler-version" in names(report)
