"""Rust source of a function for each call of a ledger, which passes its arguments as the kernel wants them.

Packing, parts of arguments and fixed values are the ledger's; the trap itself is `trap_rust`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portwright.derive.trap_rust import PAIR, prefix
from portwright.derive.types_rust import field_name, one_line, type_name
from portwright.describe.ledger import Call, Fixed, Ledger, Packed, PackedField, Part
from portwright.describe.operation import Argument, Kind, Operation, Result, vocabulary

TYPES: dict[Kind, str] = {
    "fd": "i32",
    "bytes-in": "*const u8",
    "bytes-out": "*mut u8",
    "path": "*const c_char",
    "strings": "*const *const c_char",
    "size": "usize",
    "offset": "i64",
    "address": "usize",
    "flags": "usize",
    "choice": "usize",
    "mode": "u32",
    "vectors-in": "*const ",
    "vectors-out": "*const ",
    "struct-out": "*mut ",
    "struct-in": "*const ",
    "integer": "isize",
    "length-inout": "*mut u32",
    "option": "usize",
}
RESULTS: dict[Result, tuple[str, str]] = {
    "none": ("()", ".map(|_| ())"),
    "size": ("usize", ""),
    "fd": ("i32", ".map(|value| value as i32)"),
    "offset": ("i64", ".map(|value| value as i64)"),
    "address": ("usize", ""),
    "integer": ("isize", ".map(|value| value as isize)"),
}
DURATION = {
    "milliseconds": "as_millis() as usize",
    "microseconds": "as_micros() as usize",
    "nanoseconds": "as_nanos() as usize",
    "seconds": "as_secs() as usize",
}


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    type: str
    kind: Kind | None = None


def functions(ledger: Ledger) -> str:
    """A function for each numbered call whose arguments are known, in the ledger's order."""
    return "\n".join(
        _function(ledger, name, call)
        for name, call in ledger.syscalls.items()
        if call.number is not None and (call.arguments is not None or call.operation is not None)
    )


def number_name(name: str) -> str:
    """The constant that holds a call's number (`SYS_READ`)."""
    return f"SYS_{name.upper()}"


def constant_name(name: str) -> str:
    """A constant's name as Rust wants it."""
    return field_name(name).rstrip("_").upper() if not name.isupper() else name


def _function(ledger: Ledger, name: str, call: Call) -> str:
    operation = vocabulary().get(call.operation or "")
    if operation is not None and operation.returns_twice:
        return (
            f"// No function for `{name}` ({number_name(name)}): it returns a second time, on another stack, where no\n"
            "// function of Rust can go on. It takes assembly that goes elsewhere in the new thread.\n"
        )
    parameters = _parameters(ledger, call, operation)
    values = [_value(ledger, name, call, value, parameters) for value in _passed(call, operation)]
    trap = _wrapped(
        f"trap::{prefix(call.trap)}{len(values)}(", [f"number::{number_name(name)}", *values], ")", 8
    )
    listed = [f"{each.name}: {each.type}" for each in parameters.values()]
    checks = "".join(f"    {line}\n" for line in _checks(ledger, call, parameters))
    if operation is not None and operation.result == "never":
        returns = "!"
        body = f"unsafe {{ {trap} }};\n    loop {{\n        core::hint::spin_loop();\n    }}\n"
    elif call.answers or call.child_flag:
        pair = _wrapped(f"trap::{PAIR}{len(values)}(", [f"number::{number_name(name)}", *values], ")", 8)
        returns = "Result<(usize, usize), Errno>"
        body = f"let (first, second) = unsafe {{ {pair} }};\n    check(first).map(|first| (first, second as usize))\n"
    else:
        type_, convert = RESULTS[operation.result] if operation else ("usize", "")
        returns = f"Result<{type_}, Errno>"
        body = f"check(unsafe {{ {trap} }}){convert}\n"
    head = _wrapped(f"pub unsafe fn {field_name(name)}(", listed, f") -> {returns} {{", 4)
    docs = "".join(f"/// {one_line(line)}".rstrip() + "\n" for line in _docs(name, call, operation))
    allow = "#[allow(clippy::too_many_arguments)]\n" if len(parameters) > 7 else ""
    return f"{docs}{allow}#[inline]\n{head}\n{checks}    // SAFETY: passed on to the caller.\n    {body}}}\n"


def _wrapped(before: str, parts: list[str], after: str, indent: int) -> str:
    """A list on one line, or where that is long on one line for each part."""
    line = before + ", ".join(parts) + after
    if len(line) <= 84:
        return line
    inner = "".join(f"{' ' * indent}{part},\n" for part in parts)
    return f"{before}\n{inner}{' ' * (indent - 4)}{after}"


