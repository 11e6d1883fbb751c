"""The ledger against kernel source: the trees here are small kernels that agree, drift, and hide their tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from portwright.base.errors import BadInput
from portwright.describe import ledger as ledgers
from portwright.describe import ledger_source, toml_file
from portwright.describe import port as ports
from portwright.describe.ledger_source import Found, Row, normal

LEDGER = """
[abi]
cpu = "x86-64"
trap = "syscall"
number = "rax"
arguments = ["rdi"]
result = "rax"
error = "negative-errno"
clobbers = ["rcx", "r11"]
{default}

[entry]
stack = ["argc"]

[memory]
page-size = 4096
stack-top = 0x8000_0000
stack-size = 0x1_0000
map-base = 0x4000_0000

{sources}

[errors]
ENOENT = {{ number = 2, kernel-name = "NotThere" }}
EPERM = 1

[constants]
O_CREAT = 0x40

[syscalls]
open = {{ number = 50, kernel-name = "FileOpen" }}
read = {{ number = 51 }}
get_pid = {{ number = 52, aliases = [70], kernel-name = "ProcessGetPid", kernel-aliases = ["Getpid"] }}
exit = {{ number = 11 }}
"""
DEFAULT = 'default-source = "kernel/numbers.rs"'
KERNEL = """\
pub enum State { Open, Read }
pub enum Call {
    FileOpen = 50,
    Read = 51,
    ProcessGetPid = 52,
    Exit = 11,
    Getpid = 70,
}
pub enum Problem { NotThere = -2, Eperm = -1 }
"""
HEADER = """\
#define SYS_OPEN 50
#define SYS_READ 51
#define SYS_GET_PID 52
#define SYS_EXIT 11
#define OTHER 9
#define ENOENT 2
#define EPERM 1
#define O_CREAT 0100
"""


class Tree:
    """A kernel's source tree and a ledger beside it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "tree"
        self.root.mkdir()
        self.path = folder / "abi.toml"

    def write(self, name: str, text: str) -> Path:
        """A file of the tree."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def compare(
        self, *, default: str = DEFAULT, sources: str = "", extra: str = "", at: Path | None = None
    ) -> tuple[list[Found], list[Row]]:
        """What is found, and the rows."""
        self.path.write_text(LEDGER.format(default=default, sources=sources) + extra)
        places = toml_file.Places(self.path)
        return ledger_source.compare(ledgers.load(self.path), places, at or self.root)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """An empty tree."""
    return Tree(tmp_path)


def outcomes(rows: list[Row]) -> dict[str, str]:
    """Name (with the number, for aliases) -> outcome."""
    return {f"{row.name}={row.ledger if row.ledger is not None else row.source}": row.outcome for row in rows}


def test_agreement(tree: Tree) -> None:
    """Each number under its name, its name in the kernel, or its alias's name there."""
    tree.write("kernel/numbers.rs", KERNEL)
    found, rows = tree.compare()
    assert [(each.form, each.table, each.line, each.by) for each in found] == [
        ("rust-enum", "Call", 2, "ledger")
    ]
    assert set(outcomes(rows).values()) == {"matches"} and len(rows) == 5


def test_drift_shows_both_values_and_both_places(tree: Tree) -> None:
    """A number that changed, one that went, one that came, one that got another name."""
    text = KERNEL.replace("Read = 51", "Read = 55").replace("    Exit = 11,\n", "    Halt = 11,\n")
    path = tree.write("kernel/numbers.rs", text.replace("Getpid = 70", "Getpid = 70,\n    Futex = 99"))
    _, rows = tree.compare()
    assert outcomes(rows) == {
        "open=50": "matches",
        "read=51": "differs",
        "get_pid=52": "matches",
        "get_pid=70": "matches",
        "exit=11": "not-in-source",
        "Halt=11": "not-in-ledger",
        "Futex=99": "not-in-ledger",
    }
    (differs,) = [row for row in rows if row.outcome == "differs"]
    assert (differs.ledger, differs.source, differs.source_name) == (51, 55, "Read")
    assert differs.ledger_at is not None and differs.source_at is not None
    assert tree.path.read_text().split("\n")[(differs.ledger_at.line or 0) - 1].startswith("read = ")
    assert (differs.source_at.file, differs.source_at.line) == (path, 4)
    (gone,) = [row for row in rows if row.outcome == "not-in-source"]
    assert 'kernel-name = "Halt"' in (gone.hint or "")


def test_named_tables_of_each_kind(tree: Tree) -> None:
    """Calls from an enum, errors from another in the same file (negative there), constants from a header."""
    tree.write("kernel/numbers.rs", KERNEL)
    tree.write("include/api.h", HEADER)
    sources = """[sources]
syscalls = { file = "kernel/numbers.rs", name = "Call" }
errors = { file = "kernel/numbers.rs", form = "rust-enum", name = "Problem" }
constants = { file = "include/api.h", form = "c-defines", name = "O_" }
"""
    found, rows = tree.compare(sources=sources)
    assert [(each.kind, each.table) for each in found] == [
        ("syscalls", "Call"),
        ("errors", "Problem"),
        ("constants", "O_"),
    ]
    assert {row.outcome for row in rows} == {"matches"}
    assert {row.name for row in rows} == {"open", "read", "get_pid", "exit", "ENOENT", "EPERM", "O_CREAT"}


