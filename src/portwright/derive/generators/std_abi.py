"""The Rust module `abi` of std's platform layer: a ledger's numbers as constants, tables and one function per operation.

Every operation of the vocabulary gets a function; one that the ledger does not offer answers `NotOffered`. How
std uses them is written once, in `derive/layer/`.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import Fault, PortwrightError
from portwright.derive import second_results, threads_rust
from portwright.derive.trap_rust import prefix, trap_functions
from portwright.derive.types_rust import field_name, string
from portwright.describe import errno, std_needs
from portwright.describe.cpu import cpu
from portwright.describe.ledger import Bits, Call, ErrorNumber, Fixed, Ledger, Packed, Part, StructField
from portwright.describe.operation import Argument, Operation, belongs, vocabulary
from portwright.describe.port import Port

_PRELUDE = """\
//! The ABI of `{os}`, made by portwright from the port's ledger: change the ledger, not this file.

#![allow(dead_code, unused_variables)] // the whole vocabulary is here, std's layer uses what it needs
#![forbid(unsafe_op_in_unsafe_fn)]

pub use super::kinds::*;
use crate::ffi::CStr;
use crate::io::{{ErrorKind, SimpleMessage}};
use crate::time::Duration;
"""

_UNITS = {"seconds": 1_000_000_000, "milliseconds": 1_000_000, "microseconds": 1_000, "nanoseconds": 1}
_PARAMETERS = {
    "path": "&CStr",
    "offset": "i64",
    "integer": "isize",
}
_ADDRESSES = {
    "Duration": ".address()",
    "Option<Duration>": ".as_mut().map_or(0, Timespec::address)",
    "&CStr": ".as_ptr().expose_provenance()",
    "Option<&CStr>": ".map_or(0, |text| text.as_ptr().expose_provenance())",
}
_NULLABLE = ("Duration", "&CStr")  # any other kind says by the address 0 that there is nothing
_ENTRY_KINDS = {
    "file": "File",
    "directory": "Directory",
    "symlink": "Symlink",
    "char-device": "CharDevice",
    "block-device": "BlockDevice",
    "pipe": "Pipe",
    "socket": "Socket",
}


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
    try:
        parts.append(threads_rust.facts(ledger))
    except PortwrightError as error:
        faults += error.faults
    for operation in vocabulary().values():
        try:
            parts.append(_operation(port, operation))
        except PortwrightError as error:
            faults += error.faults
    if faults:
        raise PortwrightError(faults)
    return "\n".join(parts)


def _message(text: str) -> str:
    return f"&SimpleMessage {{ kind: ErrorKind::Unsupported, message: {string(text)} }}"


def _word(ledger: Ledger, value: int) -> int:
    """A number as a register holds it: a negative one (AT_FDCWD) in two's complement."""
    return value & ((1 << cpu(ledger.abi.cpu).pointer_bits) - 1)


def _constants(ledger: Ledger) -> Iterator[str]:
    rows = []
    for name, operation in std_needs.constants().items():
        rows.append(_constant(ledger, name, name, operation))
    yield "".join(rows)
    for name, operation in std_needs.own_constants():
        yield _constant(ledger, f"{operation.upper()}_{name}", name, operation)
    numbers = {name: ledger.error_number(name) for name in std_needs.ERRORS}
    numbers["BUSY"] = ledger.error_number(ledger.abi.busy) if ledger.abi.busy else None
    yield "".join(
        f"pub const {name}: Option<i32> = {'None' if number is None else f'Some({number})'};\n"
        for name, number in numbers.items()
    )


def _constant(ledger: Ledger, said: str, name: str, operation: str) -> str:
    """A constant as the call that means an operation has it; `said` is its name in the layer."""
    _, call = ledger.offers.get(operation, ("", None))
    value = ledger.constant(name, call)
    given = "None" if value is None else f"Some({_word(ledger, value):#x})"
    ignored = str(call is not None and name in call.ignores).lower()
    missing = _message(f"not offered: {name}")
    fields = f"value: {given}, ignored: {ignored}, missing: {missing}"
    return f"pub const {said}: Constant = Constant {{ {fields} }};\n"


def _field(field: StructField | None) -> str:
    if field is None:
        return "None"
    return f"Some({_plain_field(field)})"


def _plain_field(field: StructField) -> str:
    signed = "true" if field.signed else "false"
    return f"Field {{ offset: {field.offset}, size: {field.size}, signed: {signed}, unit: {field.unit} }}"


def _types(ledger: Ledger) -> Iterator[str]:
    for name, fields in std_needs.fields(vocabulary()).items():
        layout = ledger.types.get(name)
        size = layout.size if layout else 0
        use = "    use super::Field;\n\n" if fields else ""
        rows = [f"/// `struct {name}`.\npub mod {name} {{\n{use}"]
        rows.append(f"    pub const SIZE: usize = {size};\n")
        for field in fields:
            found = layout.fields.get(field) if layout else None
            rows.append(f"    pub const {field.upper()}: Option<Field> = {_field(found)};\n")
        yield "".join([*rows, "}\n"])


