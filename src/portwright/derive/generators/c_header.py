"""A C header of a ledger, for whoever writes the OS's C library: numbers, errors, constants, structs, raw calls.

C11 with GNU extended assembly (GCC, Clang). Sizes and offsets are asserted when it is compiled; nothing but the
compiler's own <stddef.h> and <stdint.h> is included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from portwright.base.errors import Fault, PortwrightError
from portwright.derive.struct_members import members, packed
from portwright.derive.types_rust import one_line
from portwright.describe.cpu import Cpu, cpu
from portwright.describe.ledger import ErrorNumber, Ledger, Struct
from portwright.describe.port import Port

MARK = "/* Made by portwright"
"""How a header that may be overwritten begins."""

C_INTEGERS = (1, 2, 4, 8)

# fmt: off
_KEYWORDS = frozenset((
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
    "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
    "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
))
# fmt: on


def generate(port: Port) -> str:
    """The header's text; raises where the CPU's facts do not tell how C makes the trap."""
    ledger = port.ledger
    guard = f"_{_name(port.os).upper()}_ABI_H"
    summary = one_line(port.manifest.port.summary).rstrip(".").replace("*/", "* /")
    parts = [
        f"{MARK} from the ledger of {port.target}: change the ledger, not this file.\n"
        f"   {summary}. */\n\n"
        f"#ifndef {guard}\n#define {guard}\n\n#include <stddef.h>\n#include <stdint.h>\n",
        _section("The numbers of the system calls", _numbers(ledger)),
        _section("Error numbers", _errors(ledger)),
        _section("Constants that calls take and give", _constants(ledger)),
        _section("Structs that calls read and write", _structs(ledger)),
        _section(_trap_title(ledger), _traps(port, cpu(ledger.abi.cpu))),
        f"#endif /* {guard} */\n",
    ]
    return "\n".join(part for part in parts if part)


def _section(title: str, lines: Iterator[str]) -> str:
    body = "\n".join(lines)
    return f"/* {title}. */\n\n{body}\n" if body else ""


def _name(text: str) -> str:
    """A name as C takes it: an identifier that is no keyword."""
    plain = re.sub(r"\W", "_", text, flags=re.ASCII)
    return f"{plain}_" if plain in _KEYWORDS or plain[:1].isdigit() else plain


def _comment(text: str | None) -> str:
    return f" /* {one_line(text).replace('*/', '* /')} */" if text else ""


def _define(name: str, value: int) -> str:
    shown = f"({value})" if value < 0 else f"{value:#x}" if value > 9 else str(value)
    return f"#define {_name(name)} {shown}"


def _numbers(ledger: Ledger) -> Iterator[str]:
    for name, call in ledger.syscalls.items():
        if call.number is not None:
            yield f"#define SYS_{_name(name)} {call.number}{_comment(call.note)}"
            for alias in call.aliases:
                yield f"#define SYS_{_name(name)}_{alias} {alias}"


def _errors(ledger: Ledger) -> Iterator[str]:
    for name, error in ledger.errors.items():
        number, message = (error.number, error.message) if isinstance(error, ErrorNumber) else (error, None)
        yield f"#define {_name(name)} {number}{_comment(message)}"


def _constants(ledger: Ledger) -> Iterator[str]:
    for name, value in ledger.constants.items():
        yield _define(name, value)
    for name, call in ledger.syscalls.items():
        for constant, value in call.constants.items():
            yield _define(f"{name}_{constant}", value) + f" /* in a call of {name}, and only there */"


def _structs(ledger: Ledger) -> Iterator[str]:
    """Tags are the ledger's names; where a field lies off its natural border the struct is packed."""
    for name, layout in ledger.types.items():
        rows = sorted(layout.fields.items(), key=lambda row: row[1].offset)
        if layout.note:
            yield _comment(layout.note).strip()
        yield f"struct {_name(name)} {{"
        yield from (f"    {line}" for line in _fields(layout))
        yield f"}}{' __attribute__((packed))' if packed(layout, C_INTEGERS) else ''};"
        yield f'_Static_assert(sizeof(struct {_name(name)}) == {layout.size}, "{name}");'
        for field, place in rows:
            where = f"offsetof(struct {_name(name)}, {_name(field)})"
            yield f'_Static_assert({where} == {place.offset}, "{name}.{field}");'
        yield ""


