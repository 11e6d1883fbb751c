"""The Rust crate `<os>-sys`: numbers, constants, errors, struct layouts and raw calls of a ledger, without std."""

from __future__ import annotations

from collections.abc import Iterator

from portwright.derive.calls_rust import constant_name, functions, number_name
from portwright.derive.trap_rust import trap_functions
from portwright.derive.types_rust import one_line, string, struct
from portwright.describe import errno
from portwright.describe.cpu import cpu
from portwright.describe.ledger import ErrorNumber, Ledger
from portwright.describe.port import Port

MARK = "# Made by portwright"
"""How the manifest of a crate that may be overwritten begins."""

_LIB = """\
//! The system calls of {os} ({target}), as the kernel takes them.
//!
//! {summary}.
//!
//! Made by portwright from the port's ledger: change the ledger, not this crate. Each function of [`calls`] is one
//! system call; what it means is the kernel's to say. Nothing here allocates, retries or keeps state.

#![no_std]
{attributes}#![deny(missing_docs)]

pub mod calls;
pub mod constants;
pub mod errors;
pub mod number;
pub mod trap;
pub mod types;

pub use errors::Errno;
"""

_ERRORS = """\
//! Error numbers, and what a call answers as a [`Result`].

/// An error number of {os}.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub i32);

impl Errno {{
{constants}
    /// The error's name in the ledger, or None for a number that it does not have.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {{
        match self.0 {{
{names}            _ => None,
        }}
    }}

    /// What the error says, or None for a number that the ledger does not have.
    #[must_use]
    pub const fn message(self) -> Option<&'static str> {{
        match self.0 {{
{messages}            _ => None,
        }}
    }}
}}

impl core::fmt::Debug for Errno {{
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {{
        match self.name() {{
            Some(name) => formatter.write_str(name),
            None => write!(formatter, "Errno({{}})", self.0),
        }}
    }}
}}

impl core::fmt::Display for Errno {{
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {{
        match self.message() {{
            Some(message) => formatter.write_str(message),
            None => write!(formatter, "error {{}}", self.0),
        }}
    }}
}}

impl core::error::Error for Errno {{}}

/// What a trap answered: small negative numbers are errors.
#[inline]
pub(crate) const fn check(result: isize) -> Result<usize, Errno> {{
    if result < 0 && result >= -4095 {{
        Err(Errno(-result as i32))
    }} else {{
        Ok(result as usize)
    }}
}}
"""


def generate(port: Port) -> dict[str, str]:
    """The crate's files: path below the crate's folder -> text."""
    ledger = port.ledger
    experimental = cpu(ledger.abi.cpu).rust_asm.experimental
    facts = {
        "os": port.os,
        "target": port.target,
        "summary": one_line(port.manifest.port.summary).rstrip("."),
        "attributes": "#![feature(asm_experimental_arch)]\n" if experimental else "",
    }
    return {
        "Cargo.toml": _manifest(port),
        "src/lib.rs": _LIB.format(**facts),
        "src/calls.rs": _calls(ledger),
        "src/constants.rs": _constants(ledger),
        "src/errors.rs": _errors(port.os, ledger),
        "src/number.rs": _numbers(ledger),
        "src/trap.rs": "//! The trap into the kernel, one function for each count of arguments.\n\n"
        + trap_functions(ledger, cpu(ledger.abi.cpu)),
        "src/types.rs": _types(ledger),
    }


def _manifest(port: Port) -> str:
    return (
        f"{MARK} from the port's ledger.\n"
        f'[package]\nname = "{port.os}-sys"\nversion = "0.1.0"\nedition = "2024"\n'
        f'description = "The system calls of {port.os}, as the kernel takes them"\npublish = false\n'
    )


def _calls(ledger: Ledger) -> str:
    body = functions(ledger)
    used = [name for name in ("constants", "number", "trap", "types") if f"{name}::" in body]
    imports = ["use crate::errors::{Errno, check};\n"] if body else []
    imports += [f"use crate::{{{', '.join(used)}}};\n"] if used else []
    imports += ["use core::ffi::c_char;\n"] if "c_char" in body else []
    return (
        "//! The system calls, each as one function that traps once.\n"
        "//!\n"
        "//! A call whose arguments the ledger does not say has only its number, in [`crate::number`].\n\n"
        + "".join(imports)
        + "\n"
        + body
    )


def _numbers(ledger: Ledger) -> str:
    rows = ["//! The numbers of the system calls.", ""]
    for name, call in ledger.syscalls.items():
        if call.number is None:
            continue
        rows.append(f"/// `{name}`.")
        rows.append(f"pub const {number_name(name)}: usize = {call.number};")
        for alias in call.aliases:
            rows.append(f"/// `{name}` again.")
            rows.append(f"pub const {number_name(name)}_{alias}: usize = {alias};")
    return "\n".join(rows) + "\n"


def _constants(ledger: Ledger) -> str:
    rows = ["//! Constants that calls take and give.", ""]
    for name, value in ledger.constants.items():
        rows += [f"/// `{name}`.", _constant(name, value)]
    for name, call in ledger.syscalls.items():
        for constant, value in call.constants.items():
            rows += [
                f"/// `{constant}` in a call of `{name}`, and only there.",
                _constant(f"{name}_{constant}", value),
            ]
    return "\n".join(rows) + "\n"


def _constant(name: str, value: int) -> str:
    shown = f"{value:#x}" if value > 9 else str(value)
    return f"pub const {constant_name(name)}: {'isize' if value < 0 else 'usize'} = {shown};"


def _errors(os: str, ledger: Ledger) -> str:
    rows = list(_error_rows(ledger))
    constants = "".join(
        f"    /// {one_line(message or name)}.\n    pub const {constant_name(name)}: Self = Self({number});\n"
        for name, number, message in rows
    )
    first = {number: (name, message) for name, number, message in reversed(rows)}
    ordered = sorted(first.items())
    names = "".join(f'            {number} => Some("{name}"),\n' for number, (name, _) in ordered)
    messages = "".join(
        f"            {number} => Some({string(message)}),\n" for number, (_, message) in ordered if message
    )
    return _ERRORS.format(os=os, constants=constants, names=names, messages=messages)


def _error_rows(ledger: Ledger) -> Iterator[tuple[str, int, str | None]]:
    for name, error in ledger.errors.items():
        if isinstance(error, ErrorNumber):
            yield name, error.number, error.message
        else:
            yield name, error, errno.MESSAGES.get(name)


def _types(ledger: Ledger) -> str:
    head = "//! Structs that calls read and write.\n\n"
    return head + "\n".join(struct(name, layout) for name, layout in ledger.types.items())
