"""The Rust module `abi` of std's platform layer: a ledger's numbers as constants, tables and one function per operation.

Every operation of the vocabulary gets a function; one that the ledger does not offer answers `NotOffered`. How
std uses them is written once, in `derive/layer/`.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import Fault, PortwrightError
from portwright.derive.trap_rust import trap_functions
from portwright.describe import errno, std_needs
from portwright.describe.cpu import cpu
from portwright.describe.ledger import Call, ErrorNumber, Fixed, Ledger, Packed, Part, StructField
from portwright.describe.operation import Argument, Operation, vocabulary
from portwright.describe.port import Port

_PRELUDE = """\
//! The ABI of `{os}`, made by portwright from the port's ledger: change the ledger, not this file.

#![allow(dead_code, unused_variables)] // the whole vocabulary is here, std's layer uses what it needs
#![allow(clippy::all)]
#![forbid(unsafe_op_in_unsafe_fn)]

use crate::ffi::CStr;
use crate::io::{{ErrorKind, SimpleMessage}};
use crate::time::Duration;

/// Why an operation did not happen.
#[derive(Clone, Copy)]
pub(crate) enum Failure {{
    /// The system's own error number.
    Os(i32),
    /// The system has no such operation or constant.
    NotOffered(&'static SimpleMessage),
    /// A number that the call's argument cannot hold.
    TooLarge,
}}

/// A constant by its POSIX name, which a system may lack.
#[derive(Clone, Copy)]
pub struct Constant {{
    value: Option<usize>,
    missing: &'static SimpleMessage,
}}

impl Constant {{
    /// The value, or the failure that names the constant.
    pub const fn get(self) -> Result<usize, Failure> {{
        match self.value {{
            Some(value) => Ok(value),
            None => Err(Failure::NotOffered(self.missing)),
        }}
    }}

    /// The value, or no bits where the system has no such constant.
    pub const fn or_none(self) -> usize {{
        match self.value {{
            Some(value) => value,
            None => 0,
        }}
    }}
}}

/// Where a number lies in a struct, in bytes.
#[derive(Clone, Copy)]
pub struct Field {{
    pub offset: usize,
    pub size: usize,
    pub signed: bool,
}}

impl Field {{
    /// The number in the struct's bytes, in the CPU's byte order; None where the bytes are too few.
    pub fn read(self, bytes: &[u8]) -> Option<i64> {{
        let place = bytes.get(self.offset..self.offset + self.size)?;
        let negative = self.signed && most_significant(place) & 0x80 != 0;
        let mut value: i64 = if negative {{ -1 }} else {{ 0 }};
        for index in 0..self.size {{
            let byte = if cfg!(target_endian = "big") {{ place[index] }} else {{ place[self.size - 1 - index] }};
            value = (value << 8) | byte as i64;
        }}
        Some(value)
    }}

    /// Puts a number into the struct's bytes; false where it does not fit.
    #[must_use]
    pub fn write(self, bytes: &mut [u8], value: i64) -> bool {{
        let Some(place) = bytes.get_mut(self.offset..self.offset + self.size) else {{ return false }};
        for index in 0..self.size {{
            let shift = (index * 8).min(63) as u32;
            let byte = (value >> shift) as u8;
            let at = if cfg!(target_endian = "big") {{ self.size - 1 - index }} else {{ index }};
            place[at] = byte;
        }}
        self.read(bytes) == Some(value)
    }}
}}

fn most_significant(bytes: &[u8]) -> u8 {{
    let end = if cfg!(target_endian = "big") {{ bytes.first() }} else {{ bytes.last() }};
    end.copied().unwrap_or(0)
}}

/// What a clock counts from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Epoch {{
    Unix,
    Boot,
}}

/// One of the system's clocks.
#[derive(Clone, Copy)]
pub struct Clock {{
    pub id: isize,
    pub epoch: Epoch,
    pub resolution: u64,
}}

/// What lies at the stack pointer when a program starts, upwards.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Slot {{
    Argc,
    Argv,
    Null,
    Envp,
    Auxv,
    Pad,
    Strings,
}}

/// How directory entries come.
#[derive(Clone, Copy)]
pub enum DirectoryForm {{
    Records {{ length: Field, kind: Option<Field>, name: usize }},
    OneName,
    Unknown,
}}

/// What a directory entry is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {{
    File,
    Directory,
    Symlink,
    Other,
}}

const LARGEST_ERROR: isize = 4095;

