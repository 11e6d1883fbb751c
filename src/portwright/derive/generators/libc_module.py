"""A module for the crate `libc`: the ledger's constants, error numbers and structs under their C names."""

from __future__ import annotations

from collections.abc import Iterator

from portwright.derive.types_rust import KEYWORDS, struct
from portwright.describe.ledger import ErrorNumber, Ledger
from portwright.describe.port import Port

_HEAD = """\
//! {os}: types, constants and structs. Made by portwright from the port's ledger. There are no functions: the
//! system's interface is its system calls.
use crate::prelude::*;

pub type intmax_t = i64;
pub type uintmax_t = u64;
pub type intptr_t = isize;
pub type uintptr_t = usize;
pub type size_t = usize;
pub type ssize_t = isize;
pub type ptrdiff_t = isize;
pub type off_t = i64;
pub type mode_t = u32;
pub type pid_t = i32;
pub type uid_t = u32;
pub type gid_t = u32;
pub type clockid_t = c_int;
pub type socklen_t = u32;
pub type time_t = {time};
"""
_INT = range(-(1 << 31), 1 << 31)


def generate(port: Port) -> str:
    """The module's text."""
    ledger = port.ledger
    seconds = ledger.types["timespec"].fields.get("tv_sec") if "timespec" in ledger.types else None
    time = f"i{seconds.size * 8}" if seconds else "i64"
    structs = (struct(name, layout, _name(name)) for name, layout in ledger.types.items())
    return _HEAD.format(os=port.os, time=time) + "\n" + "\n".join([*_constants(ledger), "", *structs])


def _constants(ledger: Ledger) -> Iterator[str]:
    rows = dict(ledger.constants)
    for name, error in ledger.errors.items():
        rows[name] = error.number if isinstance(error, ErrorNumber) else error
    for name, value in rows.items():
        kind = "c_int" if value in _INT else "i64" if value < 1 << 63 else "u64"
        yield f"pub const {_name(name)}: {kind} = {value};"


def _name(name: str) -> str:
    plain = name.replace("-", "_")
    return f"{plain}_" if plain in KEYWORDS else plain
