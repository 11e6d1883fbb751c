"""The Rust source of a port's probe: what `derive/probe/` says once, and the ledger's numbers and the CPU's registers.

The program uses a call only through its operation, so that it runs on any system whose ledger offers some of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from portwright.base.errors import Fault, PortwrightError
from portwright.derive.trap_rust import prefix, trap_functions
from portwright.derive.types_rust import field_name, string
from portwright.describe.cpu import Cpu, Probing, cpu
from portwright.describe.ledger import Call, Fixed, Ledger, Packed, Part, Passed, Struct
from portwright.describe.operation import Argument, Operation, vocabulary
from portwright.describe.port import Port

PARTS = ("frame.rs", "registers.rs", "memory.rs", "files.rs")
FOLDER = Path(__file__).parent.parent / "probe"
OPERATIONS = (
    *("exit", "write", "read", "open", "close", "seek", "read_at", "set_length", "rename", "remove_file"),
    *("fd_status", "file_status", "system_name", "process_id", "yield_now", "sleep", "clock_read"),
    *("create_directory", "remove_directory", "open_directory", "read_directory", "close_directory"),
    *(
        "current_directory",
        "change_directory",
        "map_memory",
        "unmap_memory",
        "protect_memory",
        "set_break",
        "fill_random",
    ),
    *("futex_wait", "futex_wake"),
)
CONSTANTS = (
    *("O_RDONLY", "O_WRONLY", "O_RDWR", "O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND", "O_DIRECTORY"),
    *("SEEK_SET", "SEEK_CUR", "SEEK_END", "PROT_READ", "PROT_WRITE", "PROT_EXEC"),
    *("MAP_PRIVATE", "MAP_ANONYMOUS"),
)
UNITS = {"seconds": 10**9, "milliseconds": 10**6, "microseconds": 10**3, "nanoseconds": 1}
NOT_A_RESULT = "isize::MIN + 1"
UNKNOWN_CALLS = 1000  # how far beyond the last number that anybody uses


def generate(port: Port) -> str:
    """The text of the probe of a port; raises with everything that it cannot be made for."""
    ledger = port.ledger
    machine = cpu(ledger.abi.cpu)
    probing = machine.probing
    if probing is None:
        what = f"portwright does not know how a program on {machine.name} looks at its own registers"
        raise PortwrightError([Fault(what, None, "add `probing` in describe/cpus/", "probe/cpu")])
    texts = [(FOLDER / name).read_text(encoding="utf-8") for name in PARTS]
    return "\n".join(
        [
            f"// Made by portwright from the ledger of {port.target}: change the ledger, not this file.",
            *(["#![feature(asm_experimental_arch)]"] if machine.rust_asm.experimental else []),
            *texts,
            _facts(ledger, machine, probing),
            _assembly(ledger, machine, probing),
            _plain(ledger),
            _convention(ledger),
            "mod trap {\n" + trap_functions(ledger, machine) + "}\n",
            "mod abi {\n" + "\n".join(_abi(ledger)) + "}\n",
        ]
    )


def _facts(ledger: Ledger, machine: Cpu, probing: Probing) -> str:
    """What the registers are called, and which of them a call uses."""
    registers, abi = machine.registers, ledger.abi
    passed = ", ".join(str(registers.index(name)) for name in abi.arguments)
    clocks = "".join(
        f"const {name.upper()}: Option<usize> = {_option(ledger.clocks[name].id if name in ledger.clocks else None)};\n"
        for name in ("monotonic", "realtime")
    )
    first = ledger.clocks.get("monotonic") or ledger.clocks.get("realtime")
    numbers = list(ledger.numbers)
    tried = ", ".join(f"{flags:#x}" for flags in probing.flags_tried)
    return (
        f"const CPU: &str = {string(machine.name)};\n"
        f"const REGISTERS: [&str; {len(registers)}] = [{_names(registers)}];\n"
        f"const VECTORS: [&str; {len(machine.vector_registers)}] = [{_names(machine.vector_registers)}];\n"
        f"const NUMBER: usize = {registers.index(abi.number)};\n"
        f"const RESULT: usize = {registers.index(abi.result)};\n"
        f"const STACK_POINTER: usize = {registers.index(machine.stack_pointer)};\n"
        f"const PASSED: [usize; {len(abi.arguments)}] = [{passed}];\n"
        f"const FLAGS: usize = {machine.arithmetic_flags:#x};\n"
        f"const FLAGS_TRIED: [usize; {len(probing.flags_tried)}] = [{tried}];\n"
        f"const CARRY: usize = {probing.carry if abi.error == 'carry' else 0:#x};\n"
        f"const PAGE: usize = {ledger.memory.page_size};\n"
        f"const LONGEST_RANGE: usize = {ledger.memory.buffer_limit or 0};\n"
        f"const NO_CALL: usize = {max(numbers, default=0) + UNKNOWN_CALLS};\n"
        f"const CLOCK: usize = {first.id if first else 0};\n{clocks}"
    )


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(string(name) for name in names)


def _option(value: int | None) -> str:
    return "None" if value is None else f"Some({value})"


def _assembly(ledger: Ledger, machine: Cpu, probing: Probing) -> str:
    """The program's first instructions, and a trap between two looks at all registers."""
    places = _places(machine)
    general = [name for name in machine.registers if name != machine.stack_pointer]

    words = {name: probing.place.format(offset=offset) for name, offset in places.items() if "." not in name}
    words |= {f"{name}_at": str(offset) for name, offset in places.items() if "." not in name}

    def line(form: str, register: str = "", area: str = "") -> str:
        at = probing.place.format(offset=places[f"{area}.{register}"]) if area else ""
        digits = "".join(filter(str.isdecimal, register))
        return form.format(register=register, digits=digits, place=at, **words)

    def moved(form: str, registers: list[str], area: str) -> list[str]:
        return [line(form, register, area) for register in registers]

    def trap(*, vectors: bool) -> list[str]:
        wide = list(machine.vector_registers) if vectors else []
        return [
            *map(line, probing.prologue),
            *moved(probing.load_vector, wide, "vectors_before"),
            *map(line, probing.set_flags),
            *moved(probing.load, general, "before"),
            machine.traps[ledger.abi.trap].instruction,
            *moved(probing.store, general, "after"),
            *moved(probing.store_vector, wide, "vectors_after"),
            *map(line, probing.get_flags),
            *map(line, probing.epilogue),
        ]

    rows = [*probing.directives, ".globl _start", "_start:", *map(line, probing.before_entry)]
    rows += [*moved(probing.store, general, "entry"), *map(line, probing.enter)]
    rows += [".globl probe_trap", "probe_trap:", *trap(vectors=False)]
    rows += [".globl probe_vector_trap", "probe_vector_trap:", *trap(vectors=True)]
    rows += [".globl probe_thread_pointer", "probe_thread_pointer:", *map(line, probing.thread_pointer)]
    body = "".join(f"    {string(row)},\n" for row in rows)
    return f"core::arch::global_asm!(\n{body});\n"


