"""The sys crate: the text for a small OS, what rustc says of it, and Linux's own crate at work on this kernel.

`PORTWRIGHT_RECORD=1` writes the golden files anew.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from portwright.base import rooms
from portwright.derive.generators import sys_crate
from portwright.describe import ledger as ledgers
from portwright.describe import port as ports
from portwright.describe.ledger import ErrorNumber
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

HERE = Path(__file__).parent
SMALL = HERE / "small-os"
GOLDEN = HERE / "golden" / "small-sys"

# Linux's own calls, as many as the program below makes.
LINUX = """
[abi]
cpu = "x86-64"
trap = "syscall"
number = "rax"
arguments = ["rdi", "rsi", "rdx", "r10", "r8", "r9"]
result = "rax"
error = "negative-errno"
clobbers = ["rcx", "r11"]

[entry]
stack = ["argc"]

[memory]
page-size = 4096
stack-top = 0x8000_0000
stack-size = 0x1_0000
map-base = 0x4000_0000

[errors]
ENOENT = 2
EBADF = 9

[constants]
MAP_PRIVATE = 2
MAP_ANONYMOUS = 0x20
PROT_READ = 1
PROT_WRITE = 2

[types.timespec]
size = 16
fields.tv_sec = { offset = 0, size = 8, signed = true }
fields.tv_nsec = { offset = 8, size = 8, signed = true }

[types.utsname]
size = 390
fields.sysname = { offset = 0, size = 65 }
fields.machine = { offset = 260, size = 65 }

[syscalls]
write = { number = 1, operation = "write", arguments = ["fd", "buffer", "length"] }
open = { number = 2, operation = "open", arguments = ["path", { value = 0 }, "mode"] }
close = { number = 3, operation = "close" }
mmap = { number = 9, operation = "map_memory" }
getpid = { number = 39, operation = "process_id", arguments = [] }
uname = { number = 63, arguments = ["buffer"] }
clock = { number = 228, operation = "clock_read" }
exit_group = { number = 231, operation = "exit" }
"""
MAIN = r"""
use linux_sys::{calls, types, Errno};
fn main() {
    unsafe {
        assert_eq!(calls::getpid(), Ok(std::process::id() as isize));
        assert_eq!(calls::open(c"/no/such/file".as_ptr(), 0), Err(Errno::ENOENT));
        assert_eq!(format!("{} {:?}", Errno::ENOENT, Errno::EBADF), "No such file or directory EBADF");
        assert_eq!(format!("{} {:?}", Errno(77), Errno(77)), "error 77 Errno(77)");
        assert_eq!(calls::close(12345), Err(Errno::EBADF));
        let mut names = types::Utsname::zeroed();
        assert_eq!(calls::uname(&raw mut names as usize), Ok(0));
        assert!(names.sysname.starts_with(b"Linux\0"));
        let mut time = types::Timespec::zeroed();
        assert_eq!(calls::clock(1, &raw mut time), Ok(()));
        assert!(time.tv_sec >= 0 && (0..1_000_000_000).contains(&time.tv_nsec));
        let page = calls::mmap(0, 4096, 3, 0x22, -1, 0).unwrap() as *mut u8;
        page.write(b'x');
        let text = b"made by the generator\n";
        assert_eq!(calls::write(1, text.as_ptr(), text.len()), Ok(text.len()));
        calls::exit_group(7)
    }
}
"""

# A program without std for VeridianOS: what it prints tells that each call did what its function says.
FREESTANDING = r"""
#![no_std]
#![no_main]
use veridian_sys::{calls, constants, types, Errno};
core::arch::global_asm!(".globl _start", "_start:", "and rsp, -16", "call entered");
#[unsafe(no_mangle)]
extern "C" fn entered() -> ! {
    unsafe {
        say(b"started\n");
        let flags = constants::MAP_PRIVATE | constants::MAP_ANONYMOUS;
        let page = calls::mmap(0, 4096, constants::PROT_READ | constants::PROT_WRITE, flags, -1, 0);
        if let Ok(address) = page {
            (address as *mut u8).write(7);
            say(b"mapped\n");
        }
        if calls::mmap(0, 4096, 1, flags, -1, 1 << 40) == Err(Errno::EINVAL) {
            say(b"refused\n");
        }
        let file = calls::open(c"/tmp/new".as_ptr(), constants::O_CREAT | constants::O_RDWR, 0o644);
        if let Ok(fd) = file {
            let mut status = types::Stat::zeroed();
            let written = calls::write(fd, b"12345".as_ptr(), 5);
            if calls::fstat(fd, &mut status) == Ok(()) && written == Ok(status.st_size as usize) {
                say(b"sized\n");
            }
        }
        if calls::rmdir(c"/no/such".as_ptr()) == Err(Errno::ENOENT) {
            say(b"missing\n");
        }
        calls::exit(5)
    }
}
fn say(mut text: &[u8]) {
    while let Ok(count @ 1..) = unsafe { calls::write(1, text.as_ptr(), text.len()) } {
        text = &text[count..];
    }
}
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    unsafe { calls::exit(101) }
}
"""


def rustc(toolchain: Toolchain, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """One run of rustc."""
    argv = [str(toolchain.rustc), "--edition", "2024", *map(str, words)]
    variables = {**os.environ, **toolchain.variables()}
    return subprocess.run(argv, env=variables, capture_output=True, text=True)


def write(port: Port, folder: Path) -> Path:
    """The crate of a port, in files; answers its root module."""
    for path, text in sys_crate.generate(port).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder / "src" / "lib.rs"


def linux(folder: Path) -> Port:
    """A port whose ledger is Linux's."""
    path = folder / "abi.toml"
    path.write_text(LINUX)
    port = ports.load(str(SMALL))
    target = port.manifest.target | {"os": "linux"}
    return replace(port, manifest=port.manifest.model_copy(update={"target": target}), abi=ledgers.load(path))


