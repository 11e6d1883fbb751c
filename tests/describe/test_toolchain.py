"""Which toolchain is chosen, and what is said of those that are not: real files, compilers that only say who they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import fake_source
from portwright.base.errors import BadInput, MissingTool
from portwright.describe import toolchain as toolchains
from portwright.describe.toolchains import debian

Make = Callable[..., Path]


@pytest.fixture
def bare(tmp_path: Path, fresh_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any Rust: no rustup, nothing in /usr, nothing on PATH, an empty cache."""
    (tmp_path / "no-programs").mkdir()
    monkeypatch.setenv("PATH", "/usr/sbin")
    monkeypatch.setenv("RUSTUP_HOME", str(tmp_path / "rustup"))
    monkeypatch.setattr(debian, "PREFIX", tmp_path / "usr")
    for name in (toolchains.VARIABLE, "PORTWRIGHT_RUST_SOURCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("portwright.describe.toolchains.source_tree.USR", tmp_path / "usr" / "bin" / "rustc")
    return tmp_path


def test_a_machine_without_rust_says_how_to_get_it(bare: Path) -> None:
    with pytest.raises(MissingTool) as caught:
        toolchains.find()
    fault = caught.value.faults[0]
    assert fault.code == "toolchain/missing"
    assert "`portwright setup`" in (fault.hint or "")


def test_rustup_is_found_with_its_sources(bare: Path, fake_toolchain: Make) -> None:
    rustc = fake_toolchain(bare / "rustup/toolchains/nightly-x86_64-unknown-linux-gnu", "1.96.0-nightly")
    found = toolchains.find()
    assert (found.finder, found.rustc, found.version) == ("rustup", rustc, "1.96.0-nightly")
    assert found.source == rustc.parents[1] / "lib/rustlib/src/rust"
    assert found.vendor == found.source / "library/vendor"
    assert found.llvm_version == "22.1.8"


def test_the_newest_supported_version_wins_over_rank(bare: Path, fake_toolchain: Make) -> None:
    fake_toolchain(bare / "rustup/toolchains/1.96.0", "1.96.0")
    fake_toolchain(bare / "rustup/toolchains/stable", "1.99.0")
    tree = fake_toolchain(bare / "given", "1.96.2")
    assert toolchains.find().version == "1.96.0"
    fake_toolchain(bare / "rustup/toolchains/1.96.1", "1.96.1")
    assert toolchains.find().version == "1.96.1"
    assert toolchains.find(str(tree)).version == "1.96.2"


def test_what_is_named_is_used_or_refused_but_never_replaced(
    bare: Path, fake_toolchain: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_toolchain(bare / "rustup/toolchains/1.96.0", "1.96.0")
    other = fake_toolchain(bare / "other", "1.97.0")
    with pytest.raises(MissingTool, match=r"1\.97\.0 is newer") as caught:
        toolchains.find(str(other))
    assert str(other) in str(caught.value)
    monkeypatch.setenv(toolchains.VARIABLE, str(other))
    with pytest.raises(MissingTool, match=r"1\.97\.0 is newer"):
        toolchains.find()
    assert toolchains.find("1.96.0").version == "1.96.0", "the argument goes before the variable"


@pytest.mark.parametrize(
    ("version", "says"), [("1.97.0", "is newer"), ("1.85.1", "is older"), ("2.0.0-nightly", "is newer")]
)
def test_an_unsupported_version_is_met_with_a_forecast(
    bare: Path, fake_toolchain: Make, version: str, says: str
) -> None:
    fake_toolchain(bare / "rustup/toolchains/some", version)
    with pytest.raises(MissingTool) as caught:
        toolchains.find()
    assert f"Rust {version} {says}" in str(caught.value)
    assert "`portwright setup` gets 1.96" in str(caught.value)


def test_all_faults_of_all_candidates_are_told_at_once(bare: Path, fake_toolchain: Make) -> None:
    fake_toolchain(bare / "rustup/toolchains/a", "1.95.0", source=False)
    fake_toolchain(bare / "rustup/toolchains/b", "1.96.0", source=False)
    fake_toolchain(bare / "rustup/toolchains/c", "1.96.0", status=127)
    with pytest.raises(MissingTool) as caught:
        toolchains.find()
    text = str(caught.value)
    assert "1.95.0 is older" in text
    assert "rustup component add rust-src --toolchain b" in text
    assert "does not run: no such library" in text


def test_without_need_of_sources_a_bare_compiler_will_do(bare: Path, fake_toolchain: Make) -> None:
    rustc = fake_toolchain(bare / "rustup/toolchains/b", "1.96.0", source=False)
    assert toolchains.find(need_source=False).rustc == rustc


def test_sources_of_another_version_are_refused(
    bare: Path, fake_toolchain: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rustc = fake_toolchain(bare / "tree/build/host/stage2", "1.96.0", source=False)
    tree = fake_source(bare / "tree", "1.97.0")
    with pytest.raises(MissingTool, match=r"sources at .* are of 1\.97\.0, the compiler is 1\.96\.0"):
        toolchains.find(str(tree))
    (tree / "src" / "version").write_text("1.96.0\n")
    found = toolchains.find(str(tree))
    assert (found.finder, found.rustc, found.source) == ("source-tree", rustc, tree)


def test_sources_without_vendored_crates_are_refused(bare: Path, fake_toolchain: Make) -> None:
    rustc = fake_toolchain(bare / "rustup/toolchains/b", "1.96.0")
    (rustc.parents[1] / "lib/rustlib/src/rust/library/vendor/hashbrown-0.17.0/Cargo.toml").unlink()
    with pytest.raises(MissingTool, match="no vendored crates"):
        toolchains.find()


def test_a_misspelled_name_gets_the_nearest(bare: Path) -> None:
    with pytest.raises(MissingTool, match="did you mean `debian`"):
        toolchains.find("debain")


def test_a_port_that_asks_for_an_unsupported_version_is_told(bare: Path) -> None:
    with pytest.raises(BadInput, match=r"1\.85 is older"):
        toolchains.find(rust="1.85")


def test_a_port_that_pins_a_patch_release_gets_that_one(bare: Path, fake_toolchain: Make) -> None:
    fake_toolchain(bare / "rustup/toolchains/1.96.0", "1.96.0")
    fake_toolchain(bare / "rustup/toolchains/1.96.1", "1.96.1")
    assert toolchains.find(rust="1.96.0").version == "1.96.0"
    assert toolchains.find(rust="1.96").version == "1.96.1"
    with pytest.raises(MissingTool, match=r"the port asks for 1\.96\.7"):
        toolchains.find(rust="1.96.7")


def test_a_compiler_is_started_once_and_again_when_it_changes(bare: Path, fake_toolchain: Make) -> None:
    folder = bare / "rustup/toolchains/b"
    rustc = fake_toolchain(folder, "1.96.0")
    first = toolchains.find()
    starts = (folder / "starts").read_text()
    assert toolchains.find() == first
    assert (folder / "starts").read_text() == starts
    rustc.write_text(rustc.read_text().replace("1.96.0", "1.96.11"))
    second = toolchains.find()
    assert second.version == "1.96.11"
    assert second.fingerprint != first.fingerprint


def test_a_torn_memory_of_a_compiler_is_asked_for_anew(
    bare: Path, fake_toolchain: Make, fresh_cache: Path
) -> None:
    fake_toolchain(bare / "rustup/toolchains/b", "1.96.0")
    first = toolchains.find()
    (memory,) = (fresh_cache / "compilers").iterdir()
    for torn in ("", "{", "[]", '{"sysroot": 1}', '{"version": "1.96.0", "sysroot": "/nowhere"}'):
        memory.write_text(torn)
        assert toolchains.find() == first


def test_lld_is_that_of_the_compilers_llvm_and_keeps_its_name(
    bare: Path, fake_toolchain: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    rustc = fake_toolchain(bare / "rustup/toolchains/b", "1.96.0")
    assert toolchains.find().lld is None
    tools = bare / "tools"
    tools.mkdir()
    for name in ("ld.lld", "ld.lld-19", "ld.lld-22"):
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    assert toolchains.find().lld == tools / "ld.lld-22"
    rustc.with_name("ld.lld-22").symlink_to(bare / "nowhere")
    assert toolchains.find().lld == tools / "ld.lld-22", "a dangling link is no linker"
    rustc.with_name("ld.lld-22").unlink()
    rustc.with_name("ld.lld-22").symlink_to(tools / "ld.lld-19")
    assert toolchains.find().lld == rustc.with_name("ld.lld-22")


def test_search_lists_go_in_front_of_the_callers(bare: Path, fake_toolchain: Make) -> None:
    rustc = fake_toolchain(bare / "given", "1.96.0")
    candidate = toolchains.Candidate(
        "unpacked", "x", rustc, environment={"PATH": "/a:/b", "LD_LIBRARY_PATH": "/c"}
    )
    found = toolchains.examine(candidate).toolchain
    assert found is not None
    assert found.variables({"PATH": "/usr/bin"}) == {"PATH": "/a:/b:/usr/bin", "LD_LIBRARY_PATH": "/c"}


@given(
    st.integers(0, 3),
    st.integers(0, 300),
    st.integers(0, 30),
    st.sampled_from(["", "-nightly", "-beta.3", "-dev"]),
)
def test_every_version_is_either_supported_or_forecast(major: int, minor: int, patch: int, tail: str) -> None:
    version = f"{major}.{minor}.{patch}{tail}"
    beware = toolchains.forecast(version)
    assert (beware is None) == (f"{major}.{minor}" in toolchains.SUPPORTED)
    if beware is not None:
        newer = (major, minor) > tuple(int(n) for n in toolchains.SUPPORTED[-1].split("."))
        assert ("is newer" in beware) == newer


@pytest.mark.toolchain
def test_the_real_toolchain_is_whole(toolchain: toolchains.Toolchain) -> None:
    assert re.fullmatch(r"[0-9a-f]{40}", toolchain.commit)
    assert toolchain.minor in toolchains.SUPPORTED
    assert toolchain.source is not None and (toolchain.source / "library/core/src/lib.rs").is_file()
    assert toolchain.vendor is not None and list(toolchain.vendor.glob("dlmalloc*"))
    assert (toolchain.sysroot / "lib/rustlib" / toolchain.host / "lib").is_dir()
    row = toolchains.as_row(toolchain)
    assert row["rustc"] == str(toolchain.rustc) and row["version"] == toolchain.version
