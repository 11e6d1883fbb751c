"""Running on this machine's own kernel: the same options, events and outcomes as the userland machine's."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from pathlib import Path

import pytest

import std_oracle as oracles
from portwright.base.errors import BadInput
from portwright.describe import port as ports
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain
from portwright.run import fault_rule, on_kernel
from portwright.run.events import Died, Exited, Outcome, RunEvent, Wrote
from portwright.run.limits import Limits
from portwright.run.options import Options
from portwright.run.root import Share

SOURCE = Path(__file__).parent / "kernel_guest.rs"
ORACLE = oracles.load()


@pytest.fixture(scope="module")
def guest(toolchain: Toolchain) -> Path:
    oracles.skip_elsewhere()
    return oracles.Oracle(ORACLE, toolchain).build(SOURCE)


def run(guest: Path, *words: str, events: list[RunEvent] | None = None, **given: object) -> Outcome:
    options = Options(**{"stdin": b"", "capture": True, "arguments": words, **given})  # type: ignore[arg-type]
    return on_kernel.run_on_kernel(ORACLE, guest, options, (events if events is not None else []).append)


pytestmark = [pytest.mark.toolchain, pytest.mark.slow]


def test_the_program_is_in_a_folder_of_its_own(guest: Path) -> None:
    seen = run(
        guest, "look", name="another", files={"/given/here.txt": b"this"}, environment={"A": "1"}, cwd="/"
    )
    lines = seen.stdout.decode().splitlines()
    assert (seen.status, lines[0]) == (0, '["another", "look"]')
    folder, temporary = Path(lines[1].split()[1]), Path(lines[2].split()[1])
    assert lines[3:] == ["given this", 'variables ["A", "TMPDIR"]']
    assert Path.cwd() not in (folder, temporary) and folder != temporary
    assert not folder.exists() and not temporary.exists(), "both are gone with the run"


def test_a_given_root_stays(guest: Path, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    seen = run(guest, "look", root=tmp_path, cwd="/inside", files={"inside/given/here.txt": b"kept"})
    assert f"cwd {tmp_path}/inside\n" in seen.stdout.decode()
    assert (tmp_path / "inside/given/here.txt").read_bytes() == b"kept"


def test_streams_of_any_size_go_both_ways(guest: Path) -> None:
    """More than a pipe holds, in and out at once."""
    events: list[RunEvent] = []
    data = os.urandom(3 << 20)
    seen = run(guest, "echo", stdin=data, events=events)
    assert (seen.end, seen.stdout, seen.stderr) == (Exited(0), data, b"3145728 bytes\n")
    assert events[-1] == seen.end
    assert b"".join(e.data for e in events if isinstance(e, Wrote) and e.stream == "stdout") == data


def test_a_program_that_does_not_read_its_input(guest: Path) -> None:
    assert run(guest, "status", "7", stdin=b"x" * (1 << 20)).end == Exited(7)


@pytest.mark.parametrize(
    ("words", "number", "kind", "status"),
    [
        (("illegal",), signal.SIGILL, "illegal-instruction", 132),
        (("null",), signal.SIGSEGV, "bad-access", 139),
    ],
)
def test_signals_end_it(guest: Path, words: tuple[str], number: int, kind: str, status: int) -> None:
    seen = run(guest, *words)
    assert isinstance(seen.end, Died)
    assert (seen.end.signal, seen.end.report.kind, seen.status) == (number, kind, status)


def test_limits_end_it(guest: Path) -> None:
    began = time.monotonic()
    rows = {
        "wall": (run(guest, "sleep", limits=Limits(seconds=0.3)), "time-limit"),
        "CPU": (run(guest, "spin", limits=Limits(cpu_seconds=1)), "time-limit"),
        "output": (run(guest, "flood", limits=Limits(output=1 << 20)), "output-limit"),
    }
    for name, (seen, kind) in rows.items():
        assert isinstance(seen.end, Died) and seen.end.report.kind == kind, name
    assert rows["CPU"][0].end.report.what == "time limit: still running after 1 s of CPU time"  # type: ignore[union-attr]
    assert len(rows["output"][0].stdout) <= 1 << 20
    assert time.monotonic() - began < 30


def test_limits_that_it_lives_with(guest: Path) -> None:
    assert run(guest, "memory", str(1 << 28)).stdout == b"true\n"
    assert run(guest, "memory", str(1 << 28), limits=Limits(memory=1 << 27)).stdout == b"false\n"
    assert run(guest, "open", limits=Limits(files=20)).stdout == b"17 files\n"


def test_several_at_a_time(guest: Path) -> None:
    """Each waits for its own program only."""
    found: dict[int, int] = {}

    def one(number: int) -> None:
        found[number] = run(guest, "status", str(number)).status

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: number for number in range(8)}


def test_what_a_kernel_does_not_have_is_refused(guest: Path, tmp_path: Path) -> None:
    rule, _ = fault_rule.parse("write=EIO", ORACLE.ledger)
    assert rule is not None
    with pytest.raises(BadInput) as caught:
        run(guest, "echo", shares=(Share(tmp_path, "/x", False),), clock="virtual", faults=(rule,))
    assert [fault.what.split("`")[1] for fault in caught.value.faults] == [
        "--share",
        "--faults",
        "--clock virtual",
    ]
    with pytest.raises(BadInput, match="no folder `/nowhere`"):
        run(guest, "echo", cwd="/nowhere")
    with pytest.raises(BadInput, match="leaves the program's folder"):
        run(guest, "echo", files={"../outside": b""})


def on_host(port: Port, kernel: str | None) -> Port:
    host = port.manifest.os.model_copy(update={"host_kernel": kernel})
    return dataclasses.replace(port, manifest=port.manifest.model_copy(update={"os": host}))


def test_a_kernel_that_is_not_this_one() -> None:
    assert "no host's kernel" in (on_kernel.serves(ports.load("x86_64-unknown-veridian")) or "")
    assert "run on the kernel of plan9, and this is" in (on_kernel.serves(on_host(ORACLE, "plan9")) or "")


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    oracles.skip_elsewhere()
    text = tmp_path / "text"
    text.write_text("words")
    text.chmod(0o755)
    with pytest.raises(BadInput, match=r"does not run the program: Exec format error"):
        run(text)