def _places(machine: Cpu) -> dict[str, int]:
    """Where everything lies in the program's block, in bytes: `struct Block` of registers.rs."""
    word, count = machine.pointer_size, len(machine.registers)
    places: dict[str, int] = {}
    for area_index, area in enumerate(("entry", "before", "after")):
        for index, register in enumerate(machine.registers):
            places[f"{area}.{register}"] = (area_index * count + index) * word
    words = ("flags_before", "flags_after", "stack", "thread_pointer", "thread_pointer_known", "unused")
    places |= {name: (3 * count + index) * word for index, name in enumerate(words)}
    start = -(-(3 * count + len(words)) * word // 8) * 8
    vectors = machine.vector_registers
    for area_index, area in enumerate(("vectors_before", "vectors_after")):
        for index, register in enumerate(vectors):
            places[f"{area}.{register}"] = start + (area_index * len(vectors) + index) * 16
    return places


def _plain(ledger: Ledger) -> str:
    arms = "".join(
        f"            {count} => trap::trap{count}(number{''.join(f', words[{i}]' for i in range(count))}),\n"
        for count in range(len(ledger.abi.arguments) + 1)
    )
    return (
        "fn plain(number: usize, words: &[usize]) -> isize {\n    unsafe {\n        match words.len() {\n"
        f"{arms}            _ => ABSENT,\n        }}\n    }}\n}}\n"
    )


def _convention(ledger: Ledger) -> str:
    """What the program takes for granted in every call, told so that it can be held against another ledger."""
    abi, error = ledger.abi, str(ledger.abi.error)
    rows: list[tuple[str, list[str]]] = [
        *(("trap", [abi.trap]), ("number", [abi.number]), ("result", [abi.result]), ("error", [error])),
        ("arguments", abi.arguments),
    ]
    lines = "".join(
        f"    Line::new({string('abi')}).text({string(name)})"
        f"{''.join(f'.text({string(word)})' for word in words)}.end();\n"
        for name, words in rows
    )
    offered = [
        (name, call) for name in OPERATIONS if (call := _offered(ledger, vocabulary()[name])) is not None
    ]
    numbers = ", ".join(f"({string(name)}, {call.number})" for name, call in offered)
    return (
        f"const OPERATIONS: [(&str, isize); {len(offered)}] = [{numbers}];\n\nfn convention() {{\n{lines}}}\n"
    )


# --- calls


def _offered(ledger: Ledger, operation: Operation) -> Call | None:
    """The call that the program makes for an operation; None where it can make none."""
    _, call = ledger.offers.get(operation.name, ("", None))
    if call is None or call.number is None:
        return None
    passed = _passed(operation, call)
    whole = {each for each in passed if isinstance(each, str)}
    spans = any(_is_span(argument) and argument.name in whole for argument in operation.arguments)
    if len(passed) > len(ledger.abi.arguments) or (spans and "timespec" not in ledger.types):
        return None
    if operation.name == "set_break" and ledger.memory.break_answers == "nothing":
        return None  # where the break is now, such a call does not say
    return call


def _passed(operation: Operation, call: Call) -> list[Passed]:
    return call.arguments if call.arguments is not None else [a.name for a in operation.arguments]


def _abi(ledger: Ledger) -> Iterator[str]:
    yield "use core::prelude::rust_2024::*;\n\nuse super::{ABSENT, Span, call, length_of, note, trap};\n"
    for name, error in (("INTERRUPTED", "EINTR"), ("BUSY", ledger.abi.busy)):
        number = ledger.error_number(error) if error else None
        yield f"pub const {name}: isize = {NOT_A_RESULT if number is None else -number};"
    for name in CONSTANTS:
        yield f"pub const {name}: usize = {_word(ledger, ledger.constant(name) or 0)};"
    clock_read = _offered(ledger, vocabulary()["clock_read"])
    told = clock_read is not None and "clock" in _passed(vocabulary()["clock_read"], clock_read)
    yield f"pub const CLOCK_IS_TOLD: bool = {str(told).lower()};"
    yield from _timespec(ledger.types.get("timespec"))
    for name in OPERATIONS:
        yield _function(ledger, vocabulary()[name])


def _word(ledger: Ledger, value: int) -> str:
    return f"{value & ((1 << cpu(ledger.abi.cpu).pointer_bits) - 1):#x}"


def _timespec(layout: Struct | None) -> Iterator[str]:
    """The ledger's `timespec`, written and read byte by byte in the CPU's order."""
    fields = layout.fields if layout else {}
    size = layout.size if layout else 1
    rows = []
    reads = []
    for name, value in (("tv_sec", "span.seconds"), ("tv_nsec", "span.nanoseconds")):
        field = fields.get(name)
        if field is None:
            reads.append("0")
            continue
        wide = f"u{8 * field.size}"
        place = f"{field.offset}..{field.offset + field.size}"
        less, more = (f" / {field.unit}", f" * {field.unit}") if field.unit > 1 else ("", "")
        rows.append(f"        bytes[{place}].copy_from_slice(&(({value}{less}) as {wide}).to_ne_bytes());\n")
        reads.append(
            f"{wide}::from_ne_bytes(core::array::from_fn(|at| unsafe {{ self.0.as_ptr().add({field.offset} + at)"
            f".read_volatile() }})) as i{8 * field.size} as isize{more}"
        )
    yield (
        f"pub struct Timespec([u8; {size}]);\n\nimpl Timespec {{\n"
        "    pub fn new(span: Span) -> Timespec {\n"
        f"        let mut bytes = [0; {size}];\n{''.join(rows)}        Timespec(bytes)\n    }}\n\n"
        "    pub fn address(&mut self) -> usize {\n        self.0.as_mut_ptr().addr()\n    }\n\n"
        f"    pub fn parts(&self) -> (isize, isize) {{\n        ({reads[0]}, {reads[1]})\n    }}\n}}\n"
    )


def _function(ledger: Ledger, operation: Operation) -> str:
    """One operation as a function over words; `ABSENT` where the ledger does not offer it."""
    call = _offered(ledger, operation)
    parameters = ", ".join(f"{field_name(a.name)}: {_type(a)}" for a in operation.arguments)
    head = f"pub const HAS_{operation.name.upper()}: bool = {str(call is not None).lower()};\n"
    head += f"pub fn {operation.name}({parameters}) -> isize {{\n"
    if call is None:
        return head + "    ABSENT\n}\n"
    passed = _passed(operation, call)
    spans = [argument for argument in operation.arguments if _is_span(argument) and argument.name in passed]
    words = ", ".join(_value(ledger, operation, call, each) for each in passed)
    made = f"call({call.number}, &[{words}])"
    if call.trap is not None:  # not looked at while it is made: that is for [abi]'s own trap
        given = f", {words}" if words else ""
        made = f"unsafe {{ trap::{prefix(call.trap)}{len(passed)}({call.number}{given}) }}"
    index = [name for name in OPERATIONS if _offered(ledger, vocabulary()[name])].index(operation.name)
    return head + "".join(map(_span, spans)) + f"    note({index}, {made})\n}}\n"


def _is_span(argument: Argument) -> bool:
    return argument.kind == "struct-in" and argument.type == "timespec"


def _type(argument: Argument) -> str:
    if _is_span(argument):
        return "Option<Span>" if argument.nullable else "Span"
    return "usize"


def _span(argument: Argument) -> str:
    name = field_name(argument.name)
    if not argument.nullable:
        return f"    let mut {name} = Timespec::new({name});\n    let {name} = {name}.address();\n"
    return (
        f"    let mut room = {name}.map(Timespec::new);\n"
        f"    let {name} = room.as_mut().map_or(0, |room| room.address());\n"
    )


def _value(ledger: Ledger, operation: Operation, call: Call, passed: Passed) -> str:
    """The word of one register."""
    match passed:
        case Fixed(value=int(value)):
            return _word(ledger, value)
        case Fixed(value=text):
            found = [ledger.constant(name.strip(), call) or 0 for name in str(text).split("|")]
            return _word(ledger, sum(found))
        case Packed():
            fields = (
                f"({field_name(row.argument)} & {(1 << row.bits) - 1:#x}) << {row.shift}"
                for row in passed.pack
            )
            return " | ".join(fields)
        case Part(as_="length"):
            return f"length_of({field_name(passed.argument)})"
        case Part():
            return _units(operation.argument(passed.argument), UNITS[passed.as_])
    return field_name(str(passed))


def _units(argument: Argument, unit: int) -> str:
    name = field_name(argument.name)
    span = f"{name}.unwrap_or(Span {{ seconds: 0, nanoseconds: 0 }})" if argument.nullable else name
    return f"({span}.seconds * {10**9 // unit} + {span}.nanoseconds / {unit})"
