"""Choosing, downloading and unpacking the Rust set, from a package source of our own through the real apt."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from debian_pool import Pool, drain
from portwright.base.errors import MissingTool, PortwrightError
from portwright.base.events import Ended, Note
from portwright.build import apt, rust_packages
from portwright.build.apt import Offer
from portwright.describe import toolchain as toolchains
from portwright.describe.toolchains import unpacked

WEB = ("rustc-web", "cargo-web", "rust-web-src")
PLAIN = ("rustc", "cargo", "rust-src")


def offers(names: tuple[str, ...], version: str, pool: str) -> list[Offer]:
    return [Offer(name, version, pool) for name in names]


def test_the_newest_supported_version_is_chosen_and_named_with_its_pool() -> None:
    choice, notes = rust_packages.choose(
        [
            *offers(WEB, "1.85.0+dfsg3-1~deb12u3", "bookworm/main"),
            *offers(WEB, "1.96.0+dfsg1-1~deb12u2", "bookworm-security/main"),
            *offers(PLAIN, "1.63.0+dfsg1-2", "bookworm/main"),
        ]
    )
    assert choice is not None
    assert choice.packages == tuple(f"{name}=1.96.0+dfsg1-1~deb12u2" for name in WEB)
    assert choice.origin == "Debian rustc-web 1.96.0+dfsg1-1~deb12u2 from bookworm-security/main"
    assert notes == []


def test_a_newer_one_that_is_not_supported_is_noted_and_passed_over() -> None:
    choice, notes = rust_packages.choose(
        [*offers(WEB, "1.98.0-1", "sec"), *offers(PLAIN, "1.96.1-2", "main")]
    )
    assert choice is not None and choice.packages[0] == "rustc=1.96.1-2"
    assert len(notes) == 1 and "1.98.0 is newer" in notes[0] and "from sec" in notes[0]


def test_a_version_that_is_asked_for_is_taken_supported_or_not() -> None:
    """With its own std pinned, which apt would else take in the newest version; not with a longer number."""
    rows = [
        *offers((*WEB, "libstd-rust-web-dev"), "1.85.0-3", "main"),
        *offers((*WEB, "libstd-rust-web-dev"), "1.96.0-1", "sec"),
        *offers(PLAIN, "1.8.0-1", "old"),
    ]
    choice, notes = rust_packages.choose(rows, "1.85")
    assert choice is not None and notes == []
    assert choice.packages == (*(f"{name}=1.85.0-3" for name in WEB), "libstd-rust-web-dev=1.85.0-3")
    plain, _ = rust_packages.choose(rows, "1.8")
    assert plain is not None and plain.packages[0] == "rustc=1.8.0-1"
    assert rust_packages.choose(rows, "1.9")[0] is None


def test_a_set_without_its_sources_is_no_set() -> None:
    choice, _ = rust_packages.choose(offers(WEB[:2], "1.96.0-1", "sec"))
    assert choice is None
    mixed = [*offers(WEB[:2], "1.96.0-2", "sec"), *offers(WEB[2:], "1.96.0-1", "sec")]
    assert rust_packages.choose(mixed)[0] is None


@pytest.mark.parametrize(
    ("version", "upstream"),
    [("1.96.0+dfsg1-1~deb12u2", "1.96.0"), ("1.96.1-1", "1.96.1"), ("2:1.96.0~beta.3-1", "1.96.0")],
)
def test_upstream_version(version: str, upstream: str) -> None:
    assert rust_packages.upstream(version) == upstream


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    """A pool with a Rust set of two versions, its LLVM and its linker."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            pytest.skip(f"apt: no `{tool}` on this machine (Debian and its kin have it)")
    made = Pool(tmp_path)
    for version in ("1.85.0-1", "1.96.0+dfsg1-1"):
        upstream = version.split("+")[0].split("-")[0]
        rustc = (
            f'#!/bin/sh\nroot=$(cd "$(dirname "$0")/.." && pwd)\n'
            f'[ "$1" = -vV ] && printf "release: {upstream}\\nhost: h\\nLLVM version: 22.1.8\\n" || echo $root\n'
        )
        made.add(
            "rustc-web", version, {"usr/bin/rustc": rustc}, depends="libc6, libllvm22", source="rustc-web"
        )
        made.add("cargo-web", version, {"usr/bin/cargo": "#!/bin/sh\n"}, source="rustc-web")
        library = "usr/lib/rustlib/src/rust/library"
        files = {f"{library}/std/Cargo.toml": "", f"{library}/vendor/hashbrown-1/Cargo.toml": ""}
        made.add("rust-web-src", version, files, source="rustc-web")
    lib = {
        "usr/lib/x86_64-linux-gnu/libLLVM.so.22.1": "",
        "usr/lib/x86_64-linux-gnu/lib_of_this_test.a": "",
        "usr/lib/x86_64-linux-gnu/libc.so": "/* GNU ld script */\n"
        "GROUP ( /bin/sh /usr/lib/x86_64-linux-gnu/lib_of_this_test.a )\n",
    }
    made.add("libllvm22", "1:22.1", lib, source="llvm-toolchain-22")
    made.add("lld-22", "1:22.1", {"usr/bin/ld.lld-22": "#!/bin/sh\n"}, source="llvm-toolchain-22")
    made.configure(monkeypatch)
    return made


def copying(pool: Pool) -> apt.Apt:
    """Apt on that pool; files are copied, as from a network, not used in place."""
    sources = pool.folder / "sources.list"
    sources.write_text(sources.read_text().replace("file:", "copy:"))
    return apt.own_state(pool.folder / "own")


