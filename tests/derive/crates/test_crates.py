"""derive/crates with random_backend and libc_module: they find their places, are Rust, hold the numbers."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from portwright.derive import overlay
from portwright.derive.crates import getrandom, libc
from portwright.derive.edit import NewFile
from portwright.derive.generators import libc_module, random_backend
from portwright.describe import port as ports
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

NAMES = ("x86_64-unknown-veridian", "x86_64-portwright-linux", "aarch64-portwright-linux")
# What surrounds the backend in the crate: the names that it uses.
AROUND = """\
#![allow(dead_code, unused)]
mod util {
    use crate::Error;
    pub fn inner_u32() -> Result<u32, Error> { Ok(0) }
    pub fn inner_u64() -> Result<u64, Error> { Ok(0) }
}
#[derive(Debug)]
pub struct Error(u32);
mod error {
    pub(crate) const UNSUPPORTED: crate::Error = crate::Error::UNSUPPORTED;
    pub(crate) const ERRNO_NOT_POSITIVE: crate::Error = crate::Error::UNEXPECTED;
}
impl Error { pub const UNSUPPORTED: Error = Error(1); pub const UNEXPECTED: Error = Error(2); }
#[path = "backend.rs"] mod backend;
"""
MAIN = """
fn main() {
    let mut bytes = [std::mem::MaybeUninit::new(0u8); 1000];
    backend::fill_inner(&mut bytes).unwrap();
    let zeros = bytes.iter().filter(|byte| unsafe { byte.assume_init() } == 0).count();
    assert!(zeros < 100, "{zeros} of 1000 bytes are 0");
    println!("random");
}
"""
LIBC = """\
#![allow(nonstandard_style, dead_code)]
mod prelude { pub use core::ffi::*; }
#[path = "module.rs"] mod module;
pub use module::*;
"""


def compiled(
    toolchain: Toolchain, folder: Path, source: str, *options: str
) -> subprocess.CompletedProcess[str]:
    """What rustc says of a source for this machine."""
    (folder / "main.rs").write_text(source)
    argv = [toolchain.rustc, "--edition=2021", "-o", folder / "made", *options, folder / "main.rs"]
    return subprocess.run(argv, capture_output=True, text=True)


@pytest.mark.toolchain
def test_the_backend_fills_from_this_kernel(toolchain: Toolchain, tmp_path: Path) -> None:
    """The oracle: Linux's own bytes, through the call that the ledger describes."""
    if not toolchain.host.startswith("x86_64") or "linux" not in toolchain.host:
        pytest.skip("the ledger is of Linux on x86-64")
    backend = random_backend.generate(ports.load("x86_64-portwright-linux"), "0.3")
    (tmp_path / "backend.rs").write_text(backend)
    ran = compiled(toolchain, tmp_path, AROUND + MAIN)
    assert ran.returncode == 0, ran.stderr
    assert subprocess.run([tmp_path / "made"], capture_output=True).stdout == b"random\n"


@pytest.mark.toolchain
@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("x86_64")])
@pytest.mark.parametrize("series", getrandom.SERIES)
def test_the_backend_is_rust(name: str, series: str, toolchain: Toolchain, tmp_path: Path) -> None:
    """For each ledger; a call's limit and the errors after which it is made again are in it."""
    (tmp_path / "backend.rs").write_text(random_backend.generate(ports.load(name), series))
    ran = compiled(toolchain, tmp_path, AROUND, "--crate-type=lib", "-Dwarnings")
    assert ran.returncode == 0, ran.stderr


def test_limits_and_repetitions_are_the_ledgers() -> None:
    """VeridianOS fills 256 bytes in a call, and may be busy."""
    text = random_backend.generate(ports.load(NAMES[0]), "0.3")
    ledger = ports.load(NAMES[0]).ledger
    assert ".min(256)" in text
    assert f"-{ledger.error_number('EINTR')} => continue" in text
    assert f"-{ledger.error_number('EAGAIN')} => continue" in text


def test_a_ledger_without_random_bytes_says_so() -> None:
    """The crate compiles, and its callers are told at run time."""
    port = ports.load(NAMES[0])
    calls = {name: call for name, call in port.ledger.syscalls.items() if call.operation != "fill_random"}
    poor: Port = replace(port, abi=port.ledger.model_copy(update={"syscalls": calls}))
    assert "Err(Error::UNSUPPORTED)" in random_backend.generate(poor, "0.2")


@pytest.mark.toolchain
@pytest.mark.parametrize("name", NAMES)
def test_the_module_for_libc_is_rust_and_has_every_number(
    name: str, toolchain: Toolchain, tmp_path: Path
) -> None:
    """Each constant, error and struct of the ledger, with its value and size."""
    port = ports.load(name)
    (tmp_path / "module.rs").write_text(libc_module.generate(port))
    ledger = port.ledger
    numbers = {**ledger.constants, **{key: ledger.error_number(key) for key in ledger.errors}}
    sizes = {key: row.size for key, row in ledger.types.items()}
    checks = [f"const _: () = assert!({key} as i128 == {value});" for key, value in numbers.items()]
    checks += [
        f"const _: () = assert!(core::mem::size_of::<{key}>() == {size});" for key, size in sizes.items()
    ]
    ran = compiled(toolchain, tmp_path, LIBC + "\n".join(checks), "--crate-type=lib")
    assert ran.returncode == 0, ran.stderr[:3000]
    assert len(checks) > 100


@pytest.mark.parametrize("series", getrandom.SERIES)
def test_getrandoms_arm_goes_first(series: str) -> None:
    """However many other blocks its next version has."""
    text = "cfg_if! {\n    if #[cfg(a)] {\n        mod a;\n    }\n}\ncfg_if! { if #[cfg(b)] {} }\n"
    if series == "0.1.16":  # whose first block is about logging
        text = 'cfg_if! {\n    if #[cfg(feature = "log")] {\n    }\n}\n' + text
    arm, new = getrandom.edits(ports.load(NAMES[0]), series)
    changed = overlay.apply(arm.path, text, [arm])
    assert changed.index('target_os = "veridian"') < changed.index("else\n    if #[cfg(a)]")
    assert isinstance(new, NewFile) and ("fill_inner" in new.text) == (series not in ("0.1.16", "0.2"))


def test_libcs_arm_goes_into_the_second_block() -> None:
    """The first only chooses `core`."""
    first = "cfg_if! {\n    if #[cfg(dep)] {\n        extern crate x;\n    }\n}\n"
    text = first + "cfg_if! {\n    if #[cfg(windows)] {\n        mod w;\n    }\n}\n"
    arm, _ = libc.edits(ports.load(NAMES[0]), libc.SERIES[0])
    changed = overlay.apply("src/lib.rs", text, [arm])
    assert (
        changed.index("extern crate x")
        < changed.index('target_os = "veridian"')
        < changed.index("cfg(windows)")
    )
