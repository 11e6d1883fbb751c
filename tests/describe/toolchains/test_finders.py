"""Each finder by itself: rustup, debian, on_path, unpacked, source_tree. They say where, and start nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import fake_source
from portwright.base import rooms
from portwright.describe import toolchain as toolchains
from portwright.describe.toolchains import debian, on_path, rustup, source_tree, unpacked

Make = Callable[..., Path]

STATUS = """Package: rustc
Status: deinstall ok config-files
Version: 1.63.0+dfsg1-2

Package: rustc-web
Status: install ok installed
Depends: libc6
Version: 1.96.0+dfsg1-1~deb12u2
Description: a language
 Version: 9 is no field
"""


def test_every_finder_has_a_rank_of_its_own_and_is_in_the_manual(repo: Path) -> None:
    finders = rooms.load_all(toolchains.ROOM)
    ranks = [finder.RANK for finder in finders.values()]
    assert len(set(ranks)) == len(ranks)
    manual = (repo / "docs" / "toolchains.md").read_text()
    rows = [line for line in manual.splitlines() if line.startswith("| `")]
    told = [line.split("`")[1] for line in rows if line.split("`")[1] in finders]
    assert told == sorted(finders, key=lambda name: finders[name].RANK), (
        "docs/toolchains.md lists them by rank"
    )


def test_rustup_by_home_by_name_and_by_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_toolchain: Make
) -> None:
    monkeypatch.setenv("RUSTUP_HOME", str(tmp_path))
    nightly = fake_toolchain(tmp_path / "toolchains/nightly-x86_64-unknown-linux-gnu", "1.96.0-nightly")
    dated = fake_toolchain(
        tmp_path / "toolchains/nightly-2026-04-01-x86_64-unknown-linux-gnu", "1.96.0-nightly"
    )
    assert {c.rustc for c in rustup.candidates(None)} == {nightly, dated}
    assert {c.rustc for c in rustup.candidates("nightly")} == {nightly, dated}
    assert [c.rustc for c in rustup.candidates("nightly-2026-04-01")] == [dated]
    assert [c.rustc for c in rustup.candidates(str(dated.parents[1]))] == [dated]
    assert rustup.candidates("stable") == []
    assert not (dated.parents[1] / "starts").exists()


def test_rustup_without_a_home_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUSTUP_HOME", raising=False)
    monkeypatch.setattr(Path, "home", classmethod(lambda cls: (_ for _ in ()).throw(RuntimeError("no home"))))
    assert rustup.candidates(None) == []


@pytest.fixture
def dpkg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_toolchain: Make) -> Path:
    """A /usr with a compiler and dpkg's table that knows it; gives the table."""
    fake_toolchain(tmp_path / "usr", "1.96.0")
    table = tmp_path / "status"
    table.write_text(STATUS)
    monkeypatch.setattr(debian, "PREFIX", tmp_path / "usr")
    monkeypatch.setattr(debian, "STATUS", table)
    return table


def test_debian_says_package_and_version(dpkg: Path) -> None:
    (candidate,) = debian.candidates(None)
    assert candidate.origin == "Debian rustc-web 1.96.0+dfsg1-1~deb12u2"
    assert candidate.rustc == dpkg.parent / "usr/bin/rustc"
    assert debian.candidates(str(candidate.rustc)) == [candidate]
    assert debian.candidates("/elsewhere/rustc") == []


def test_debian_does_not_claim_what_its_packages_did_not_install(dpkg: Path) -> None:
    dpkg.write_text(STATUS.replace("install ok installed", "deinstall ok config-files"))
    assert debian.candidates(None) == []
    dpkg.unlink()
    assert debian.candidates(None) == []


def test_on_path_takes_a_compiler_but_not_rustups_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_toolchain: Make
) -> None:
    rustc = fake_toolchain(tmp_path / "nix", "1.96.0")
    monkeypatch.setenv("PATH", str(rustc.parent))
    assert [c.rustc for c in on_path.candidates(None)] == [rustc]
    assert [c.rustc for c in on_path.candidates(str(tmp_path / "nix"))] == [rustc]
    assert [c.rustc for c in on_path.candidates(str(rustc))] == [rustc]
    assert on_path.candidates("rustc") == []
    rustc.rename(rustc.with_name("rustup"))
    rustc.symlink_to("rustup")
    assert on_path.candidates(None) == []


def test_unpacked_takes_whole_sets_only(fresh_cache: Path) -> None:
    whole, torn, half = (
        fresh_cache / "debs" / name for name in ("rust-1.96.0", "rust-1.96.1", "rust-1.96.2")
    )
    for folder in (whole, torn, half):
        (folder / "root").mkdir(parents=True)
    record = {"origin": "Debian rustc-web 1.96.0 from a pool", "libraries": ["usr/lib/x", "lib/x"]}
    (whole / unpacked.RECORD).write_text(json.dumps(record))
    (torn / unpacked.RECORD).write_text('{"origin": ')
    (candidate,) = unpacked.candidates(None)
    root = whole / "root"
    assert candidate.rustc == root / "usr/bin/rustc"
    assert candidate.origin == record["origin"]
    assert candidate.environment == {
        "PATH": f"{root}/usr/bin",
        "LD_LIBRARY_PATH": f"{root}/usr/lib/x:{root}/lib/x",
    }
    assert unpacked.candidates(str(whole)) == [candidate]
    assert unpacked.candidates(str(half)) == []


def test_source_tree_by_path_and_by_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_toolchain: Make
) -> None:
    tree = fake_source(tmp_path / "rust", "1.96.0")
    stage1 = fake_toolchain(tree / "build/x86_64-unknown-linux-gnu/stage1", "1.96.0", source=False)
    stage2 = fake_toolchain(tree / "build/x86_64-unknown-linux-gnu/stage2", "1.96.0", source=False)
    given = source_tree.candidates(str(tree))
    assert [c.rustc for c in given[:2]] == [stage2, stage1], "the compiler built last comes first"
    assert {c.source for c in given} == {tree}
    monkeypatch.delenv(source_tree.VARIABLE, raising=False)
    assert source_tree.candidates(None) == []
    monkeypatch.setenv(source_tree.VARIABLE, str(tree))
    assert source_tree.candidates(None) == given
    assert source_tree.candidates(str(tmp_path)) == [], "a folder without library/ is no source tree"
