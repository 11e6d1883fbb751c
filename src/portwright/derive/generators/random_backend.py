"""A backend of the crate `getrandom`: the ledger's call for random bytes, made by the ledger's own trap."""

from __future__ import annotations

from dataclasses import dataclass

from portwright.derive.trap_rust import trap_functions
from portwright.describe.cpu import cpu
from portwright.describe.ledger import Call, Fixed, Ledger
from portwright.describe.port import Port

_HEAD = """\
//! Random bytes of {os}, by its own call. Made by portwright from the port's ledger.
#![allow(dead_code)]
use crate::Error;
{uses}"""
_FILL = """
/// Fills all of it, in as many calls as it takes; an interrupted call is made again.
pub fn {name}(mut dest: &mut [{byte}]) -> Result<(), Error> {{
    while !dest.is_empty() {{
        let length = dest.len(){limit};
        // SAFETY: the kernel writes at most `length` bytes, into memory that is ours.
        let filled = unsafe {{ {trap} }};
        match filled {{
            {again}count if count > 0 && count as usize <= length => dest = &mut dest[count as usize..],
            _ => return Err({failed}),
        }}
    }}
    Ok(())
}}
"""
_NONE = """
/// The ledger offers no call for random bytes.
pub fn {name}(_: &mut [{byte}]) -> Result<(), Error> {{
    Err({unsupported})
}}
"""


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a series of the crate calls and how it names things."""

    name: str = "fill_inner"
    byte: str = "MaybeUninit<u8>"
    uses: str = "use core::mem::MaybeUninit;\n\npub use crate::util::{inner_u32, inner_u64};\n"
    unsupported: str = "Error::UNSUPPORTED"
    failed: str = "Error::UNEXPECTED"


_OLDEST = ("crate::error::UNSUPPORTED", "crate::error::ERRNO_NOT_POSITIVE")
_SHAPES = {
    "0.1.16": _Shape("getrandom_inner", "u8", "", *_OLDEST),
    "0.2": _Shape("getrandom_inner", uses="use core::mem::MaybeUninit;\n"),
}


def generate(port: Port, series: str) -> str:
    """The module's text for a series of the crate, as "0.2"; those from 0.3 on want single words from it too."""
    ledger = port.ledger
    shape = _SHAPES.get(series, _Shape())
    head = _HEAD.format(os=port.os, uses=shape.uses)
    _, call = ledger.offers.get("fill_random", ("", None))
    if call is None or call.number is None:
        return head + _NONE.format(name=shape.name, byte=shape.byte, unsupported=shape.unsupported)
    traps = trap_functions(ledger, cpu(ledger.abi.cpu))
    values = [_value(ledger, call, each) for each in call.arguments or ("buffer", "length", "flags")]
    again = [error for error in ("EINTR", ledger.abi.busy) if error]
    numbers = [ledger.error_number(error) for error in again]
    arms = "".join(f"-{number} => continue,\n            " for number in dict.fromkeys(numbers) if number)
    limit = f".min({call.limit.at_most})" if call.limit and call.limit.argument == "length" else ""
    return (
        head
        + _FILL.format(
            name=shape.name,
            byte=shape.byte,
            limit=limit,
            trap=f"trap{len(values)}({', '.join([str(call.number), *values])})",
            again=arms,
            failed=shape.failed,
        )
        + "\n"
        + traps.replace("pub unsafe fn", "unsafe fn")
    )


def _value(ledger: Ledger, call: Call, passed: object) -> str:
    match passed:
        case "buffer":
            return "dest.as_mut_ptr() as usize"
        case "length":
            return "length"
        case Fixed():
            return f"{_number(ledger, call, passed)} as usize"
        case _:
            return "0"


def _number(ledger: Ledger, call: Call, passed: Fixed) -> int:
    if isinstance(passed.value, int):
        return passed.value
    value = 0
    for word in passed.value.split("|"):
        value |= ledger.constant(word.strip(), call) or 0
    return value
