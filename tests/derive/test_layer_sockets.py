"""std::net over operations, on this kernel's loopback and in the userland machine: as with std's own Unix code."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

import std_oracle as oracles
from port_copies import quick
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain
from portwright.run.events import Outcome
from portwright.run.machine import run_program
from portwright.run.options import Options
from std_oracle import PROGRAMS, Oracle

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
ENGINES = ("native", "unicorn")


@pytest.fixture(scope="module")
def oracle(toolchain: Toolchain) -> Oracle:
    """The layer from Linux's whole table."""
    oracles.skip_elsewhere()
    return Oracle(oracles.load(), toolchain)


@pytest.fixture(scope="module")
def theirs(oracle: Oracle, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What each program says with std's own code for Linux."""
    _needs_ipv6()
    folder = tmp_path_factory.mktemp("theirs")
    said = {}
    for name in ("sockets", "echoing"):
        ended = oracles.run(oracle.build_for_host(PROGRAMS / f"{name}.rs", folder), cwd=folder)
        assert ended.returncode == 0, ended.stderr.decode()
        said[name] = ended.stdout.decode().splitlines()
    assert len(said["sockets"]) > 140 and len(said["echoing"]) > 35
    return said


def _needs_ipv6() -> None:
    """Skip by name where the kernel has no ::1: the programs use both families."""
    try:
        with socket.socket(socket.AF_INET6) as found:
            found.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"IPv6: this machine has no ::1 ({error})")


def in_machine(oracle: Oracle, name: str, engine: str, **given: object) -> Outcome:
    """A run in the userland machine, on clocks of its own."""
    options = Options(capture=True, stdin=b"", engine=engine, clock="virtual", **given)  # type: ignore[arg-type]
    return run_program(oracle.port, oracle.build(PROGRAMS / f"{name}.rs"), options)


@pytest.mark.parametrize("name", ["sockets", "echoing"])
def test_on_this_kernel(name: str, oracle: Oracle, theirs: dict[str, list[str]], tmp_path: Path) -> None:
    ended = oracles.run(oracle.build(PROGRAMS / f"{name}.rs"), cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr.decode()
    assert ended.stdout.decode().splitlines() == theirs[name]


@pytest.mark.parametrize("engine", ENGINES)
def test_in_the_machine(engine: str, oracle: Oracle, theirs: dict[str, list[str]]) -> None:
    """Counts of single reads are those of a kind system; ports, timeouts and errors those of this kernel."""
    ours = in_machine(oracle, "sockets", engine, kind=True, seed=1)
    assert ours.status == 0, ours.stderr.decode()
    assert ours.stdout.decode().splitlines() == theirs["sockets"]
    assert ours.reports == ()


@pytest.mark.parametrize("engine", ENGINES)
def test_threads_and_sockets_in_a_hostile_machine(
    engine: str, oracle: Oracle, theirs: dict[str, list[str]]
) -> None:
    for seed in (1, 2, 3):
        ours = in_machine(oracle, "echoing", engine, seed=seed)
        assert ours.status == 0, (seed, ours.stderr.decode())
        assert ours.stdout.decode().splitlines() == theirs["echoing"]
        assert ours.reports == ()


def test_a_machine_without_a_network(oracle: Oracle) -> None:
    ours = in_machine(oracle, "sockets", "native", network="none", seed=1)
    assert ours.status == 1
    assert b"Address family not supported" in ours.stderr


def test_on_aarch64(toolchain: Toolchain, theirs: dict[str, list[str]], tmp_path: Path) -> None:
    """The other table of numbers, and a CPU on which nothing of x86-64 holds."""
    emulator = shutil.which("qemu-aarch64")
    if emulator is None:
        pytest.skip("qemu-aarch64: not installed (apt-get install qemu-user)")
    other = Oracle(ports.load(str(quick("aarch64-portwright-linux"))), toolchain)
    ended = oracles.run(Path(emulator), str(other.build(PROGRAMS / "sockets.rs")), cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr.decode()
    assert ended.stdout.decode().splitlines() == theirs["sockets"]
