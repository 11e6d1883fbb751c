"""`portwright compare`: one binary in the userland machine and on this kernel, its output and every call."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import std_oracle as oracles
from port_copies import quick
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain
from portwright.jobs import compare as job
from portwright.run import on_kernel
from portwright.run.failure import Failed, Failure
from portwright.run.operations import current_directory, fd_status, read, seek
from portwright.run.options import Options
from portwright.run.process import Process

ORACLE = str(quick(oracles.BUNDLED))
OTHER = "aarch64-portwright-linux"
pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
Portwright = Callable[..., Any]


@pytest.fixture(autouse=True)
def _here() -> None:
    oracles.skip_elsewhere()


def result(*programs: str) -> job.Result:
    return oracles.result_of(job.run(job.Arguments(ORACLE, programs, engine="native", seed=1)))


def test_two_programs_do_the_same_on_both(portwright: Portwright) -> None:
    shown = portwright("compare", "--json", ORACLE, "files", "panics")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    document = json.loads(shown.stdout)
    assert [row["name"] for row in document["rows"]] == ["files", "panics"]
    assert document["rows"][0]["calls"] > 1000 and document["calls_compared"]
    table = portwright("compare", ORACLE, "hello")
    assert "agrees" in table.stdout and "1 of 1 programs do the same on both" in table.stdout


def test_threads_and_their_files_do_the_same_on_both(tmp_path: Path) -> None:
    source = tmp_path / "threads.rs"
    source.write_text(
        "use std::{env, fs, thread};\nfn main() {\n"
        "    let start = |n: usize| thread::spawn(move || {\n"
        "        fs::write(env::temp_dir().join(n.to_string()), vec![b'x'; n + 1]).unwrap();\n        n\n    });\n"
        "    let threads: Vec<_> = (0..3).map(start).collect();\n"
        '    println!("{}", threads.into_iter().map(|t| t.join().unwrap()).sum::<usize>());\n}\n'
    )
    (row,) = result(str(source)).rows
    assert row.verdict.passed, row.verdict.evidence
    assert row.calls > 25


def longer_read(process: Process, fd: int, buffer: int, length: int) -> int | Failure:
    return REAL["read"](process, fd, buffer, min(length, 7))


def other_error(process: Process, fd: int, offset: int, whence: str) -> int | Failure:
    try:
        found = REAL["seek"](process, fd, offset, whence)
    except (Failed, OSError):
        return Failure("EIO")
    return Failure("EIO") if isinstance(found, Failure) else found


def wrong_size(process: Process, fd: int, status: int) -> int | Failure:
    found = REAL["fd_status"](process, fd, status)
    place = process.ledger.types["stat"].fields["st_size"].offset
    process.engine.write(status + place, (12345).to_bytes(8, "little"))
    return found


def without_nul(process: Process, buffer: int, length: int) -> int | Failure:
    found = REAL["current_directory"](process, buffer, length)
    return found - 1 if isinstance(found, int) else found


REAL: dict[str, Callable[..., int | Failure]] = {
    module.__name__.rpartition(".")[2]: module.perform
    for module in (read, seek, fd_status, current_directory)
}
PLANTED = {
    "short reads": (read, longer_read, 'read(3, "'),
    "another error": (seek, other_error, "= EIO"),
    "a wrong size": (fd_status, wrong_size, "st_size=12345"),
    "a result that is one too small": (current_directory, without_nul, "getcwd("),
}
SOURCE = """
use std::io::{Read, Seek, SeekFrom};
fn main() -> std::io::Result<()> {
    println!("{}", std::env::current_dir()?.is_absolute());
    std::fs::write("data", vec![b'x'; 100])?;
    let mut file = std::fs::File::open("data")?;
    println!("{}", file.metadata()?.len() >= 100);
    let mut all = Vec::new();
    file.read_to_end(&mut all)?;
    println!("{} {}", all.len(), file.seek(SeekFrom::Current(-1000)).is_err());
    Ok(())
}
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("compare") / "planted.rs"
    path.write_text(SOURCE)
    return str(path)


