"""Ports as their owners write them: found by path or name, every fault of both files in one answer, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from port_copies import copied
from portwright.base.errors import BadInput
from portwright.describe import port as ports

NAME = "x86_64-unknown-veridian"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A port of the user's own, outside the bundled ones."""
    return copied(NAME, tmp_path / "my port", "target")


def change(file: Path, old: str, new: str) -> int:
    """Replace once; answers the line (from 1) that it stood in."""
    text = file.read_text()
    assert text.count(old) >= 1, f"{old!r} is not in {file}"
    file.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def faults(folder: Path) -> list[tuple[str, int | None, str, str]]:
    with pytest.raises(BadInput) as caught:
        ports.load(str(folder))
    rows = []
    for fault in caught.value.faults:
        assert fault.where is not None
        rows.append((Path(fault.where.file).name, fault.where.line, fault.what, fault.hint or ""))
    return rows


@pytest.mark.parametrize("name", ports.bundled())
def test_every_bundled_port_loads_and_is_named_after_its_target(name: str) -> None:
    port = ports.load(name)
    assert port.target == name
    assert port.abi is None or port.abi.offers
    for program in port.manifest.program:
        assert (port.folder / program.path).exists()


def test_a_port_is_found_by_path_too(copy: Path) -> None:
    assert ports.load(str(copy)).folder == copy.resolve()
    assert ports.load(str(copy)).os == "veridian"


def test_an_unknown_port_is_met_with_the_closest_name() -> None:
    with pytest.raises(BadInput) as caught:
        ports.load("x86_64-unknown-veridan")
    assert f"did you mean `{NAME}`" in (caught.value.faults[0].hint or "")


def test_all_faults_of_both_files_come_at_once_each_at_its_line(copy: Path) -> None:
    lines = {
        "page-sice": change(copy / "port.toml", "page-size", "page-sice"),
        "clobbered": change(copy / "abi.toml", "clobbers", "clobbered"),
    }
    rows = faults(copy)
    assert (
        "port.toml",
        lines["page-sice"],
        "unknown key `os.page-sice`",
        "did you mean `page-size`?",
    ) in rows
    assert ("abi.toml", lines["clobbered"], "unknown key `abi.clobbered`", "did you mean `clobbers`?") in rows


def test_a_wrong_value_says_what_stands_there(copy: Path) -> None:
    line = change(copy / "port.toml", "page-size = 4096", 'page-size = "big"')
    assert any(row[:2] == ("port.toml", line) and "big" in row[2] for row in faults(copy))


def test_a_file_that_is_no_toml_names_line_and_column(copy: Path) -> None:
    text = (copy / "port.toml").read_text()
    (copy / "port.toml").write_text(text + "\n[broken\n")
    assert any(
        row[0] == "port.toml" and row[1] is not None and row[1] > text.count("\n") for row in faults(copy)
    )


@pytest.mark.parametrize("file", ["port.toml", "abi.toml"])
def test_missing_and_unreadable_files_are_named(copy: Path, file: str) -> None:
    if file == "abi.toml":
        (copy / file).unlink()
        assert any(row[0] == file and "no such file" in row[2] for row in faults(copy))
    (copy / file).write_bytes(b"\xff\xfe[port]")
    assert any(row[0] == file and "cannot be read" in row[2] for row in faults(copy))


def test_two_programs_of_one_name_are_refused(copy: Path) -> None:
    with (copy / "port.toml").open("a") as file:
        file.write('\n[[program]]\nname = "hello"\npath = "programs/hello"\nexpect = { exit = 0 }\n')
    assert any("two programs have one name: hello" in row[2] for row in faults(copy))


def test_the_digest_changes_with_what_is_said_not_with_how(copy: Path) -> None:
    first = ports.load(str(copy)).digest
    with (copy / "port.toml").open("a") as file:
        file.write("\n# a remark\n")
    assert ports.load(str(copy)).digest == first
    change(copy / "port.toml", "page-size = 4096", "page-size = 8192")
    assert ports.load(str(copy)).digest != first