def _facts(ledger: Ledger) -> Iterator[str]:
    slots = ", ".join(f"Slot::{slot.title()}" for slot in ledger.entry.stack)
    thread_pointer = ledger.entry.thread_pointer
    longest = "usize::MAX" if ledger.memory.buffer_limit is None else str(ledger.memory.buffer_limit)
    yield (
        f"pub const PAGE_SIZE: usize = {ledger.memory.page_size};\n"
        f"pub const FRESH_MEMORY_IS_ZERO: bool = {str(ledger.memory.fresh == 'zero').lower()};\n"
        f"/// The longest range of memory that one call takes.\n"
        f"pub const LONGEST_RANGE: usize = {longest};\n"
        f"/// Whether moving the end of the data segment answers where it is.\n"
        f"pub const BREAK_ANSWERS_END: bool = {str(ledger.memory.break_answers == 'end').lower()};\n"
        f"pub const ENTRY_STACK: &[Slot] = &[{slots}];\n"
        f"/// The file that gives hosts their addresses.\n"
        f"pub const HOSTS_FILE: &str = {string(ledger.network.hosts)};\n"
        f"pub const PROGRAM_SETS_THREAD_POINTER: bool = {str(thread_pointer.set_by == 'program').lower()};\n"
        f"pub const THREAD_POINTER_IS_WRITTEN: bool = {str(thread_pointer.through == 'register').lower()};\n"
    )
    yield _executable(ledger)
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
    yield _processes(ledger)


def _processes(ledger: Ledger) -> str:
    """How processes end and run, and the names of signals."""
    facts = ledger.processes
    status = facts.wait_status
    waits = str(facts.children == "run-when-waited-for").lower()
    _, duplicate = ledger.offers.get("duplicate", ("", None))
    closes = duplicate is not None and duplicate.fixes("F_DUPFD_CLOEXEC")
    layout = ledger.types.get("sigaction")
    mask = layout.fields.get("sa_mask") if layout else None
    signals = sorted((value, name) for name, value in ledger.constants.items() if belongs(name, "SIG"))
    names = dict(reversed(signals))
    rows = "".join(f"    ({value}, {string(names[value])}),\n" for value in sorted(names))
    return (
        f"pub const STATUS_CODE: Bits = {_bits(status.code)};\n"
        f"pub const STATUS_SIGNAL: Option<Bits> = {_optional_bits(status.signal)};\n"
        f"pub const STATUS_CORE_DUMPED: Option<Bits> = {_optional_bits(status.core_dumped)};\n"
        f"pub const CHILD_RUNS_WHEN_WAITED_FOR: bool = {waits};\n"
        f"pub const DUPLICATE_CLOSES_ON_EXECUTE: bool = {str(closes).lower()};\n"
        f"/// The size of a set of signals.\n"
        f"pub const SIGNAL_SET_SIZE: usize = {mask.size if mask else 8};\n"
        f"pub const SIGNALS: &[(i32, &str)] = &[\n{rows}];\n"
    )


def _bits(bits: Bits) -> str:
    return f"Bits {{ shift: {bits.shift}, bits: {bits.bits} }}"


def _optional_bits(bits: Bits | None) -> str:
    return "None" if bits is None else f"Some({_bits(bits)})"


def _executable(ledger: Ledger) -> str:
    found = ledger.entry.executable
    value = "Executable::Unknown"
    if found is not None and found.link is not None:
        value = f"Executable::Link(c{string(found.link)})"
    elif found is not None and found.auxv is not None:
        value = f"Executable::Auxiliary({found.auxv})"
    elif found is not None:
        value = "Executable::Argument"
    return (
        "/// How a program finds its own file.\n"
        f"pub const EXECUTABLE: Executable = {value};\n"
        f"pub const TEMPORARY: &str = {string(ledger.entry.temporary)};\n"
    )