def test_a_set_is_unpacked_whole_and_found(pool: Pool, fresh_cache: Path) -> None:
    source = copying(pool)
    events, choice = drain(rust_packages.offered(source))
    assert choice.version == "1.96.0+dfsg1-1"
    assert [event.part for event in events if isinstance(event, Ended)] == ["package lists"]
    _, folder = drain(rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD))
    found = toolchains.find("unpacked")
    root = folder / "root"
    assert (found.version, found.rustc) == ("1.96.0", root / "usr/bin/rustc")
    assert found.lld == root / "usr/bin/ld.lld-22", "the linker of the LLVM that the set depends on"
    assert found.environment["LD_LIBRARY_PATH"] == f"{root}/usr/lib/x86_64-linux-gnu"
    assert "from ./" in found.origin and str(folder) in found.origin
    script = (root / "usr/lib/x86_64-linux-gnu/libc.so").read_text()
    assert script.endswith(f"GROUP ( /bin/sh {root}/usr/lib/x86_64-linux-gnu/lib_of_this_test.a )\n")
    assert not (folder / "archives").exists(), "what is unpacked is not kept twice"


def test_an_interrupted_unpacking_is_begun_anew(pool: Pool, fresh_cache: Path) -> None:
    source = copying(pool)
    _, choice = drain(rust_packages.offered(source))
    work = rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD)
    for event in work:
        if getattr(event, "part", "") == "unpack" and getattr(event, "done", 0) == 2:
            break
    work.close()
    with pytest.raises(MissingTool):
        toolchains.find("unpacked")
    folder = unpacked.folder() / f"rust-{choice.version}"
    torn = folder / "root" / "usr" / "bin" / "left-over"
    torn.write_text("from a run that was stopped")
    kept = {path: path.stat().st_ino for path in (folder / "archives").glob("*.deb")}
    assert len(kept) == 5
    work = rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD)
    for event in work:
        if getattr(event, "part", "") == "unpack":
            assert {path: path.stat().st_ino for path in kept} == kept, "packages are not fetched again"
            break
    work.close()
    drain(rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD))
    assert toolchains.find("unpacked").version == "1.96.0"
    assert not torn.exists()


def test_nothing_is_done_twice(pool: Pool, fresh_cache: Path) -> None:
    source = copying(pool)
    _, choice = drain(rust_packages.offered(source))
    drain(rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD))
    events, _ = drain(rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD))
    assert events == []


def test_a_full_disk_is_named_before_anything_is_fetched(
    pool: Pool, fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = copying(pool)
    _, choice = drain(rust_packages.offered(source))
    monkeypatch.setattr(rust_packages, "FACTOR", 1e12)
    with pytest.raises(PortwrightError, match="not enough room") as caught:
        drain(rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD))
    (fault,) = caught.value.faults
    assert fault.code == "disk/full"
    assert str(fresh_cache) in str(fault.where)


def _with_libc(pool: Pool, version: str) -> apt.Apt:
    """The pool for a machine without any C library, so that one of that version would be needed."""
    pool.status.write_text(pool.status.read_text().replace("Package: libc6\n", "Package: another\n"))
    pool.add("libc6", version, {"lib/x/libc.so.6": ""})
    (pool.folder / "pool" / "Packages").write_text(pool.index)
    return copying(pool)


def test_a_set_for_another_c_library_is_refused(pool: Pool, fresh_cache: Path) -> None:
    source = _with_libc(pool, "9.99-1")
    _, choice = drain(rust_packages.offered(source))
    with pytest.raises(MissingTool, match=r"needs another C library \(9\.99-1\) than the machine's"):
        drain(rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD))


def test_the_machines_own_c_library_is_kept(pool: Pool, fresh_cache: Path) -> None:
    own = (os.confstr("CS_GNU_LIBC_VERSION") or "").removeprefix("glibc ")
    source = _with_libc(pool, f"{own}-99")
    _, choice = drain(rust_packages.offered(source))
    _, folder = drain(rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD))
    assert (folder / "root/usr/bin/rustc").is_file()
    assert not list(folder.rglob("libc.so.6"))


def test_sources_that_offer_only_others_get_a_forecast(pool: Pool) -> None:
    pool.index = ""
    for name in WEB:
        pool.add(name, "1.99.0-1", {"usr/x": ""})
    (pool.folder / "pool" / "Packages").write_text(pool.index)
    with pytest.raises(MissingTool, match=r"1\.99\.0 is newer than portwright's layer") as caught:
        drain(rust_packages.offered(copying(pool)))
    assert "rustup toolchain install 1.96" in (caught.value.faults[0].hint or "")


def test_sources_that_cannot_be_read_are_said(pool: Pool) -> None:
    source = copying(pool)
    (pool.folder / "sources.list").write_text(f"deb [trusted=yes] copy:{pool.folder}/gone ./\n")
    events = []
    with pytest.raises(MissingTool, match="apt-get update said"):
        for event in rust_packages.offered(source):
            events.append(event)
    assert any(isinstance(event, Note) and "could not be read" in event.text for event in events)


def test_the_record_is_json_that_the_finder_reads(pool: Pool, fresh_cache: Path) -> None:
    source = copying(pool)
    _, choice = drain(rust_packages.offered(source))
    _, folder = drain(rust_packages.unpack(choice, source, unpacked.folder(), unpacked.RECORD))
    said = json.loads((folder / unpacked.RECORD).read_text())
    assert set(said) == {"origin", "libraries"}
