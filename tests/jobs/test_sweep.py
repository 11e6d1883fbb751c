"""The verb `sweep` from outside: a sample of the bundled programs' cases, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from portwright.describe.toolchain import Toolchain

PORT = "x86_64-unknown-veridian"


@pytest.mark.toolchain
@pytest.mark.slow
def test_a_sample_ends_well_and_is_the_same_again(portwright: Any, toolchain: Toolchain) -> None:
    """Every program is in it; the same seed tries the same cases, which end the same."""
    first, second = (json.loads(portwright("sweep", PORT, "--sample", 50, "--json").stdout) for _ in range(2))
    assert first["status"] == 0 and first["left_out"] == {}
    assert len(first["rows"]) == 50 < first["cases"]
    bad = [
        row for row in first["rows"] if row["ending"] not in ("succeeded", "handled", "panicked", "aborted")
    ]
    assert bad == []
    assert len({row["program"] for row in first["rows"]}) >= 8
    assert {"succeeded", "handled", "panicked", "aborted"} <= set(first["counts"])
    for row in (*first["rows"], *second["rows"]):
        del row["seconds"]
    assert first["rows"] == second["rows"]


@pytest.mark.toolchain
@pytest.mark.slow
def test_lost_data_and_hangs_are_found(portwright: Any, toolchain: Toolchain, tmp_path: Path) -> None:
    """Three programs that are wrong: one claims what was not written, one asks again for ever, one says nothing."""
    sources = {
        "liar": 'use std::io::Write; let mut f = std::fs::File::create("/tmp/x").unwrap(); let _ = f.write_all(b"a");'
        ' println!("claim file /tmp/x 1 af63dc4c8601ec8c");',
        "stubborn": 'while std::fs::write("/tmp/x", "a").is_err() {}',
        "mute": 'if std::fs::create_dir("/tmp/x").is_err() { std::process::exit(101) }',
    }
    for name in ("port.toml", "abi.toml"):
        (tmp_path / name).write_text((Path("ports") / PORT / name).read_text())
    text = (tmp_path / "port.toml").read_text()
    text = text[: text.index("[programs]")]
    for name, body in sources.items():
        (tmp_path / f"{name}.rs").write_text(f"fn main() {{ {body} }}\n")
        text += f'[[program]]\nname = "{name}"\npath = "{name}.rs"\nexpect = {{ exit = 0 }}\n'
    (tmp_path / "port.toml").write_text(text)
    words = [word for name in ("write", "create_directory") for word in ("--operation", name)]
    done = portwright("sweep", tmp_path, *words, "--time", "4", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["status"]) == (1, 1)
    endings = {name: {row["ending"] for row in found["rows"] if row["program"] == name} for name in sources}
    assert "lost-data" in endings["liar"] and "hung" in endings["stubborn"] and "crashed" in endings["mute"]
    shown = portwright("sweep", tmp_path, "--program", "liar", "--operation", "write").stdout
    assert "lost-data: liar, write: 1 bytes of /tmp/x were claimed, and it has 0" in shown
    command = next(line for line in shown.splitlines() if line.startswith("  portwright run"))
    assert "--faults 'write=" in command and command.endswith(" liar")


GOOD = ("succeeded", "handled", "panicked", "aborted")


@pytest.mark.toolchain
@pytest.mark.e2e
@pytest.mark.parametrize(("port", "least"), [(PORT, 700), ("x86_64-portwright-linux", 900)])
def test_every_case_of_every_program_ends_well(
    portwright: Any, toolchain: Toolchain, port: str, least: int
) -> None:
    found = json.loads(portwright("sweep", port, "--json", timeout=3600).stdout)
    bad = [row for row in found["rows"] if row["ending"] not in GOOD]
    assert (found["status"], bad, found["left_out"]) == (0, [], {})
    assert len(found["rows"]) == found["cases"] >= least


@pytest.mark.toolchain
@pytest.mark.e2e
def test_every_case_of_threads_and_what_they_wait_at(portwright: Any, toolchain: Toolchain) -> None:
    """A source that is no program of the port: what it does without faults is what it is to do."""
    source = Path("tests/derive/programs/threads.rs").resolve()
    done = portwright("sweep", "x86_64-portwright-linux", "--program", source, "--json", timeout=3600)
    found = json.loads(done.stdout)
    assert [row for row in found["rows"] if row["ending"] not in (*GOOD, "never-struck")] == []
    assert {"futex_wake", "futex_wait", "thread_clone"} <= {row["operation"] for row in found["rows"]}


def test_all_that_is_wrong_with_the_arguments_is_said_at_once(portwright: Any) -> None:
    words = [
        "--program",
        "hallo",
        "--operation",
        "reed",
        "--operation",
        "vfork",
        "--sample",
        "-1",
        "--time",
        "0",
    ]
    done = portwright("sweep", PORT, *words)
    assert done.returncode == 2
    for said in ("program `hallo`", "operation `reed`", "operation `vfork`", "--sample -1", "--time 0"):
        assert said in done.stderr