def test_the_program_for_planted_faults_does_the_same_on_both(source: str) -> None:
    (row,) = result(source).rows
    assert row.verdict.passed, row.verdict.evidence


@pytest.mark.parametrize(("module", "planted", "shown"), PLANTED.values(), ids=PLANTED)
def test_a_machine_that_is_wrong_is_caught(
    module: Any, planted: Any, shown: str, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the output is still right only the calls tell."""
    monkeypatch.setattr(module, "perform", planted)
    (row,) = result(source).rows
    assert row.verdict.outcome == "wrong"
    machine = next(line for line in row.verdict.evidence.splitlines() if line.startswith("    machine:"))
    kernel = next(line for line in row.verdict.evidence.splitlines() if line.startswith("    kernel:"))
    assert shown in machine and machine.split(": ", 1)[1] != kernel.split(": ", 1)[1].strip()


def test_only_a_port_of_this_kernel_can_be_compared(portwright: Portwright) -> None:
    shown = portwright("compare", "x86_64-unknown-veridian")
    assert shown.returncode == 2 and "is no host's kernel" in shown.stderr
    shown = portwright("compare", ORACLE, "helo")
    assert shown.returncode == 2 and "there is no program `helo`" in shown.stderr


@pytest.mark.e2e
@pytest.mark.parametrize("engine", ["native", "unicorn"])
def test_every_program_does_the_same_on_both(portwright: Portwright, engine: str) -> None:
    shown = portwright("compare", "--engine", engine, "--json", oracles.BUNDLED)
    rows = {row["name"]: row["verdict"] for row in json.loads(shown.stdout)["rows"]}
    assert {name: v["evidence"] for name, v in rows.items() if v["outcome"] != "passed"} == {}
    assert set(rows) == {program.name for program in ports.load(ORACLE).manifest.program}


LAYER = ("opening", "trees", "seeking", "moments", "attributes", "linking", "threads", "locking", "unwinding")


@pytest.mark.e2e
@pytest.mark.parametrize("name", LAYER)
def test_the_layer_s_programs_do_the_same_on_both(name: str) -> None:
    """Thousands of calls at the edges of what they do: files, folders, links, threads, locks."""
    (row,) = result(str(oracles.PROGRAMS / f"{name}.rs")).rows
    assert row.verdict.passed, row.verdict.evidence


@pytest.mark.e2e
@pytest.mark.parametrize(
    "name", (*LAYER, "sockets")
)  # how much a socket holds, and so its calls, is a kernel's choice
def test_the_layer_on_another_cpu(name: str, toolchain: Toolchain, tmp_path: Path) -> None:
    """Through qemu-aarch64 and in Unicorn the same, and what std's own Unix code prints on this machine."""
    if reason := on_kernel.serves(ports.load(OTHER)):
        pytest.skip(f"{OTHER}: {reason}")
    path = oracles.PROGRAMS / f"{name}.rs"
    (row,) = oracles.result_of(job.run(job.Arguments(OTHER, (str(path),)))).rows
    assert row.verdict.passed, row.verdict.evidence
    if name == "unwinding":  # what it prints of its own frames is the CPU's
        return
    port = ports.load(OTHER)
    options = Options(capture=True, stdin=b"")
    ours = on_kernel.run_on_kernel(port, oracles.Oracle(port, toolchain).build(path), options)
    host = oracles.Oracle(ports.load(ORACLE), toolchain).build_for_host(path, tmp_path)
    assert ours.stdout == oracles.run(host, cwd=oracles.fresh(tmp_path / "run")).stdout


@pytest.mark.e2e
def test_every_program_does_the_same_on_the_other_cpu(portwright: Portwright) -> None:
    shown = portwright("compare", "--json", OTHER)
    if shown.returncode == 2 and "qemu-aarch64" in shown.stderr:
        pytest.skip("qemu-aarch64 is not on this machine (qemu-user)")
    document = json.loads(shown.stdout)
    assert {
        r["name"]: r["verdict"]["evidence"] for r in document["rows"] if r["verdict"]["outcome"] != "passed"
    } == {}
    assert document["rows"] and not document["calls_compared"]