fn outcome(result: isize) -> Result<usize, Failure> {{
    if (-LARGEST_ERROR..0).contains(&result) {{
        Err(Failure::Os(-result as i32))
    }} else {{
        Ok(result as usize)
    }}
}}

fn word(value: i64) -> Result<usize, Failure> {{
    match isize::try_from(value) {{
        Ok(value) => Ok(value as usize),
        Err(_) => Err(Failure::TooLarge),
    }}
}}

fn field(value: usize, bits: u32, shift: u32) -> Result<usize, Failure> {{
    let mask = if bits >= usize::BITS {{ usize::MAX }} else {{ (1 << bits) - 1 }};
    let extended = ((value & mask) << (usize::BITS - bits)) as isize >> (usize::BITS - bits);
    if value & !mask != 0 && extended as usize != value {{
        return Err(Failure::TooLarge);
    }}
    Ok((value & mask) << shift)
}}

/// A `struct timespec` in memory, aligned as any system could want it.
#[repr(align(16))]
pub struct Timespec([u8; timespec::SIZE]);

impl Timespec {{
    /// As much of the duration as the struct can say; fails where the system has no such struct.
    pub(crate) fn new(duration: Duration) -> Result<Timespec, Failure> {{
        let mut bytes = [0; timespec::SIZE];
        let (Some(seconds), Some(nanoseconds)) = (timespec::TV_SEC, timespec::TV_NSEC) else {{
            return Err(Failure::TooLarge);
        }};
        let most = i64::MAX >> (64 - 8 * seconds.size.clamp(1, 8) as u32);
        let whole = i64::try_from(duration.as_secs()).unwrap_or(most).min(most);
        if seconds.write(&mut bytes, whole) && nanoseconds.write(&mut bytes, duration.subsec_nanos() as i64) {{
            Ok(Timespec(bytes))
        }} else {{
            Err(Failure::TooLarge)
        }}
    }}

    /// Where a call reads or writes it.
    pub fn address(&mut self) -> usize {{
        self.0.as_mut_ptr().expose_provenance()
    }}

    /// Seconds, and nanoseconds below one second.
    pub fn parts(&self) -> Option<(i64, u32)> {{
        let nanoseconds = timespec::TV_NSEC?.read(&self.0)?.clamp(0, 999_999_999);
        Some((timespec::TV_SEC?.read(&self.0)?, nanoseconds as u32))
    }}
}}