def test_the_text_for_a_small_os_is_as_recorded() -> None:
    """Each file, byte for byte, and no other; twice the same."""
    port = ports.load(str(SMALL))
    made = sys_crate.generate(port)
    assert sys_crate.generate(ports.load(str(SMALL))) == made
    if os.environ.get("PORTWRIGHT_RECORD"):
        for path, text in made.items():
            (GOLDEN / path).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / path).write_text(text)
    recorded = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*.*") if path.is_file()}
    assert recorded == set(made)
    for path, text in made.items():
        assert (GOLDEN / path).read_text() == text, f"{path}: PORTWRIGHT_RECORD=1 records it anew"


@pytest.mark.toolchain
@pytest.mark.parametrize(
    ("name", "variant"),
    [("x86_64-unknown-veridian", None), ("x86_64-unknown-veridian", "document"), (str(SMALL), None)],
)
def test_it_compiles_without_a_warning(
    toolchain: Toolchain, tmp_path: Path, name: str, variant: str | None
) -> None:
    """No warning, every public item documented, every size and offset asserted by the compiler."""
    root = write(ports.load(name, variant), tmp_path)
    built = rustc(toolchain, "--crate-type", "lib", "-D", "warnings", "--out-dir", tmp_path, root)
    assert built.returncode == 0, built.stderr


@pytest.mark.toolchain
def test_texts_of_more_lines_stay_texts(toolchain: Toolchain, tmp_path: Path) -> None:
    """Notes, messages and the summary end neither their comment nor their literal."""
    evil = 'first\r\nfn second() { "third" \\'
    port = ports.load("x86_64-unknown-veridian")
    ledger = port.ledger
    update = {
        "syscalls": ledger.syscalls | {"read": ledger.syscalls["read"].model_copy(update={"note": evil})},
        "types": ledger.types
        | {"stat": ledger.types["stat"].model_copy(update={"note": evil, "source": evil})},
        "errors": ledger.errors | {"Odd": ErrorNumber(number=4000, message=evil)},
    }
    ledger = ledger.model_copy(update=update)
    about = port.manifest.port.model_copy(update={"summary": evil})
    manifest = port.manifest.model_copy(update={"port": about})
    root = write(replace(port, abi=ledger, manifest=manifest), tmp_path)
    built = rustc(toolchain, "--crate-type", "lib", "-D", "warnings", "--out-dir", tmp_path, root)
    assert built.returncode == 0, built.stderr


