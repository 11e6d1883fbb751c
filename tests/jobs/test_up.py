"""`portwright up`, from outside: a right port passes, and each way of being wrong has its own verdict and status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from port_copies import copied
from portwright.describe import port as ports
from portwright.describe.toolchain import Toolchain

NAME = "x86_64-unknown-veridian"
pytestmark = [pytest.mark.toolchain, pytest.mark.usefixtures("toolchain")]


def rows(shown: Any) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(shown.stdout)["rows"]}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copied(NAME, tmp_path / "port", "target", "port.lock")


@pytest.mark.parametrize("engine", ["native", "unicorn"])
def test_the_bundled_port_passes_on_both_engines(portwright: Callable[..., Any], engine: str) -> None:
    shown = portwright("up", NAME, "--json", "--engine", engine)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    document = json.loads(shown.stdout)
    programs = [program.name for program in ports.load(NAME).manifest.program]
    assert [row["name"] for row in document["rows"]] == ["check", "sysroot", "programs", *programs]
    assert {row["verdict"]["outcome"] for row in document["rows"]} == {"passed"}
    assert document["engine"] == engine and document["status"] == 0


def test_a_table_for_people_and_its_count(portwright: Callable[..., Any]) -> None:
    shown = portwright("up", NAME, "--program", "hello")
    assert shown.returncode == 0
    assert "4 of 4 criteria passed" in shown.stdout
    assert "seed" in shown.stdout and "passed" in shown.stdout


def test_on_the_documents_ledger_what_it_lacks_is_named(portwright: Callable[..., Any]) -> None:
    shown = portwright(
        "up", NAME, "--json", "--ledger", "document", "--program", "hello", "--program", "files"
    )
    found = rows(shown)
    assert shown.returncode == 1
    assert found["hello"]["verdict"]["outcome"] == "passed"
    assert found["files"]["verdict"]["outcome"] == "not-offered"
    assert found["files"]["verdict"]["detail"] == "not offered: create_directory"


PROGRAMS = {
    "right": ('fn main() { println!("as it must be"); }', "passed"),
    "wrong": ('fn main() { println!("something else"); }', "wrong"),
    "status": ('fn main() { println!("as it must be"); std::process::exit(3) }', "wrong"),
    "crash": (
        'fn main() { println!("as it must be"); unsafe { (8 as *mut u8).write_volatile(1) } }',
        "crashed",
    ),
    "endless": ('fn main() { println!("as it must be"); loop { std::hint::spin_loop() } }', "limit"),
    "flood": ('fn main() { for _ in 0..2000 { println!("as it must be") } }', "wrong"),
}


def test_each_way_of_failing_has_its_own_verdict(portwright: Callable[..., Any], copy: Path) -> None:
    text = (copy / "port.toml").read_text().split("[programs]")[0]
    for name, (source, _) in PROGRAMS.items():
        (copy / "programs" / f"{name}.rs").write_text(source)
        text += f'\n[[program]]\nname = "{name}"\npath = "programs/{name}.rs"\nseconds = 3\n'
        text += 'expect = { stdout = "as it must be\\n" }\n'
    (copy / "port.toml").write_text(text)
    shown = portwright("up", str(copy), "--json", "--update-lock")
    found = rows(shown)
    assert shown.returncode == 1
    assert {name: found[name]["verdict"]["outcome"] for name in PROGRAMS} == {
        name: outcome for name, (_, outcome) in PROGRAMS.items()
    }
    assert "0x8" in found["crash"]["verdict"]["detail"]
    assert "main" in found["crash"]["verdict"]["evidence"]


def test_a_faulty_description_is_not_built_and_its_programs_are_not_run(
    portwright: Callable[..., Any], copy: Path
) -> None:
    text = (copy / "abi.toml").read_text()
    (copy / "abi.toml").write_text(text.replace("read = { number = 52", "read = { number = 53", 1))
    shown = portwright("up", str(copy), "--json")
    found = rows(shown)
    assert shown.returncode == 1
    assert found["check"]["verdict"]["outcome"] == "wrong" and "53" in found["check"]["verdict"]["evidence"]
    assert found["hello"]["verdict"]["outcome"] == "not-run" and "sysroot" not in found


def test_a_program_that_does_not_compile_leaves_the_others_unjudged(
    portwright: Callable[..., Any], copy: Path
) -> None:
    (copy / "programs" / "hello" / "src" / "main.rs").write_text("fn main() { nonsense }")
    shown = portwright("up", str(copy), "--json", "--update-lock")
    found = rows(shown)
    assert shown.returncode == 1
    assert found["programs"]["verdict"]["outcome"] == "wrong"
    assert "nonsense" in found["programs"]["verdict"]["evidence"]
    assert found["hello"]["verdict"]["outcome"] == "not-run"


def test_an_unknown_program_is_bad_input(portwright: Callable[..., Any]) -> None:
    shown = portwright("up", NAME, "--program", "helo", "--program", "fils")
    assert shown.returncode == 2
    assert "helo" in shown.stderr and "fils" in shown.stderr and "Traceback" not in shown.stderr


def test_a_negative_number_of_processors_is_refused(portwright: Callable[..., Any]) -> None:
    shown = portwright("up", NAME, "-j", "-1")
    assert shown.returncode == 2 and "-1" in shown.stderr


def test_the_toolchain_is_told(portwright: Callable[..., Any], toolchain: Toolchain) -> None:
    assert (
        toolchain.version
        in json.loads(portwright("up", NAME, "--json", "--program", "hello").stdout)["toolchain"]
    )
