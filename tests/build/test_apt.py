"""Debian's packages, against the real apt and dpkg and a package source of our own on this disk: no network, no root."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from debian_pool import Pool, drain
from portwright.base.errors import MissingTool, PortwrightError
from portwright.base.events import Advanced
from portwright.build import apt

OURS = re.compile(r"rustc-web|llvm-toolchain-\d+")


@pytest.fixture(autouse=True)
def tools() -> None:
    for tool in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(tool) is None:
            pytest.skip(f"apt: no `{tool}` on this machine (Debian and its kin have it)")


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    made = Pool(tmp_path)
    made.add(
        "libllvm22", "1:22.1", {"usr/lib/llvm-22/lib/libLLVM.so.22.1": "new"}, source="llvm-toolchain-22"
    )
    made.add("tool", "1.96.0+dfsg1-1", {"usr/bin/tool": "#!/bin/sh\n"}, depends="libllvm22, libc6, libsmall")
    made.add("tool", "1.85.0-1", {"usr/bin/tool": "old"}, depends="libc6")
    made.add("libsmall", "3", {"usr/lib/x/libsmall.so.3": "small"})
    made.configure(monkeypatch)
    return made


def test_offers_are_every_version_with_its_pool(pool: Pool, tmp_path: Path) -> None:
    source = apt.own_state(tmp_path / "own")
    assert source.is_stale(), "no lists yet"
    assert source.update().status == 0
    assert not source.is_stale()
    offers = source.offers(["tool", "libsmall", "unheard-of"])
    assert sorted((offer.package, offer.version) for offer in offers) == [
        ("libsmall", "3"),
        ("tool", "1.85.0-1"),
        ("tool", "1.96.0+dfsg1-1"),
    ]
    assert {offer.pool for offer in offers} == {"./"}


def test_needed_is_what_the_table_lacks_and_always_what_is_ours(pool: Pool, tmp_path: Path) -> None:
    source = apt.own_state(tmp_path / "own")
    source.update()
    assert set(source.needed(["tool"], pool.status)) == {
        "tool_1.96.0+dfsg1-1_amd64.deb",
        "libsmall_3_amd64.deb",
    }
    table = tmp_path / "table"
    table.write_text(apt.table_without(OURS, pool.status.read_text()))
    assert "libllvm22" not in table.read_text()
    needed = source.needed(["tool"], table)
    assert set(needed) == {
        "tool_1.96.0+dfsg1-1_amd64.deb",
        "libsmall_3_amd64.deb",
        "libllvm22_1%3a22.1_amd64.deb",
    }
    sizes = {path.name.split("_")[0]: path.stat().st_size for path in (pool.folder / "pool").glob("*.deb")}
    assert needed["libsmall_3_amd64.deb"] == sizes["libsmall"]


def test_the_machines_own_table_resolves_after_ours_is_taken_out(tmp_path: Path) -> None:
    """The table of the machine that runs this test: no relation is left broken for apt to stumble over."""
    if not apt.STATUS.is_file():
        pytest.skip("apt: no dpkg table on this machine")
    table = tmp_path / "table"
    table.write_text(apt.table_without(OURS, apt.STATUS.read_text(errors="replace")))
    done = subprocess.run(
        ["apt-get", "-o", f"Dir::State::status={table}", "-o", "Debug::NoLocking=1", "check"],
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_download_and_unpack(pool: Pool, tmp_path: Path) -> None:
    source = apt.own_state(tmp_path / "own")
    source.update()
    folder, root = tmp_path / "archives", tmp_path / "root"
    root.mkdir()
    table = tmp_path / "table"
    table.write_text(apt.table_without(OURS, pool.status.read_text()))
    drain(source.download(["tool"], table, folder, "download"))
    # A source on disk is read in place: apt copies nothing of it.
    debs = [(pool.folder / "pool" / name.replace("1%3a", "")) for name in source.needed(["tool"], table)]
    events, _ = drain(apt.unpack(debs, root, "unpack"))
    assert next(event for event in events if isinstance(event, Advanced)).now == "libllvm22"
    assert (root / "usr/bin/tool").read_text() == "#!/bin/sh\n"
    assert apt.library_folders(root) == ["usr/lib/llvm-22/lib", "usr/lib/x"]


def test_a_broken_package_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad_1_amd64.deb"
    bad.write_text("no package")
    with pytest.raises(PortwrightError, match=r"unpacking bad_1_amd64\.deb failed"):
        drain(apt.unpack([bad], tmp_path, "unpack"))


def test_a_package_that_cannot_be_resolved_is_named(pool: Pool, tmp_path: Path) -> None:
    source = apt.own_state(tmp_path / "own")
    source.update()
    with pytest.raises(PortwrightError, match="unheard-of"):
        source.needed(["unheard-of"], pool.status)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("E: You don't have enough free space in /x/.", "disk/full"),
        ("E: Failed to fetch x  Temporary failure resolving 'x'", "network/unreachable"),
        (
            "E: Could not open lock file /var/lib/dpkg/lock - open (13: Permission denied)",
            "packages/permission",
        ),
        ("E: Unable to correct problems", "packages/failed"),
    ],
)
def test_what_apt_says_becomes_an_error_of_its_kind(
    said: str, code: str, pool: Pool, tmp_path: Path, fake_tools: Any
) -> None:
    fake_tools("apt-get", f'echo "dlstatus:1:50.0:Retrieving" >&2; echo "{said}" >&2; exit 100')
    with pytest.raises(PortwrightError) as caught:
        drain(apt.Apt().install(["x"], "x"))
    (fault,) = caught.value.faults
    assert fault.code == code
    assert said.removeprefix("E: ")[:20] in fault.what
    assert "dlstatus" not in fault.what


def test_progress_comes_from_apts_own_status(fake_tools: Any) -> None:
    fake_tools(
        "apt-get",
        'echo "dlstatus:1:12.5:Retrieving file 1 of 2" >&2; echo "pmstatus:x:80.0:Installing: x" >&2; echo noise',
    )
    events, _ = drain(apt.Apt().install(["x"], "rust"))
    assert events == [
        Advanced("rust", 12, "Retrieving file 1 of 2"),
        Advanced("rust", 80, "Installing: x"),
    ]


def test_an_interrupted_dpkg_is_mended_first(tmp_path: Path, fake_tools: Any) -> None:
    mended = tmp_path / "mended"
    fake_tools(
        "apt-get",
        f"[ -e {mended} ] || {{ echo \"E: you must manually run 'dpkg --configure -a'\" >&2; exit 100; }}",
    )
    fake_tools("dpkg", f'[ "$*" = "--configure -a" ] && touch {mended}')
    drain(apt.Apt().install(["x"], "x"))
    assert mended.exists()


def test_without_apt_the_hint_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="rustup toolchain install"):
        apt.Apt().offers(["x"])
