"""The generated module `abi`: compiled with a trap that records its words, and compared with what the ledger says."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import PortwrightError
from portwright.derive import std_edits
from portwright.derive.generators import std_abi
from portwright.describe import ledger as ledgers
from portwright.describe import port as ports
from portwright.describe import toml_file
from portwright.describe.operation import vocabulary
from portwright.describe.toolchain import Toolchain

VERIDIAN = ports.load("x86_64-unknown-veridian")
Change = Callable[[dict[str, Any]], None]


def changed(change: Change) -> ports.Port:
    """VeridianOS's port with another ledger."""
    path = VERIDIAN.folder / "abi.toml"
    tables = toml_file.read(path)
    change(tables)
    return ports.Port(VERIDIAN.folder, VERIDIAN.manifest, ledgers.from_tables(tables, path))


def call(name: str, **keys: Any) -> Change:
    """A change of one call's table."""

    def change(tables: dict[str, Any]) -> None:
        tables["syscalls"].setdefault(name, {}).update(keys)

    return change


HARNESS = r"""
#![allow(unused, static_mut_refs)]
mod ffi { pub use std::ffi::CStr; }
mod time { pub use std::time::Duration; }
mod hint { pub use std::hint::spin_loop; }
mod io {
    pub use kind::ErrorKind;
    #[derive(Debug, Clone, Copy)]
    pub struct SimpleMessage { pub kind: ErrorKind, pub message: &'static str }
    // std's own has variants that only std can name.
    mod kind { #[derive(Debug, Clone, Copy, PartialEq)] pub enum ErrorKind { KINDS } }
}
mod pal {
    #[path = "@KINDS@"] pub mod kinds;
    #[path = "@ABI@"] pub mod abi;
}
use pal::abi::{self, Failure};
use std::ffi::CStr;
use std::time::Duration;

pub static mut ANSWERS: Vec<isize> = Vec::new();

pub fn record(words: &[usize]) -> isize {
    println!("{}", words.iter().map(|word| format!("{:#x}", word)).collect::<Vec<_>>().join(" "));
    unsafe { ANSWERS.pop().unwrap_or(0) }
}

fn show(result: Result<usize, Failure>) {
    match result {
        Ok(value) => println!("= {value}"),
        Err(Failure::Os(number)) => {
            println!("= error {number} {:?} {:?}", abi::error_kind(number), abi::error_message(number))
        }
        Err(Failure::NotOffered(message)) => println!("= {:?} {}", message.kind, message.message),
        Err(Failure::TooLarge) => println!("= too large"),
    }
}

fn main() {
    let path = c"/a/path";
    unsafe { @BODY@ }
}
"""