def _fields(layout: Struct) -> Iterator[str]:
    pads = 0
    for name, place in members(layout):
        if name is None:
            yield f"uint8_t _pad{pads}[{place.size}];"
            pads += 1
        elif place.size in C_INTEGERS:
            yield f"{'' if place.signed else 'u'}int{place.size * 8}_t {_name(name)};"
        else:
            yield f"uint8_t {_name(name)}[{place.size}];"


def _trap_title(ledger: Ledger) -> str:
    return f"The trap ({ledger.abi.trap}), one function for each count of arguments; a failure is a negative error number"


def _traps(port: Port, facts: Cpu) -> Iterator[str]:
    for count in range(len(port.ledger.abi.arguments) + 1):
        yield _trap(port, facts, count)


def _trap(port: Port, facts: Cpu, count: int) -> str:
    """One function: each register is bound to a variable, so that the compiler puts nothing else there."""
    abi = port.ledger.abi
    words = "long" if facts.pointer_bits == 64 else "int"
    given = {abi.number: "number"} | {name: f"a{i}" for i, name in enumerate(abi.arguments[:count])}
    destroyed = dict.fromkeys([*facts.traps[abi.trap].clobbers, *abi.clobbers])
    kept = (*facts.rust_asm.refused, facts.stack_pointer)
    refused = [name for name in (*given, abi.result, *destroyed) if name in kept]
    if refused:
        what = f"C cannot bind a variable to `{refused[0]}` of {facts.name}, which the compiler keeps"
        raise PortwrightError(
            [Fault(what, None, "write this header's calls as functions in assembly", "header/register")]
        )
    variables, outputs, inputs = [], [], []
    for register in dict.fromkeys([*given, abi.result]):
        value = f" = (unsigned {words}){given[register]}" if register in given else ""
        variables.append(f'    register unsigned {words} r_{register} __asm__("{register}"){value};')
        if register == abi.result or register in destroyed:
            way = "+r" if register in given else "=r"
            outputs.append(f'[{register}] "{way}"(r_{register})')
        else:
            inputs.append(f'"r"(r_{register})')
    bound = {*given, abi.result}
    clobbers = [f'"{name}"' for name in destroyed if name not in bound]
    if abi.flags == "destroyed" or abi.error == "carry":
        clobbers.append('"cc"')
    clobbers.append('"memory"')
    code = "\\n\\t".join([_bytes(facts.traps[abi.trap].encoding), *_negated(port, facts)])
    parameters = ", ".join(
        f"unsigned {words} {name}" for name in ["number", *(f"a{i}" for i in range(count))]
    )
    return "\n".join(
        [
            f"static inline {words} {_name(port.os)}_trap{count}({parameters}) {{",
            *variables,
            f'    __asm__ volatile("{code}"',
            f"                     : {', '.join(outputs)}",
            f"                     : {', '.join(inputs)}",
            f"                     : {', '.join(clobbers)});",
            f"    return ({words})r_{abi.result};",
            "}\n",
        ]
    )


def _bytes(encoding: bytes) -> str:
    """The instruction as bytes: assemblers do not agree on how it is written."""
    return ".byte " + ", ".join(f"{byte:#04x}" for byte in encoding)


def _negated(port: Port, facts: Cpu) -> list[str]:
    if port.ledger.abi.error != "carry":
        return []
    if not facts.rust_asm.negate_on_carry:
        what = f"portwright does not know how {facts.name} tests the carry flag after a trap"
        raise PortwrightError([Fault(what, None, "add `negate_on_carry` in describe/cpus/", "trap/no-carry")])
    return [line.format(result=f"%[{port.ledger.abi.result}]") for line in facts.rust_asm.negate_on_carry]
