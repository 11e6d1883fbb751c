"""The ledger verbs (`check`, `show`, `diff`, `crate`) from outside: texts, documents and exit statuses."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from port_copies import copied
from portwright.describe import port as ports

NAME = "x86_64-unknown-veridian"
Portwright = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A port of the user's own."""
    return copied(NAME, tmp_path / "mine")


def change(file: Path, old: str, new: str) -> None:
    """Replace once."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def document(ran: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The result as a tool reads it."""
    found = json.loads(ran.stdout)
    assert isinstance(found, dict) and found["status"] == ran.returncode
    return found


# jobs/ledger_check


def test_check_of_the_bundled_ledgers(portwright: Portwright) -> None:
    """Right: status 0, and a line that says so."""
    for words in ([], ["--ledger", "document"]):
        ran = portwright("ledger", "check", NAME, *words)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "0 errors, 0 warnings" in ran.stdout and ran.stderr == ""


def test_check_prints_each_fault_with_place_and_hint(portwright: Portwright, copy: Path) -> None:
    """Judged wrong: status 1, file:line:column, all in one run; `--json` says the same."""
    change(copy / "abi.toml", '"rcx", "r11", ', '"rcx", "r01", ')
    change(copy / "abi.toml", "number = 53, ", "number = 52, ")
    ran = portwright("ledger", "check", copy)
    assert ran.returncode == 1 and "3 errors" in ran.stdout
    for text in ("`r11` is missing", "no register `r01`", "number 52 is `write` here and `read` at line"):
        assert text in ran.stdout
    assert f"{copy / 'abi.toml'}:15:12: error: " in ran.stdout and "  hint: " in ran.stdout
    found = document(portwright("ledger", "check", copy, "--json"))
    assert [row["code"] for row in found["findings"]] == [
        "ledger/forgotten-clobber",
        "ledger/unknown-register",
        "ledger/number-twice",
    ]
    assert found["findings"][1]["where"]["column"] == 12


def test_check_only_warns_of_what_may_be_meant(portwright: Portwright, copy: Path) -> None:
    """A warning alone is status 0."""
    change(copy / "abi.toml", 'kernel-name = "FileOpen", operation', 'kernel-name = "FileOpen", Operation')
    assert portwright("ledger", "check", copy).returncode == 2
    change(copy / "abi.toml", "Operation", "operation")
    change(copy / "abi.toml", '"path", "flags", "mode"], ignores', '"path", "flags"], ignores')
    ran = portwright("ledger", "check", copy)
    assert ran.returncode == 0 and "warning: `open` never passes `mode`" in ran.stdout


def test_check_against_source(portwright: Portwright, copy: Path, tmp_path: Path) -> None:
    """Agreement is 0; a number that changed is 1, with both values and both places."""
    rows = {  # one line in the source may be several calls of the ledger, which differ in what they fix
        f"    {name} = {number},\n": None
        for call in ports.load(NAME).ledger.syscalls.values()
        for name, number in zip(
            [call.kernel_name, *call.kernel_aliases], [call.number, *call.aliases], strict=True
        )
    }
    numbers = "".join(rows)
    errors = "".join(
        f"    {error.kernel_name} = -{error.number},\n"
        for error in ports.load(NAME).ledger.errors.values()
        if not isinstance(error, int)
    )
    source = tmp_path / "tree" / "kernel" / "src" / "syscall" / "mod.rs"
    source.parent.mkdir(parents=True)
    text = f"pub enum Syscall {{\n{numbers}}}\npub enum SyscallError {{\n{errors}}}\n"
    source.write_text(text)
    ran = portwright("ledger", "check", copy, "--source", tmp_path / "tree")
    assert ran.returncode == 0 and "source: 238 matches" in ran.stdout, ran.stdout + ran.stderr
    source.write_text(text.replace("FileRead = 52", "FileRead = 352"))
    ran = portwright("ledger", "check", copy, "--source", tmp_path / "tree")
    assert ran.returncode == 1
    line = next(line for line in ran.stdout.splitlines() if "differs" in line and "read" in line)
    assert "read = 52" in line and "`FileRead` = 352" in line and "abi.toml:" in line and "mod.rs:" in line
    found = document(portwright("ledger", "check", copy, "--source", tmp_path / "tree", "--json"))
    assert found["counts"] == {"matches": 237, "differs": 1}
    assert [row["name"] for row in found["rows"] if row["outcome"] == "differs"] == ["read"]
    ran = portwright("ledger", "check", copy, "--source", tmp_path / "nowhere")
    assert ran.returncode == 2 and "no such file or folder" in ran.stderr


def test_check_of_what_cannot_be_read(portwright: Portwright, copy: Path) -> None:
    """Could not judge: status 2, with the nearest name."""
    ran = portwright("ledger", "check", "x86_64-unknown-veridan")
    assert ran.returncode == 2 and f"did you mean `{NAME}`?" in ran.stderr
    ran = portwright("ledger", "check", copy, "--ledger", "no-such")
    assert ran.returncode == 2 and "abi.no-such.toml" in ran.stderr