def test_the_table_is_searched_for_where_nothing_leads_to_it(tree: Tree) -> None:
    """Moved elsewhere, beside an enum with a few of the names: the one with most of the ledger is taken."""
    tree.write("kernel/src/syscall/table.rs", KERNEL)
    tree.write("kernel/src/net/nfs.rs", "pub enum Op { Open = 18, Read = 25 }")
    tree.write("target/debug/build/copy.rs", KERNEL)
    tree.write("README.md", KERNEL)
    for default in (DEFAULT, ""):
        (found,), rows = tree.compare(default=default)
        assert found.file == tree.root / "kernel/src/syscall/table.rs" and found.by == "search"
        assert {row.outcome for row in rows} == {"matches"}


def test_one_header_instead_of_a_tree(tree: Tree) -> None:
    """A single file is what is compared, whatever the ledger says of files; other macros there are no calls."""
    header = tree.write("syscall.h", HEADER)
    sources = '[sources]\nsyscalls = { file = "kernel/numbers.rs", form = "rust-enum", name = "Call" }'
    (found,), rows = tree.compare(sources=sources, at=header)
    assert (found.form, found.file, found.by) == ("c-defines", header, "search")
    assert outcomes(rows) == {
        "open=50": "matches",
        "read=51": "matches",
        "get_pid=52": "matches",
        "exit=11": "matches",
        "get_pid=70": "not-in-source",
    }


def test_parts_of_one_call_are_one_number(tree: Tree) -> None:
    """Operations that share a number, told apart by a fixed argument, are compared once."""
    tree.write("kernel/numbers.rs", KERNEL.replace("Getpid = 70", "Getpid = 70, Prctl = 80"))
    _, rows = tree.compare(
        extra='get_name = { number = 80, kernel-name = "Prctl", arguments = [{ value = 1 }] }\n'
        'set_name = { number = 80, kernel-name = "Prctl", arguments = [{ value = 2 }] }\n'
    )
    assert {row.outcome for row in rows} == {"matches"} and len(rows) == 6


def test_what_cannot_be_worked_out_is_neither_right_nor_wrong(tree: Tree) -> None:
    """An expression beyond the extractor is shown as it stands."""
    tree.write("kernel/numbers.rs", KERNEL.replace("Read = 51", "Read = offset_of()"))
    _, rows = tree.compare()
    (row,) = [row for row in rows if row.outcome == "unreadable"]
    assert row.name == "read" and "offset_of()" in (row.hint or "")


def test_a_tree_without_a_table_says_what_was_looked_for(tree: Tree, tmp_path: Path) -> None:
    """Exit by an error that names the key to write, not by a comparison with nothing."""
    tree.write("a.rs", "pub enum Color { Red, Green }")
    with pytest.raises(BadInput) as caught:
        tree.compare()
    (fault,) = caught.value.faults
    assert "no table of syscalls" in fault.what and "[sources]" in (fault.hint or "")
    with pytest.raises(BadInput, match="no such file or folder"):
        tree.compare(at=tmp_path / "nowhere")


@pytest.mark.parametrize(
    "names",
    [
        ("FileOpen", "SYS_FILE_OPEN", "__NR_file_open", "file_open", "SysFileOpen", "sys_file_open"),
        ("Getdents64", "SYS_getdents64", "getdents64", "NR_GETDENTS64"),
        ("System", "system"),
        ("SYS_", "sys_"),
    ],
)
def test_names_that_are_one(names: tuple[str, ...]) -> None:
    """Style and namespace do not make a name."""
    assert len({normal(name) for name in names}) == 1 and normal(names[0])


def test_the_real_kernel_if_it_is_here() -> None:
    """VeridianOS's own source beside the repository, or where VERIDIAN_SOURCE says: every number agrees."""
    import os

    folder = Path(os.environ.get("VERIDIAN_SOURCE") or Path(__file__).resolve().parents[3] / "VeridianOS")
    if not (folder / "kernel").is_dir():
        pytest.skip(f"VeridianOS: no source tree at {folder} (VERIDIAN_SOURCE names another place)")
    port = ports.load("x86_64-unknown-veridian")
    found, rows = ledger_source.compare(port.ledger, port.ledger_places, folder)
    assert [each.by for each in found] == ["ledger", "ledger"]
    assert [row for row in rows if row.outcome != "matches"] == []
    assert len(rows) == 238
    document = ports.load("x86_64-unknown-veridian", "document")
    _, rows = ledger_source.compare(document.ledger, document.ledger_places, folder)
    assert {row.outcome for row in rows if row.ledger is not None} == {"differs"}
