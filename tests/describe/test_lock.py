"""port.lock: written once, held to, accepted anew; where it lies."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import pytest

from port_copies import copied
from portwright.base.errors import BadInput
from portwright.describe import lock
from portwright.describe import port as ports
from portwright.describe.lock import Lock
from portwright.describe.port import Port

FOUND = Lock(
    {"rustc": "1.96.0", "rustc-commit": "ab", "llvm": "22.1", "source": "0f"},
    {"cargo": "cargo 1.96.0", "lld": 'LLD "22"'},
)


@pytest.fixture
def port(tmp_path: Path, fresh_cache: Path) -> Port:
    """A port of the user's: a copy of a bundled one in a folder that can be written."""
    name = "x86_64-unknown-veridian"
    copied(name, tmp_path / name)
    return ports.load(str(tmp_path / name))


def test_the_first_build_writes_it_and_the_next_is_held_to_it(port: Port) -> None:
    assert lock.hold(port, FOUND) == "written"
    path = port.folder / "port.lock"
    assert tomllib.loads(path.read_text()) == {**FOUND.facts, "tools": FOUND.tools}
    before = path.stat().st_mtime_ns
    assert lock.hold(port, FOUND) == "same"
    assert path.stat().st_mtime_ns == before


def test_a_mismatch_names_both_sides_all_at_once(port: Port) -> None:
    lock.hold(port, FOUND)
    other = Lock(
        {**FOUND.facts, "rustc": "1.97.0", "llvm": "23.0"}, {"cargo": "cargo 1.97.0", "mold": "mold 2"}
    )
    with pytest.raises(BadInput) as caught:
        lock.hold(port, other)
    path = port.folder / "port.lock"
    assert [str(fault.where) + ": " + fault.what for fault in caught.value.faults] == [
        f"{path}:2: the compiler's version is 1.97.0, port.lock says 1.96.0",
        f"{path}:4: the version of its LLVM is 23.0, port.lock says 22.1",
        f"{path}:8: cargo is cargo 1.97.0, port.lock says cargo 1.96.0",
        f'{path}:9: lld is not there, port.lock says LLD "22"',
        f"{path}: mold is mold 2, port.lock says nothing",
    ]
    assert all("--update-lock" in (fault.hint or "") for fault in caught.value.faults)
    assert lock.hold(port, other, accept=True) == "updated"
    assert lock.hold(port, other) == "same"


def test_a_broken_lock_is_told_and_can_be_replaced(port: Port) -> None:
    path = port.folder / "port.lock"
    for text in ("rustc = [", "rustc = 1\n", "tools = 3\n"):
        path.write_text(text)
        with pytest.raises(BadInput, match="this is no lock"):
            lock.hold(port, FOUND)
    assert lock.hold(port, FOUND, accept=True) == "written"
    assert lock.hold(port, FOUND) == "same"


def test_a_bundled_ports_lock_is_the_users_unless_one_lies_beside_it(
    port: Port, fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "bundled_folder", lambda: port.folder.parent)
    assert lock.hold(port, FOUND) == "written"
    assert not (port.folder / "port.lock").exists()
    assert lock.place(port).is_relative_to(fresh_cache)
    twin = dataclasses.replace(port, folder=port.folder.parent / "twin")
    assert lock.place(twin) != lock.place(port)
    (port.folder / "port.lock").write_text(lock.text(dataclasses.replace(FOUND, tools={})))
    with pytest.raises(BadInput):
        lock.hold(port, FOUND)


def test_the_state_folder_follows_the_users_wishes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PORTWRIGHT_CACHE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert lock.state_root() == tmp_path / "portwright"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert lock.state_root() == tmp_path / ".local/state/portwright"


def test_a_mismatch_stands_at_its_own_line(port: Port) -> None:
    """Not at that of a name which only begins so, whatever the order of a lock that was edited by hand."""
    path = port.folder / "port.lock"
    path.write_text(
        'rustc-commit = "ab"\nrustc = "1.9"\nllvm = "22.1"\nsource = "0f"\n[tools]\n"lld-x" = ""\n"lld" = "1"\n'
    )
    with pytest.raises(BadInput) as caught:
        lock.hold(port, FOUND)
    lines = {fault.what.split(" is ")[0]: fault.where and fault.where.line for fault in caught.value.faults}
    assert lines == {"the compiler's version": 2, "cargo": None, "lld": 7, "lld-x": 6}