@pytest.fixture
def words(
    tmp_path: Path, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> Callable[[ports.Port, str], list[str]]:
    """Runs Rust statements against a port's `abi` and gives the lines: the words of each trap, and outcomes."""

    def recording(ledger: ledgers.Ledger, cpu: object) -> str:
        functions = []
        for count in range(len(ledger.abi.arguments) + 1):
            names = ["number", *(f"a{index}" for index in range(count))]
            parameters = ", ".join(f"{name}: usize" for name in names)
            functions.append(
                f"pub unsafe fn trap{count}({parameters}) -> isize {{ crate::record(&[{', '.join(names)}]) }}\n"
            )
        return "".join(functions)

    def run(port: ports.Port, body: str) -> list[str]:
        monkeypatch.setattr(std_abi, "trap_functions", recording)
        text = std_abi.generate(port)
        (tmp_path / "abi.rs").write_text(text)
        kinds = sorted({word.split("::")[1].strip(",; )") for word in text.split() if "ErrorKind::" in word})
        source = HARNESS.replace("@KINDS@", str(std_edits.LAYER / "kinds.rs"))
        source = source.replace("@ABI@", str(tmp_path / "abi.rs")).replace("@BODY@", body)
        (tmp_path / "main.rs").write_text(source.replace("KINDS", ", ".join(kinds)))
        binary = tmp_path / "main"
        command = [toolchain.rustc, "--edition", "2024", "-o", binary, tmp_path / "main.rs"]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stderr
        ran = subprocess.run([binary], capture_output=True, text=True, check=True)
        return ran.stdout.splitlines()

    return run


@pytest.mark.toolchain
def test_arguments_go_where_the_ledger_says(words: Callable[[ports.Port, str], list[str]]) -> None:
    lines = words(
        VERIDIAN,
        """
        show(abi::map_memory(0, 8192, 3, 0x22, usize::MAX, 0));
        show(abi::map_memory(0, 8192, 3, 2, 5, 0xffff_f000));
        show(abi::map_memory(0, 8192, 3, 2, 5, 0x1_0000_0000));
        show(abi::set_thread_pointer(0x7000));
        show(abi::exit(-1));
        show(abi::seek(3, -2, 1));
        show(abi::fill_random(0x100, 1000, 0));
        show(abi::read(0, 0x100, 1 << 40));
        """,
    )
    number = {name: call.number for name, (_, call) in VERIDIAN.ledger.offers.items()}
    most = VERIDIAN.ledger.memory.buffer_limit
    assert most is not None
    assert lines == [
        f"{number['map_memory']:#x} 0x0 0x2000 0x3 0x22 0xffffffff00000000",
        "= 0",
        f"{number['map_memory']:#x} 0x0 0x2000 0x3 0x2 0x5fffff000",
        "= 0",
        "= too large",
        f"{number['set_thread_pointer']:#x} 0x1002 0x7000",
        "= 0",
        f"{number['exit']:#x} 0xffffffffffffffff",
        "= 0",
        f"{number['seek']:#x} 0x3 0xfffffffffffffffe 0x1",
        "= 0",
        f"{number['fill_random']:#x} 0x100 0x100 0x0",
        "= 0",
        f"{number['read']:#x} 0x0 0x100 {most:#x}",
        "= 0",
    ]


@pytest.mark.toolchain
def test_outcomes(words: Callable[[ports.Port, str], list[str]]) -> None:
    """Errors by number, an address that looks negative, and a busy system, which is asked again."""
    lines = words(
        VERIDIAN,
        """
        for answer in [-4, -38, -4095, -4096, isize::MIN, -77] {
            ANSWERS.push(answer);
            show(abi::close(1));
        }
        ANSWERS.extend([7, -6, -6]);
        show(abi::close(2));
        """,
    )
    shown = [line for line in lines if line.startswith("=")]
    assert shown == [
        '= error 4 NotFound Some("No such file or directory")',
        '= error 38 Unsupported Some("Not implemented")',
        "= error 4095 Uncategorized None",
        f"= {2**64 - 4096}",
        f"= {2**63}",
        "= error 77 Uncategorized None",
        "= 7",
    ]
    assert [line for line in lines if line.endswith(" 0x2")] == ["0x33 0x2"] * 3


@pytest.mark.toolchain
def test_an_error_that_settles_a_call_is_not_taken_for_a_busy_system(
    words: Callable[[ports.Port, str], list[str]],
) -> None:
    """The kernel is busy with the number that also says: the word has changed. Who waits looks at it again himself."""
    assert VERIDIAN.ledger.abi.busy == "EAGAIN"
    change = call("futex_wait", operation="futex_wait", arguments=["word", "value", {"value": 0}])
    lines = words(changed(change), "ANSWERS.extend([7, -6]); show(abi::futex_wait(64, 1, None));")
    assert lines == ["0xc9 0x40 0x1 0x0", '= error 6 WouldBlock Some("Resource temporarily unavailable")']


@pytest.mark.toolchain
def test_parts_of_arguments(words: Callable[[ports.Port, str], list[str]]) -> None:
    """A path's length, a duration in milliseconds (never shorter than asked for), a limit that is a failure."""

    def change(tables: dict[str, Any]) -> None:
        calls = tables["syscalls"]
        calls["unlink"]["arguments"] = ["path", {"argument": "path", "as": "length"}]
        calls["nanosleep"]["arguments"] = [{"argument": "duration", "as": "milliseconds"}]
        calls["mmap"]["limit"] = {"argument": "length", "at-most": 4096}
        calls["mkdir"]["arguments"] = ["path", {"value": "S_IFDIR|S_IFREG"}, {"value": 7}]
        del tables["types"]["timespec"]

    lines = words(
        changed(change),
        """
        show(abi::remove_file(path));
        show(abi::sleep(Duration::from_nanos(1), 0));
        show(abi::sleep(Duration::from_millis(20), 0));
        show(abi::sleep(Duration::MAX, 0));
        show(abi::map_memory(0, 8192, 3, 2, 5, 0));
        show(abi::create_directory(path, 0o777));
        show(abi::clock_read(0, 0));
        println!("{} {} {}", abi::OFFERS_SLEEP, abi::OFFERS_CLOCK_READ, abi::timespec::SIZE);
        """,
    )
    assert lines[0].startswith("0x9d 0x") and lines[0].endswith(f" {len('/a/path'):#x}")
    assert lines[2:8] == ["0xa2 0x1", "= 0", "0xa2 0x14", "= 0", f"0xa2 {2**63 - 1:#x}", "= 0"]
    assert lines[8] == "= too large"
    assert lines[9].split()[2:] == [f"{0o140000:#x}", "0x7"]
    assert lines[11] == "= Unsupported not offered: clock_read (the ledger has no [types.timespec])"
    assert lines[12] == "true false 0"


@pytest.mark.toolchain
def test_negative_numbers_of_the_ledger(words: Callable[[ports.Port, str], list[str]]) -> None:
    """AT_FDCWD is negative everywhere, and where only `openat` opens files it is a fixed argument."""

    def change(tables: dict[str, Any]) -> None:
        calls = tables["syscalls"]
        del calls["open"]["operation"]
        calls["openat"] |= {"operation": "open"}
        calls["openat"]["arguments"] = [{"value": "AT_FDCWD"}, "path", "flags", {"value": -1}]
        tables["constants"]["O_TRUNC"] = -2

    lines = words(changed(change), "show(abi::open(path, 1, 0)); show(abi::O_TRUNC.get());")
    assert lines[0].split()[1] == f"{2**64 - 100:#x}"
    assert lines[0].split()[3:] == ["0x1", f"{2**64 - 1:#x}"]
    assert lines[2] == f"= {2**64 - 2}"


@pytest.mark.toolchain
def test_fields_and_constants(words: Callable[[ports.Port, str], list[str]]) -> None:
    lines = words(
        VERIDIAN,
        """
        let field = |offset, size, signed| abi::Field { offset, size, signed, unit: 1 };
        let mut bytes = [0u8; 12];
        let small = [(1, true, -1), (1, false, 255), (2, true, -300), (3, false, 0x123456)];
        let large = [(4, true, i32::MIN as i64), (8, true, i64::MIN), (8, true, i64::MAX)];
        for (size, signed, value) in small.into_iter().chain(large) {
            let fits = field(2, size, signed).write(&mut bytes, value);
            println!("{fits} {:?} {:?}", field(2, size, signed).read(&bytes) == Some(value), bytes[0]);
        }
        println!("{} {}", field(0, 1, false).write(&mut bytes, 256), field(0, 1, true).write(&mut bytes, 128));
        println!("{:?} {}", field(10, 4, false).read(&bytes), field(12, 1, false).write(&mut bytes, 0));
        field(0, 4, false).write(&mut bytes, 0x01020304);
        println!("{}", u32::from_ne_bytes(bytes[..4].try_into().unwrap()) == 0x01020304);
        println!("{} {} {}", abi::O_EXCL.works(), abi::O_TRUNC.works(), abi::O_EXCL.or_none());
        show(abi::O_DIRECTORY.get());
        let stat = abi::stat::ST_SIZE.unwrap();
        println!("{} {} {}", abi::stat::SIZE, stat.offset, abi::stat::ST_BIRTHTIME.is_none());
        let parts = |duration| abi::Timespec::new(duration).ok().and_then(|time| time.parts());
        println!("{:?} {:?}", parts(Duration::new(5, 6)), parts(Duration::MAX));
        """,
    )
    assert lines[:7] == ["true true 0"] * 7
    assert lines[7:] == [
        "false false",
        "None false",
        "true",
        "false true 128",
        "= Unsupported not offered: O_DIRECTORY",
        "144 48 true",
        f"Some((5, 6)) Some(({2**63 - 1}, 999999999))",
    ]


def test_every_operation_has_a_function() -> None:
    text = std_abi.generate(VERIDIAN)
    for name in vocabulary():
        assert text.count(f"pub unsafe fn {name}(") == 1
        assert text.count(f"pub const OFFERS_{name.upper()}: bool = ") == 1


def test_what_the_document_lacks_is_named() -> None:
    document = ports.load("x86_64-unknown-veridian", "document")
    text = std_abi.generate(document)
    for name in vocabulary():
        offered = name in document.ledger.offers
        assert (f'"not offered: {name}"' in text) != offered
        assert f"OFFERS_{name.upper()}: bool = {str(offered).lower()};" in text


def test_same_ledger_same_text() -> None:
    assert std_abi.generate(VERIDIAN) == std_abi.generate(ports.load("x86_64-unknown-veridian"))


def test_faults_come_together() -> None:
    def change(tables: dict[str, Any]) -> None:
        tables["syscalls"]["read"] = {"symbol": "read", "operation": "read"}
        tables["syscalls"]["mkdir"]["arguments"] = ["path", {"value": "NO_SUCH"}]
        tables["syscalls"]["getcwd"]["arguments"] = ["buffer", "length", *[{"value": 0}] * 9]

    with pytest.raises(PortwrightError) as caught:
        std_abi.generate(changed(change))
    faults = {fault.code: fault for fault in caught.value.faults}
    assert set(faults) == {"std/symbol", "std/constant", "std/arguments"}
    assert all(fault.where is not None and fault.hint for fault in faults.values())
    assert "NO_SUCH" in faults["std/constant"].what


def test_strings_cannot_end_a_rust_literal() -> None:
    def change(tables: dict[str, Any]) -> None:
        tables["errors"]["Odd"] = {"number": 900, "message": 'a "quoted" \\ line\nand ünïcode'}

    text = std_abi.generate(changed(change))
    assert '900 => "a \\"quoted\\" \\\\ line\\u{a}and ünïcode",' in text


def test_how_processes_end_and_what_calls_leave_out() -> None:
    """The ledger's own bits, the names of its signals, and which optional arguments its calls pass."""
    linux = std_abi.generate(ports.load("x86_64-portwright-linux"))
    assert "pub const STATUS_SIGNAL: Option<Bits> = Some(Bits { shift: 0, bits: 7 });" in linux
    assert '(9, "SIGKILL"),' in linux and "SIG_IGN" not in linux.split("pub const SIGNALS")[1].split("];")[0]
    assert "pub const DUPLICATE_CLOSES_ON_EXECUTE: bool = true;" in linux
    assert "pub const PASSES_CREATE_PIPE_FLAGS: bool = true;" in linux
    veridian = std_abi.generate(VERIDIAN)
    assert "pub const STATUS_SIGNAL: Option<Bits> = None;" in veridian
    assert "pub const CHILD_RUNS_WHEN_WAITED_FOR: bool = true;" in veridian
    assert "pub const CREATE_PIPE_O_CLOEXEC: Constant = Constant { value: Some(0x2000)" in veridian
    folder = Path(__file__).resolve().parents[2] / "fixtures" / "spawn-only"
    spawning = std_abi.generate(ports.load(str(folder)))
    assert "pub const PASSES_SPAWN_DIRECTORY: bool = true;" in spawning
    assert "pub const PASSES_CREATE_PIPE_FLAGS: bool = false;" in spawning
    assert "timeout.map_or(usize::MAX, |time| whole_units(time, 1000000))" in veridian