fn whole_units(duration: Duration, nanoseconds: u128) -> usize {{
    usize::try_from(duration.as_nanos().div_ceil(nanoseconds)).unwrap_or(isize::MAX as usize)
}}
"""

_UNITS = {"seconds": 1_000_000_000, "milliseconds": 1_000_000, "microseconds": 1_000, "nanoseconds": 1}
_PARAMETERS = {
    "path": "&CStr",
    "offset": "i64",
    "integer": "isize",
}
_ENTRY_KINDS = {"file": "File", "directory": "Directory", "symlink": "Symlink"}


def generate(port: Port) -> str:
    """The text of `abi.rs` for a port; raises with every operation that cannot be rendered."""
    ledger = port.ledger
    parts = [
        _PRELUDE.format(os=port.os),
        *_constants(ledger),
        *_types(ledger),
        *_facts(ledger),
        _errors(ledger),
        trap_functions(ledger, cpu(ledger.abi.cpu)),
    ]
    faults: list[Fault] = []
    for operation in vocabulary().values():
        try:
            parts.append(_operation(port, operation))
        except PortwrightError as error:
            faults += error.faults
    if faults:
        raise PortwrightError(faults)
    return "\n".join(parts)


def _message(text: str) -> str:
    return f"&SimpleMessage {{ kind: ErrorKind::Unsupported, message: {_string(text)} }}"


def _string(text: str) -> str:
    quoted = "".join(
        {"\\": "\\\\", '"': '\\"'}.get(c, c) if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text
    )
    return f'"{quoted}"'


def _constants(ledger: Ledger) -> Iterator[str]:
    rows = []
    for name in std_needs.constants():
        value = ledger.constants.get(name)
        given = "None" if value is None else f"Some({value:#x})"
        missing = _message(f"not offered: {name}")
        rows.append(f"pub const {name}: Constant = Constant {{ value: {given}, missing: {missing} }};\n")
    yield "".join(rows)
    numbers = []
    for name in std_needs.ERRORS:
        number = ledger.error_number(name)
        given = "None" if number is None else f"Some({number})"
        numbers.append(f"pub const {name}: Option<i32> = {given};\n")
    yield "".join(numbers)


def _field(field: StructField | None) -> str:
    if field is None:
        return "None"
    return f"Some({_plain_field(field)})"


def _plain_field(field: StructField) -> str:
    signed = "true" if field.signed else "false"
    return f"Field {{ offset: {field.offset}, size: {field.size}, signed: {signed} }}"


def _types(ledger: Ledger) -> Iterator[str]:
    for name, fields in std_needs.fields(vocabulary()).items():
        layout = ledger.types.get(name)
        size = layout.size if layout else 0
        rows = [f"/// `struct {name}`.\npub mod {name} {{\n    use super::Field;\n\n"]
        rows.append(f"    pub const SIZE: usize = {size};\n")
        for field in fields:
            found = layout.fields.get(field) if layout else None
            rows.append(f"    pub const {field.upper()}: Option<Field> = {_field(found)};\n")
        yield "".join([*rows, "}\n"])


def _facts(ledger: Ledger) -> Iterator[str]:
    slots = ", ".join(f"Slot::{slot.title()}" for slot in ledger.entry.stack)
    thread_pointer = ledger.entry.thread_pointer
    yield (
        f"pub const PAGE_SIZE: usize = {ledger.memory.page_size};\n"
        f"pub const FRESH_MEMORY_IS_ZERO: bool = {str(ledger.memory.fresh == 'zero').lower()};\n"
        f"pub const ENTRY_STACK: &[Slot] = &[{slots}];\n"
        f"pub const PROGRAM_SETS_THREAD_POINTER: bool = {str(thread_pointer.set_by == 'program').lower()};\n"
    )
    clocks = []
    for name in ("monotonic", "realtime"):
        clock = ledger.clocks.get(name)
        given = "None"
        if clock is not None:
            given = (
                f"Some(Clock {{ id: {clock.id}, epoch: Epoch::{clock.epoch.title()}, "
                f"resolution: {clock.resolution} }})"
            )
        clocks.append(f"pub const {name.upper()}: Option<Clock> = {given};\n")
    yield "".join(clocks)
    yield _directory(ledger)


def _directory(ledger: Ledger) -> str:
    directory = ledger.directory
    form = "DirectoryForm::Unknown"
    if directory is not None and directory.form == "one-name":
        form = "DirectoryForm::OneName"
    elif directory is not None and directory.length is not None:
        length, kind = _plain_field(directory.length), _field(directory.type)
        form = f"DirectoryForm::Records {{ length: {length}, kind: {kind}, name: {directory.name} }}"
    types = directory.types if directory is not None else {}
    arms = "".join(
        f"        {number} => Some(EntryKind::{_ENTRY_KINDS.get(name, 'Other')}),\n"
        for name, number in sorted(types.items(), key=lambda row: row[1])
    )
    return (
        f"pub const DIRECTORY: DirectoryForm = {form};\n\n"
        "/// What a directory entry's type number means; None where only the file's status tells.\n"
        "pub fn entry_kind(number: i64) -> Option<EntryKind> {\n    match number {\n"
        f"{arms}        _ => None,\n    }}\n}}\n"
    )


def _errors(ledger: Ledger) -> str:
    kinds: dict[int, str] = {}
    messages: dict[int, str] = {}
    for name, given in ledger.errors.items():
        private = given if isinstance(given, ErrorNumber) else ErrorNumber(number=given)
        kind = private.kind or errno.KINDS.get(name)
        if kind is not None:
            kinds.setdefault(private.number, kind)
        messages.setdefault(private.number, private.message or errno.MESSAGES.get(name) or name)
    kind_arms = "".join(f"        {number} => ErrorKind::{kind},\n" for number, kind in sorted(kinds.items()))
    message_arms = "".join(
        f"        {number} => {_string(text)},\n" for number, text in sorted(messages.items())
    )
    return (
        "/// What kind of error the system's number is.\n"
        "pub fn error_kind(number: i32) -> ErrorKind {\n    match number {\n"
        f"{kind_arms}        _ => ErrorKind::Uncategorized,\n    }}\n}}\n\n"
        "/// What the system's error number means, where the ledger says.\n"
        "pub fn error_message(number: i32) -> Option<&'static str> {\n    Some(match number {\n"
        f"{message_arms}        _ => return None,\n    }})\n}}\n"
    )


def _operation(port: Port, operation: Operation) -> str:
    offered = port.ledger.offers.get(operation.name)
    lacks = std_needs.lacks(port.ledger, operation) if offered else ()
    parameters = ", ".join(f"{a.name}: {_parameter(a)}" for a in operation.arguments)
    head = (
        f"/// {operation.summary}\n///\n/// # Safety\n///\n"
        "/// Addresses must be those of memory that the call may read or write as its meaning says.\n"
        f"pub unsafe fn {operation.name}({parameters}) -> Result<usize, Failure> {{\n"
    )
    offers = f"pub const OFFERS_{operation.name.upper()}: bool = "
    if offered is None or lacks:
        why = f" (the ledger has no {', '.join(lacks)})" if lacks else ""
        missing = _message(f"not offered: {operation.name}{why}")
        return f"{offers}false;\n\n{head}    Err(Failure::NotOffered({missing}))\n}}\n"
    return f"{offers}true;\n\n{head}{_body(port, operation, *offered)}}}\n"


def _parameter(argument: Argument) -> str:
    if argument.kind == "struct-in" and argument.type == "timespec":
        return "Duration"
    return _PARAMETERS.get(argument.kind, "usize")


def _body(port: Port, operation: Operation, name: str, call: Call) -> str:
    where = port.ledger_places("syscalls", name)
    if call.number is None:
        what = f"`{name}` is the C function `{call.symbol}`, and std's layer cannot call C functions yet"
        raise PortwrightError([Fault(what, where, "give the call's `number`", "std/symbol")])
    passed = call.arguments if call.arguments is not None else [a.name for a in operation.arguments]
    most = len(port.ledger.abi.arguments)
    if len(passed) > most:
        what = f"`{name}` has {len(passed)} arguments, and the trap passes {most}"
        raise PortwrightError([Fault(what, where, "add registers to `[abi] arguments`", "std/arguments")])
    lines = list(_limit(operation, call))
    values = []
    for each in passed:
        if isinstance(each, str) and _parameter(operation.argument(each)) == "Duration":
            lines.append(f"    let mut {each} = Timespec::new({each})?;\n")
        values.append(_value(port, operation, call, name, each))
    arguments = "".join(f", {value}" for value in values)
    lines.append("    // SAFETY: the caller's promise about the addresses is this call's.\n")
    lines.append(f"    outcome(unsafe {{ trap{len(values)}({call.number}{arguments}) }})\n")
    return "".join(lines)


def _limit(operation: Operation, call: Call) -> Iterator[str]:
    """A call that counts what it did may do less than asked for; any other fails beyond its limit."""
    if call.limit is None:
        return
    name, most = call.limit.argument, call.limit.at_most
    if operation.result == "size":
        yield f"    let {name} = {name}.min({most});\n"
    else:
        yield f"    if {name} > {most} {{\n        return Err(Failure::TooLarge);\n    }}\n"


def _value(
    port: Port, operation: Operation, call: Call, name: str, passed: str | Packed | Part | Fixed
) -> str:
    if isinstance(passed, str):
        return _whole(operation.argument(passed))
    if isinstance(passed, Fixed):
        return f"{_fixed(port, call, name, passed):#x}"
    if isinstance(passed, Packed):
        fields = (
            f"field({_whole(operation.argument(row.argument))}, {row.bits}, {row.shift})?"
            for row in passed.pack
        )
        return " | ".join(fields)
    if passed.as_ == "length":
        return f"{passed.argument}.count_bytes()"
    return f"whole_units({passed.argument}, {_UNITS[passed.as_]})"


def _whole(argument: Argument) -> str:
    if _parameter(argument) == "Duration":
        return f"{argument.name}.address()"
    if argument.kind == "path":
        return f"{argument.name}.as_ptr().expose_provenance()"
    if argument.kind == "offset":
        return f"word({argument.name})?"
    return f"{argument.name} as usize" if argument.kind == "integer" else argument.name


def _fixed(port: Port, call: Call, name: str, fixed: Fixed) -> int:
    if isinstance(fixed.value, int):
        return fixed.value
    value = 0
    for word in (part.strip() for part in fixed.value.split("|")):
        found = call.constants.get(word, port.ledger.constants.get(word))
        if found is None:
            where = port.ledger_places("syscalls", name)
            hint = f"add `{word}` to the call's `constants`, or to [constants]"
            raise PortwrightError([Fault(f"no constant `{word}`", where, hint, "std/constant")])
        value |= found
    return value
