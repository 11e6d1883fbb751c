"""std's layer against what is peculiar to VeridianOS, in the userland machine, which keeps to the ledger."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import std_oracle as oracles
from portwright.build import goals
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain
from portwright.run.events import Outcome
from portwright.run.machine import run_program
from portwright.run.options import Options
from std_oracle import PROGRAMS

pytestmark = [pytest.mark.toolchain, pytest.mark.slow]
PORT = ports.load("x86_64-unknown-veridian")


def run(source: Path, *arguments: str, seed: int = 1) -> Outcome:
    """Build a `.rs` file for VeridianOS and run it."""
    built = oracles.result_of(goals.build_crate(PORT, source))
    options = Options(arguments=arguments, capture=True, calls=True, seed=seed, stdin=b"")
    return run_program(PORT, built.programs[source.stem][0], options)


def written(folder: Path, name: str, body: str) -> Path:
    path = folder / f"{name}.rs"
    path.write_text(f"fn main() -> std::io::Result<()> {{\n{body}\n    Ok(())\n}}\n")
    return path


def test_a_new_file_must_be_new_although_the_kernel_forgets_the_flag(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    assert "O_EXCL" in PORT.ledger.syscalls["open"].ignores
    source = written(
        tmp_path,
        "exclusive",
        '    std::fs::File::create_new("/tmp/new")?;\n    std::fs::write("/tmp/new", "kept")?;\n'
        '    let again = std::fs::File::create_new("/tmp/new").unwrap_err();\n'
        '    println!("{:?} {:?}", again.kind(), std::fs::read_to_string("/tmp/new")?);',
    )
    ended = run(source)
    assert (ended.status, ended.stdout) == (0, b'AlreadyExists "kept"\n')


def test_ranges_beyond_what_one_call_takes(toolchain: Toolchain, tmp_path: Path) -> None:
    """300 MB written at once, and given back: the kernel takes 256 MiB at a time."""
    most = PORT.ledger.memory.buffer_limit
    assert most is not None
    source = written(
        tmp_path,
        "ranges",
        "    use std::io::Write;\n    let block = std::hint::black_box(vec![1_u8; 300 << 20]);\n"
        '    std::fs::File::create("/dev/null")?.write_all(&block)?;\n'
        '    drop(block);\n    println!("done");',
    )
    ended = run(source)
    assert (ended.status, ended.stdout) == (0, b"done\n"), ended.stderr
    done = [call for call in ended.calls if call.error != PORT.ledger.abi.busy]
    calls = {call.name for call in done if call.error is not None}
    assert calls == set()
    taken = [int(dict(c.arguments)["length"], 0) for c in done if c.operation == "unmap_memory"]
    assert len(taken) >= 2 and max(taken) <= most
    assert sum(c.operation == "write" for c in ended.calls) >= 3


@pytest.mark.parametrize("name", ["seeking", "moments"])
def test_answers_are_those_of_unix(name: str, toolchain: Toolchain, tmp_path: Path) -> None:
    """Where the kernel is peculiar in nothing that the program touches, it answers as a Unix does."""
    host = tmp_path / "host"
    command = [str(toolchain.rustc), "--edition", "2024", "-o", str(host), str(PROGRAMS / f"{name}.rs")]
    subprocess.run(command, check=True, capture_output=True)
    theirs = oracles.run(host, cwd=tmp_path)
    for seed in (1, 2, 3):
        ours = run(PROGRAMS / f"{name}.rs", seed=seed)
        assert ours.status == theirs.returncode == 0, ours.stderr
        assert ours.stdout.decode().splitlines() == theirs.stdout.decode().splitlines()


def test_links_modes_places_and_vectors_through_its_own_calls(toolchain: Toolchain, tmp_path: Path) -> None:
    """Its symlink takes the text first and its link the old name; a directory is removed by paths there."""
    source = written(
        tmp_path,
        "linked",
        "    use std::fs;\n    use std::io::{IoSlice, IsTerminal, Write};\n"
        "    use std::os::veridian::fs::{FileExt, symlink};\n"
        '    fs::create_dir_all("/tmp/d/e")?;\n    fs::write("/tmp/d/old", "kept")?;\n'
        '    fs::hard_link("/tmp/d/old", "/tmp/d/new")?;\n    symlink("d/old", "/tmp/link")?;\n'
        '    println!("{:?} {:?}", fs::read_link("/tmp/link")?, fs::canonicalize("/tmp/link")?);\n'
        '    println!("{:?} {:?}", fs::read_to_string("/tmp/link")?, fs::read_to_string("/tmp/d/new")?);\n'
        '    let mut file = fs::OpenOptions::new().read(true).write(true).open("/tmp/link")?;\n'
        '    file.write_all_at(b"it", 2)?;\n    file.sync_all()?;\n    file.sync_data()?;\n'
        '    let mut parts = [IoSlice::new(b"m"), IoSlice::new(b""), IoSlice::new(b"a")];\n'
        "    let mut parts = &mut parts[..];\n"
        "    while !parts.is_empty() {\n        let count = file.write_vectored(parts)?;\n"
        "        IoSlice::advance_slices(&mut parts, count);\n    }\n"
        '    println!("{:?}", fs::read_to_string("/tmp/d/new")?);\n'
        "    let mut all = [0; 4];\n    file.read_exact_at(&mut all, 0)?;\n"
        '    println!("{:?} {}", all, file.is_terminal());\n'
        "    file.set_permissions(file.metadata()?.permissions())?;\n"
        '    println!("{:?}", file.set_modified(std::time::UNIX_EPOCH).unwrap_err().to_string());\n'
        '    println!("{:?}", file.lock().unwrap_err().to_string());\n'
        '    symlink("/tmp", "/tmp/d/e/up")?;\n    fs::remove_dir_all("/tmp/d")?;\n'
        '    println!("{} {}", fs::exists("/tmp/d")?, fs::symlink_metadata("/tmp/link")?.is_symlink());\n'
        '    println!("{}", std::env::current_exe()?.display());',
    )
    for seed in (1, 2, 3):
        ended = run(source, seed=seed)
        assert ended.status == 0, ended.stderr.decode()
        assert ended.stdout.decode().splitlines() == [
            '"d/old" "/tmp/d/old"',
            '"kept" "kept"',
            '"mait"',
            "[109, 97, 105, 116] false",
            '"not offered: fd_set_times"',
            '"not offered: lock_file"',
            "false true",
            "/linked",
        ]


WORKS = (
    "statuses",
    "outputs",
    "inputs",
    "environment",
    "directory",
    "streams",
    "chains",
    "many",
    "nested",
    "shown",
)


def test_processes_of_a_kernel_that_runs_children_when_they_are_waited_for(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    """No pipe tells why a program did not start, so std looks before it forks; what a signal ended says 128 more."""
    assert PORT.ledger.processes.children == "run-when-waited-for"
    source, host = PROGRAMS / "processes.rs", tmp_path / "host"
    command = [str(toolchain.rustc), "--edition", "2024", "-o", str(host), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    built = oracles.result_of(goals.build_crate(PORT, source)).programs["processes"][0]
    for name in WORKS:
        environment = {"TMPDIR": str(oracles.fresh(tmp_path / name)), "PATH": "/usr/bin"}
        theirs = oracles.run(host, "all", name, cwd=tmp_path, environment=environment)
        assert theirs.returncode == 0, theirs.stderr
        options = Options(
            arguments=("all", name), capture=True, seed=1, stdin=b"", clock="virtual", at="/bin/processes"
        )
        ours = run_program(PORT, built, options)
        assert (ours.status, ours.stdout.decode()) == (0, theirs.stdout.decode()), (name, ours.stderr)
    ended = run_program(PORT, built, replace(options, arguments=("all", "signals")))
    assert b"exit status: 137 Some(137) false\nabort exit status: 134 Some(134)\n" in ended.stdout