def _directory(ledger: Ledger) -> str:
    directory = ledger.directory
    form = "DirectoryForm::Unknown"
    if directory is not None and directory.form == "one-name":
        form = "DirectoryForm::OneName"
    elif directory is not None and directory.length is not None:
        length, kind, inode = _plain_field(directory.length), _field(directory.type), _field(directory.inode)
        record = f"RecordForm {{ length: {length}, kind: {kind}, inode: {inode}, name: {directory.name} }}"
        form = f"DirectoryForm::Records({record})"
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
        f"        {number} => {string(text)},\n" for number, text in sorted(messages.items())
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
    parameters = ", ".join(f"{field_name(a.name)}: {_parameter(a)}" for a in operation.arguments)
    head = (
        f"/// {operation.summary}\n///\n/// # Safety\n///\n"
        "/// Addresses must be those of memory that the call may read or write as its meaning says.\n"
        f"pub unsafe fn {operation.name}({parameters}) -> Result<usize, Failure> {{\n"
    )
    offers = "".join(
        f"pub const PASSES_{operation.name.upper()}_{argument.name.upper()}: bool = {str(given).lower()};\n"
        for argument, given in _optional(offered, operation)
    )
    offers += f"pub const OFFERS_{operation.name.upper()}: bool = "
    if offered is None or lacks or (operation.returns_twice and not threads_rust.cloned(port.ledger)):
        why = f" (the ledger has no {', '.join(lacks)})" if lacks else ""
        missing = _message(f"not offered: {operation.name}{why}")
        return f"{offers}false;\n\n{head}    Err(Failure::NotOffered({missing}))\n}}\n"
    return f"{offers}true;\n\n{head}{_body(port, operation, *offered)}}}\n"


def _optional(offered: tuple[str, Call] | None, operation: Operation) -> Iterator[tuple[Argument, bool]]:
    """The arguments that a call may leave out, and whether the ledger's passes them."""
    passed = std_needs.passed(offered[1], operation) if offered else frozenset()
    for argument in operation.arguments:
        if argument.optional:
            yield argument, argument.name in passed


def _parameter(argument: Argument) -> str:
    if argument.kind == "struct-in" and argument.type == "timespec":
        plain = "Duration"
    else:
        plain = _PARAMETERS.get(argument.kind, "usize")
    return f"Option<{plain}>" if argument.nullable and plain in _NULLABLE else plain


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
    values: list[str] = []
    for each in passed:
        if isinstance(each, str):
            lines.append(_made_ready(operation.argument(each)))
        lines.append(f"    let word{len(values)} = {_value(port, operation, call, name, each)};\n")
        values.append(f"word{len(values)}")
    arguments = "".join(f", {value}" for value in values)
    trap = threads_rust.TWICE if operation.returns_twice else prefix(call.trap)
    lines.append("    // SAFETY: the caller's promise about the addresses is this call's.\n")
    if call.answers or call.child_flag:
        return "".join([*lines, *second_results.taken(operation, call, values)])
    made = f"unsafe {{ {trap}{len(values)}({call.number}{arguments}) }}"
    # An error that says something of the call's own is no reason to make it again, busy or not.
    once = port.ledger.abi.busy in operation.settled
    lines.append(f"    answer({made})\n" if once else f"    outcome(|| {made})\n")
    return "".join(lines)


def _made_ready(argument: Argument) -> str:
    """What must lie in memory before the call: a duration as a struct."""
    name = field_name(argument.name)
    return {
        "Duration": f"    let mut {name} = Timespec::new({name})?;\n",
        "Option<Duration>": f"    let mut {name} = {name}.map(Timespec::new).transpose()?;\n",
    }.get(_parameter(argument), "")


def _limit(operation: Operation, call: Call) -> Iterator[str]:
    """A call that counts what it did may do less than asked for; any other fails beyond its limit."""
    lengths = {a.length for a in operation.arguments if a.length} if operation.result == "size" else set()
    counted = {name for name in lengths if operation.argument(name).kind == "size"}
    for name in sorted(counted):
        yield f"    let {name} = {name}.min(LONGEST_RANGE);\n"
    if call.limit is None:
        return
    name, most = call.limit.argument, call.limit.at_most
    if name in counted:
        yield f"    let {name} = {name}.min({most});\n"
    else:
        yield f"    if {name} > {most} {{\n        return Err(Failure::TooLarge);\n    }}\n"


def _value(
    port: Port, operation: Operation, call: Call, name: str, passed: str | Packed | Part | Fixed
) -> str:
    if isinstance(passed, str):
        return _whole(operation.argument(passed))
    if isinstance(passed, Fixed):
        return f"{_word(port.ledger, _fixed(port, call, name, passed)):#x}"
    if isinstance(passed, Packed):
        fields = (
            f"field({_whole(operation.argument(row.argument))}, {row.bits}, {row.shift})?"
            for row in passed.pack
        )
        return " | ".join(fields)
    own, optional = field_name(passed.argument), operation.argument(passed.argument).nullable
    if passed.as_ == "length":
        return f"{own}.map_or(0, CStr::count_bytes)" if optional else f"{own}.count_bytes()"
    if optional:  # a negative number: without end
        return f"{own}.map_or(usize::MAX, |time| whole_units(time, {_UNITS[passed.as_]}))"
    return f"whole_units({own}, {_UNITS[passed.as_]})"


def _whole(argument: Argument) -> str:
    name = field_name(argument.name)
    if _parameter(argument) in _ADDRESSES:
        return f"{name}{_ADDRESSES[_parameter(argument)]}"
    if argument.kind == "offset":
        return f"word({name})?"
    return f"{name} as usize" if argument.kind == "integer" else name


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