# jobs/ledger_show


def test_show(portwright: Portwright) -> None:
    """A row for each call with its numbers and arguments, how a call is made, what is missing."""
    ran = portwright("ledger", "show", NAME)
    assert ran.returncode == 0
    lines = ran.stdout.splitlines()
    assert any(line.split()[:3] == ["11", "exit", "exit"] for line in lines)
    assert any(line.split()[:3] == ["151", "293", "lstat"] for line in lines)
    assert "number in rax, arguments in rdi rsi rdx r10 r8" in ran.stdout
    (missing,) = [line for line in lines if line.startswith("operations not offered: ")]
    assert "fd<<32|offset" in ran.stdout and "thread_clone" in missing and "rename" not in missing
    found = document(portwright("ledger", "show", NAME, "--ledger", "document", "--json"))
    assert [row["number"] for row in found["calls"]] == [
        0,
        1,
        2,
        3,
        9,
        11,
        33,
        56,
        57,
        59,
        60,
        61,
        98,
        228,
        293,
    ]
    assert "fill_random" in found["not_offered"] and found["abi"]["clobbers"] == ["rcx", "r11"]


# jobs/ledger_diff


def test_diff(portwright: Portwright) -> None:
    """Two ledgers of the port: status 1, as diff has it, with the rows of the disagreement."""
    ran = portwright("ledger", "diff", NAME)
    assert ran.returncode == 1
    assert "number 11 means exit in abi.toml, munmap in abi.document.toml" in ran.stdout
    assert "exit: number 11 in abi.toml, number 60 in abi.document.toml" in ran.stdout
    found = document(portwright("ledger", "diff", NAME, "--ledger", "document", "--json"))
    assert sum(row["section"] == "numbers" for row in found["differences"]) == 12


def test_diff_of_two_ports(portwright: Portwright, copy: Path) -> None:
    """Equal is 0; and a port without a second ledger says what to give."""
    assert portwright("ledger", "diff", NAME, copy).returncode == 0
    change(copy / "abi.toml", "number = 53, ", "number = 553, ")
    ran = portwright("ledger", "diff", NAME, copy)
    assert ran.returncode == 1 and "write: number 53 in " in ran.stdout
    (copy / "abi.document.toml").unlink()
    ran = portwright("ledger", "diff", copy)
    assert ran.returncode == 2 and "--ledger VARIANT" in ran.stderr


# jobs/ledger_crate


def test_crate(portwright: Portwright, copy: Path, tmp_path: Path) -> None:
    """Written, left alone where nothing changed, and written again where the ledger did."""
    folder = tmp_path / "sys"
    found = document(portwright("ledger", "crate", copy, folder, "--json"))
    assert found["crate"] == "veridian-sys" and found["changed"] == found["files"]
    assert "pub const SYS_WRITE: usize = 53;" in (folder / "src" / "number.rs").read_text()
    ran = portwright("ledger", "crate", copy, folder)
    assert ran.returncode == 0 and "nothing changed" in ran.stdout
    change(copy / "abi.toml", "number = 53, ", "number = 553, ")
    ran = portwright("ledger", "crate", copy, folder)
    assert f"wrote {folder / 'src' / 'number.rs'}" in ran.stdout and "calls.rs" in ran.stdout
    assert "pub const SYS_WRITE: usize = 553;" in (folder / "src" / "number.rs").read_text()


def test_a_crate_of_someone_else_is_not_overwritten(portwright: Portwright, tmp_path: Path) -> None:
    """A folder given by mistake stays as it is."""
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "mine"\n')
    ran = portwright("ledger", "crate", NAME, tmp_path)
    assert ran.returncode == 2 and "not made by portwright" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["Cargo.toml"]


# jobs/ledger_header, jobs/ledger_page


@pytest.mark.parametrize(
    ("verb", "start"), [("header", "/* Made by portwright"), ("page", "<!-- Made by portwright")]
)
def test_header_and_page_are_shown_or_written(
    portwright: Portwright, tmp_path: Path, verb: str, start: str
) -> None:
    """The same text both ways; a second run changes nothing; somebody's own file stays."""
    shown = portwright("ledger", verb, NAME)
    assert shown.returncode == 0 and shown.stdout.startswith(start)
    file = tmp_path / "made"
    assert portwright("ledger", verb, NAME, "--output", file).stdout == f"wrote {file}\n"
    assert file.read_text() == shown.stdout
    before = file.stat().st_mtime_ns
    again = document(portwright("ledger", verb, NAME, "--output", file, "--json"))
    assert not again["changed"] and file.stat().st_mtime_ns == before
    file.write_text("mine")
    ran = portwright("ledger", verb, NAME, "--output", file)
    assert ran.returncode == 2 and "not made by portwright" in ran.stderr and file.read_text() == "mine"
    below = portwright("ledger", verb, NAME, "--output", file / "below")
    assert below.returncode == 2 and str(file) in below.stderr