def test_what_a_panic_does_is_overruled_for_std_and_the_target_alike() -> None:
    plain = ports.load("x86_64-unknown-veridian")
    unwinding = ports.load("x86_64-unknown-veridian", panic="unwind")
    assert (plain.manifest.std.panic, plain.manifest.target["panic-strategy"]) == ("abort", "abort")
    assert (unwinding.manifest.std.panic, unwinding.manifest.target["panic-strategy"]) == ("unwind", "unwind")
    assert unwinding.digest != plain.digest


def test_shared_programs_are_the_port_s_too(copy: Path) -> None:
    """They come first and lie in their own folder; a program of the port's stands in for its namesake."""
    found = {program.name: program for program in ports.load(str(copy)).manifest.program}
    assert found["hello"].path == "programs/hello" and found["hello"].expect.stdout != "Hello from std!\n"
    assert (
        found["files"].path == "../programs/files" and (copy / found["files"].path / "Cargo.toml").is_file()
    )
    change(
        copy / "port.toml",
        'from = "../programs"',
        'from = "../programs"\nwithout = { files = "it has none" }',
    )
    assert {*found} - {program.name for program in ports.load(str(copy)).manifest.program} == {"files"}


def test_faults_of_shared_programs_are_placed(copy: Path) -> None:
    line = change(copy / "port.toml", '"../programs"', '"../programs"\nwithout = { flies = "a slip" }')
    shared = copy.parent / "programs" / "programs.toml"
    shared_line = change(shared, 'path = "time"', 'path = "tame"')
    ledger_line = change(copy / "abi.toml", "page-size = 4096", 'page-size = "4096"')
    found = faults(copy)
    assert ("port.toml", line + 1) in {row[:2] for row in found}
    assert ("programs.toml", shared_line) in {row[:2] for row in found}
    assert ("abi.toml", ledger_line) in {row[:2] for row in found}
    change(copy / "port.toml", '"../programs"', '"../progs"')
    assert ("port.toml", line, "no shared programs: there is no programs.toml in `../progs`") in {
        row[:3] for row in faults(copy)
    }


FREESTANDING = """
[[program]]
name = "bare"
kind = "freestanding"
path = "bare.rs"
link-script = "bare.ld"
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"bare.rs"', '"bare"', "a freestanding program is one .rs file"),
        ('kind = "freestanding"', "expect = {}", "`link-script` is for programs of `kind"),
        ('"bare.ld"', '"bare.ld"\nexpect = {}\nseconds = 3.0', "take `expect`, `seconds` away"),
        ('kind = "freestanding"', 'kind = "freestandng"', "did you mean `freestanding`?"),
    ],
)
def test_a_freestanding_program_says_where_it_lies_and_no_more(
    copy: Path, old: str, new: str, words: str
) -> None:
    text = (copy / "port.toml").read_text()
    (copy / "port.toml").write_text(text + FREESTANDING.replace(old, new, 1))
    row = next(row for row in faults(copy) if words in row[2] + row[3])
    assert row[0] == "port.toml" and (row[1] or 0) > text.count("\n")


def test_what_a_freestanding_program_names_is_missed_at_its_line(copy: Path) -> None:
    text = (copy / "port.toml").read_text()
    (copy / "port.toml").write_text(text + FREESTANDING)
    port = ports.load(str(copy))
    program = port.program("bare")
    assert program is not None and program.freestanding
    rows = list(program.missing(port.folder))
    assert [key for key, _, _ in rows] == ["path", "link-script"]
    (copy / "bare.rs").touch()
    (copy / "bare.ld").touch()
    assert not list(program.missing(port.folder))


def test_a_port_may_be_without_a_ledger_where_its_interface_is_a_c_library(copy: Path) -> None:
    (copy / "abi.toml").unlink()
    change(copy / "port.toml", "page-size = 4096", 'page-size = 4096\ninterface = "c-library"')
    port = ports.load(str(copy))
    assert port.abi is None and port.digest
    assert port.with_panic("unwind").abi is None
    with pytest.raises(BadInput) as caught:
        assert port.ledger
    assert "has no abi.toml yet" in caught.value.faults[0].what
    with pytest.raises(BadInput):
        ports.load(str(copy), "other")
    (copy / "abi.toml").write_text("[abi]\n")
    assert any(row[0] == "abi.toml" for row in faults(copy))