@pytest.mark.toolchain
def test_a_wrong_offset_does_not_compile(toolchain: Toolchain, tmp_path: Path) -> None:
    """The assertions are real: a layout that is not the ledger's stops the compiler."""
    root = write(ports.load(str(SMALL)), tmp_path)
    types = tmp_path / "src" / "types.rs"
    text = types.read_text()
    assert text.count("== 32);") == 1
    types.write_text(text.replace("== 32);", "== 33);"))
    built = rustc(toolchain, "--crate-type", "lib", "--out-dir", tmp_path, root)
    assert built.returncode != 0 and "offset_of!(OddRecord, last) == 33" in built.stderr


@pytest.mark.toolchain
@pytest.mark.parametrize("engine", rooms.names("portwright.run.engines"))
def test_veridian_s_crate_works_in_the_userland_machine(
    toolchain: Toolchain,
    portwright: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    engine: str,
) -> None:
    """A static program without std, built from the crate alone: packed arguments, structs, errors."""
    if shutil.which("cc") is None:
        pytest.skip("cc: no linker driver on this machine")
    port = "x86_64-unknown-veridian"
    root = write(ports.load(port), tmp_path)
    plain = ["-O", "-C", "panic=abort", "-C", "relocation-model=static"]
    library = ["--crate-type", "lib", "--crate-name", "veridian_sys", "--out-dir", tmp_path]
    built = rustc(toolchain, *plain, *library, root)
    assert built.returncode == 0, built.stderr
    main = tmp_path / "main.rs"
    main.write_text(FREESTANDING)
    link = ["-C", "link-args=-nostartfiles -nostdlib -static -no-pie", "-L", tmp_path]
    extern = ["--extern", f"veridian_sys={tmp_path / 'libveridian_sys.rlib'}", "-o", tmp_path / "main"]
    built = rustc(toolchain, *plain, *link, *extern, main)
    assert built.returncode == 0, built.stderr
    # Each call is made once, so the system must not be busy: how a crate's user tries again is not tested here.
    ran = portwright("run", port, "--kind", "--engine", engine, tmp_path / "main")
    assert ran.stdout.split() == ["started", "mapped", "refused", "sized", "missing"], ran.stderr
    assert ran.returncode == 5, ran.stderr


@pytest.mark.toolchain
@pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="makes calls of Linux on x86-64"
)
def test_linux_s_crate_works_on_linux(toolchain: Toolchain, tmp_path: Path) -> None:
    """Calls, structs and errors against the kernel of this machine."""
    root = write(linux(tmp_path), tmp_path)
    library = ["--crate-type", "lib", "--crate-name", "linux_sys", "--out-dir", tmp_path]
    built = rustc(toolchain, *library, "-D", "warnings", "-O", root)
    assert built.returncode == 0, built.stderr
    main = tmp_path / "main.rs"
    main.write_text(MAIN)
    program = [
        "-o",
        tmp_path / "main",
        "-L",
        tmp_path,
        "--extern",
        f"linux_sys={tmp_path / 'liblinux_sys.rlib'}",
    ]
    built = rustc(toolchain, "-O", *program, main)
    assert built.returncode == 0, built.stderr
    ran = subprocess.run([tmp_path / "main"], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (7, "made by the generator\n"), ran.stderr


def test_a_call_that_returns_twice_is_no_function() -> None:
    """The second time it would come back to a function's frame on a stack that does not have it."""
    text = sys_crate.generate(ports.load("x86_64-portwright-linux"))["src/calls.rs"]
    assert "pub unsafe fn clone(" not in text and "No function for `clone` (SYS_CLONE)" in text
    assert "pub unsafe fn exit(" in text