def _docs(name: str, call: Call, operation: Operation | None) -> Iterator[str]:
    kernel = f" (`{call.kernel_name}` in the kernel)" if call.kernel_name else ""
    yield f"`{name}`, number {call.number}{kernel}."
    lines = [operation.summary] if operation else []
    lines += [call.note] if call.note else []
    if call.answers:
        lines.append(f"The results are {' and '.join(f'`{each}`' for each in call.answers)}.")
    if call.child_flag:
        lines.append("The second result is 1 in the new process, where the first is the parent's number.")
    if call.limit:
        lines.append(f"At most {call.limit.at_most} for `{field_name(call.limit.argument)}` in one call.")
    if call.ignores:
        lines.append(f"Does nothing for {', '.join(f'`{each}`' for each in call.ignores)}.")
    if call.blocking:
        lines.append("May wait.")
    for line in lines:
        yield ""
        yield line
    yield ""
    yield "# Safety"
    yield ""
    yield "Addresses must be of memory that the kernel may read or write for this call, as long as it says."


def _passed(call: Call, operation: Operation | None) -> list[str | Packed | Part | Fixed]:
    if call.arguments is not None:
        return list(call.arguments)
    return [argument.name for argument in operation.arguments] if operation else []


def _parameters(ledger: Ledger, call: Call, operation: Operation | None) -> dict[str, _Parameter]:
    """What the function takes: the operation's arguments that the call passes, in its order; else the call's own."""
    said: dict[str, Part | None] = {}
    for value in _passed(call, operation):
        if isinstance(value, Packed):
            said |= {field.argument: said.get(field.argument) for field in value.pack}
        elif isinstance(value, Part):
            said.setdefault(value.argument, value)
        elif isinstance(value, str):
            said[value] = None
    known = {argument.name: argument for argument in operation.arguments} if operation else {}
    order = [*(name for name in known if name in said), *(name for name in said if name not in known)]
    return {name: _parameter(ledger, name, known.get(name), said[name]) for name in order}


def _parameter(ledger: Ledger, name: str, argument: Argument | None, part: Part | None) -> _Parameter:
    if part is not None and part.as_ in DURATION:
        return _Parameter(field_name(name), "core::time::Duration")
    if argument is None:
        return _Parameter(field_name(name), "*const c_char" if part else "usize", "path" if part else None)
    type_ = TYPES[argument.kind]
    if argument.type is not None:
        known = argument.type in ledger.types
        type_ += f"types::{type_name(argument.type)}" if known else "u8"
    return _Parameter(field_name(name), type_, argument.kind)


def _value(
    ledger: Ledger,
    name: str,
    call: Call,
    value: str | Packed | Part | Fixed,
    parameters: dict[str, _Parameter],
) -> str:
    """The expression of one machine word that the call passes."""
    if isinstance(value, str):
        return _word(parameters[value])
    if isinstance(value, Fixed):
        return _fixed(ledger, name, call, value)
    if isinstance(value, Part):
        own = parameters[value.argument].name
        if value.as_ == "length":
            return f"core::ffi::CStr::from_ptr({own}).count_bytes()"
        return f"{own}.{DURATION[value.as_]}"
    words = [_shifted(parameters[field.argument], field) for field in value.pack]
    return " | ".join(words) if len(words) > 1 else words[0].removeprefix("(").removesuffix(")")


def _word(parameter: _Parameter) -> str:
    return parameter.name if parameter.type == "usize" else f"{parameter.name} as usize"


def _shifted(parameter: _Parameter, field: PackedField) -> str:
    masked = f"({_word(parameter)} & {(1 << field.bits) - 1:#x})"
    return f"({masked} << {field.shift})" if field.shift else masked


def _fixed(ledger: Ledger, name: str, call: Call, value: Fixed) -> str:
    if isinstance(value.value, int):
        return f"{value.value}" if value.value >= 0 else f"({value.value}isize) as usize"
    words = [word.strip() for word in value.value.split("|")]
    own = {word: f"{name}_{word}" for word in call.constants}
    paths = [f"constants::{constant_name(own.get(word, word))}" for word in words]
    signed = [ledger.constant(word, call) or 0 for word in words]
    return " | ".join(
        f"{path} as usize" if value < 0 else path for path, value in zip(paths, signed, strict=True)
    )


def _checks(ledger: Ledger, call: Call, parameters: dict[str, _Parameter]) -> Iterator[str]:
    """Refuse sizes and offsets that their bits in a packed word cannot hold, where the ledger has EINVAL."""
    if ledger.error_number("EINVAL") is None:
        return
    for value in call.arguments or []:
        for field in value.pack if isinstance(value, Packed) else []:
            parameter = parameters[field.argument]
            if parameter.kind in ("size", "offset") and field.bits < 64:
                yield f"if {parameter.name} as u64 >> {field.bits} != 0 {{"
                yield "    return Err(Errno::EINVAL);"
                yield "}"
