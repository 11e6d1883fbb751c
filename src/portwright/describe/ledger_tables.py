"""The checks of a ledger's tables besides its calls: registers, entry state, memory, errors, types, directory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from portwright.base import rooms
from portwright.base.errors import closest
from portwright.describe import errno, std_needs
from portwright.describe.cpu import Cpu
from portwright.describe.ledger import ErrorNumber, Ledger, Packed, Part, Passed, StructField
from portwright.describe.ledger_finding import Case, Finding
from portwright.describe.toml_positions import Key

EXTRACTORS = "portwright.describe.extractors"
FILE_KINDS = ("file", "directory", "symlink", "char-device", "block-device", "pipe", "socket")


def suggestion(name: str, known: Iterator[str] | Mapping[str, object] | tuple[str, ...], what: str) -> str:
    """`did you mean X?`, or all that there is."""
    names = list(known)
    near = closest(name, names)
    return f"did you mean `{near}`?" if near else f"{what}: {', '.join(names) or 'none'}"


def registers(case: Case) -> Iterator[Finding]:
    """Registers that the CPU does not have, or that cannot be what the ledger says; the trap; the clobbers."""
    abi, cpu = case.ledger.abi, case.cpu
    if cpu is None:
        known = rooms.names("portwright.describe.cpus")
        hint = suggestion(abi.cpu, known, "there are") + "; a CPU is a file in describe/cpus/"
        yield case.error("unknown-cpu", f"unknown CPU `{abi.cpu}`", "abi", "cpu", hint=hint)
        return
    passing = [("number",), ("result",), *(("arguments", index) for index in range(len(abi.arguments)))]
    for key, register in zip(passing, [abi.number, abi.result, *abi.arguments], strict=True):
        yield from _general(case, cpu, register, *key)
    known_registers = (*cpu.registers, *cpu.vector_registers)
    for index, register in enumerate(abi.clobbers):
        if register not in known_registers:
            hint = suggestion(register, known_registers, f"registers of {cpu.name}")
            what = f"{cpu.name} has no register `{register}`"
            yield case.error("unknown-register", what, "abi", "clobbers", index, hint=hint)
        if register in abi.clobbers[:index]:
            yield case.warning("clobber-twice", f"`{register}` is listed twice", "abi", "clobbers", index)
    for index, register in enumerate(abi.arguments):
        if register in (abi.number, *abi.arguments[:index]):
            what = (
                f"`{register}` passes two things: each argument and the number need a register of their own"
            )
            yield case.error("register-twice", what, "abi", "arguments", index)
    yield from _trap(case, cpu)


def _general(case: Case, cpu: Cpu, register: str, *key: str | int) -> Iterator[Finding]:
    if register in cpu.registers and register != cpu.stack_pointer:
        return
    if register == cpu.stack_pointer or register in cpu.vector_registers:
        what = f"`{register}` cannot pass an argument, the number or the result of a call"
        yield case.error("wrong-register", what, "abi", *key, hint="take a general register")
        return
    hint = suggestion(register, cpu.registers, f"registers of {cpu.name}")
    what = f"{cpu.name} has no register `{register}`"
    yield case.error("unknown-register", what, "abi", *key, hint=hint)


def _trap(case: Case, cpu: Cpu) -> Iterator[Finding]:
    abi = case.ledger.abi
    trap = cpu.traps.get(abi.trap)
    if trap is None:
        hint = suggestion(abi.trap, cpu.traps, f"traps of {cpu.name}")
        yield case.error("unknown-trap", f"{cpu.name} has no trap `{abi.trap}`", "abi", "trap", hint=hint)
        return
    for register in trap.clobbers:
        if register not in abi.clobbers and register != abi.result:
            what = f"`{register}` is missing: the instruction `{abi.trap}` itself destroys it"
            hint = f'add "{register}" to the clobbers: a compiler that does not know keeps values there'
            yield case.error("forgotten-clobber", what, "abi", "clobbers", hint=hint)


def entry(case: Case) -> Iterator[Finding]:
    """The state at a program's start: the stack's order and alignment, and who makes the thread pointer."""
    state, words = case.ledger.entry, case.ledger.entry.stack
    for vector in ("argv", "envp"):
        if vector in words and words[words.index(vector) + 1 : words.index(vector) + 2] != ["null"]:
            what = f"`{vector}` must be followed by `null`: nothing else says where it ends"
            yield case.error("entry-stack", what, "entry", "stack", words.index(vector))
    for word in {word for word in words if word not in ("null", "pad") and words.count(word) > 1}:
        yield case.error("entry-stack", f"`{word}` lies on the stack twice", "entry", "stack")
    pointer = case.cpu.pointer_size if case.cpu else 1
    if state.alignment < pointer or state.alignment & (state.alignment - 1):
        what = f"{state.alignment} is no alignment of a stack pointer (a power of 2, at least {pointer})"
        yield case.error("alignment", what, "entry", "alignment")
    thread = state.thread_pointer
    key = ("entry", "thread-pointer")
    if thread.set_by == "os" and thread.at_entry != "tls":
        what = f'the OS sets the thread pointer up, but at entry it is "{thread.at_entry}"'
        yield case.error("thread-pointer", what, *key, hint='at-entry = "tls", or set-by = "program"')
    if thread.set_by == "program" and not std_needs.thread_pointer(case.ledger):
        what = "the program must set its thread pointer, and no call has the operation `set_thread_pointer`"
        hint = "without it thread-locals do not work, and std's stdout needs them; map a call, or say who sets it"
        yield case.warning("thread-pointer", what, *key, hint=hint)


def executable(case: Case) -> Iterator[Finding]:
    """How a program finds its own file: by what lies on its stack, or by a link that it can read."""
    found, words, key = case.ledger.entry.executable, case.ledger.entry.stack, ("entry", "executable")
    if found is None:
        return
    for wanted, word in ((found.auxv is not None, "auxv"), (found.argument, "argv")):
        if wanted and word not in words:
            yield case.error("executable", f"there is no `{word}` on the stack to find it in", *key)
    if found.link is not None and "read_link" not in case.ledger.offers:
        what = "the program's file is in a link, and no call has the operation `read_link`"
        yield case.warning("executable", what, *key, hint="map a call, or say another way")


def memory(case: Case) -> Iterator[Finding]:
    """The address space: whole pages, and a stack that fits."""
    space = case.ledger.memory
    if space.page_size <= 0 or space.page_size & (space.page_size - 1):
        yield case.error("page-size", f"{space.page_size} is no page size", "memory", "page-size")
        return
    for name in ("stack_top", "stack_size", "map_base", "break_base", "lowest"):
        value = getattr(space, name)
        if value is not None and value % space.page_size:
            key = name.replace("_", "-")
            near = max(space.page_size, value - value % space.page_size)
            what = f"`{key}` {value:#x} is not on a page's border"
            yield case.error("page-size", what, "memory", key, hint=f"{key} = {near:#x}, for instance")
    if space.stack_limit is not None and space.stack_limit < space.stack_size:
        what = f"the stack cannot shrink from {space.stack_size:#x} to {space.stack_limit:#x} bytes"
        yield case.error("stack", what, "memory", "stack-limit")
    lowest = space.stack_top - max(space.stack_limit or 0, space.stack_size)
    if lowest < space.lowest:
        what = f"the stack would reach down to {lowest:#x}, below the first address that can be mapped"
        yield case.error("stack", what, "memory", "stack-top")
    if lowest <= space.map_base < space.stack_top:
        what = (
            f"`map-base` {space.map_base:#x} lies in the stack, which has {lowest:#x} to {space.stack_top:#x}"
        )
        yield case.error(
            "map-base", what, "memory", "map-base", hint="maps start below the stack or above it"
        )


def clocks(case: Case) -> Iterator[Finding]:
    """Clocks that a call reads but the ledger does not know, and the other way round."""
    found = case.ledger.clocks
    offered = case.ledger.offers.get("clock_read")
    if offered and "monotonic" not in found:
        what = f"`{offered[0]}` reads clocks, and [clocks] has no `monotonic`"
        hint = 'monotonic = { id = ..., epoch = "boot" }: std::time::Instant counts on it'
        told = case.warning if "realtime" in found else case.error
        yield told("no-clock", what, "syscalls", offered[0], hint=hint)
    for name, clock in found.items():
        if not offered:
            what = "no call has the operation `clock_read`, so nothing reads this clock"
            yield case.warning("unread-clock", what, "clocks", name)
        if clock.resolution <= 0:
            what = "a resolution is a number of nanoseconds, 1 or more"
            yield case.error("resolution", what, "clocks", name, "resolution")


def processes(case: Case) -> Iterator[Finding]:
    """The parts of a wait status: inside its 32 bits, and not over each other."""
    status = case.ledger.processes.wait_status
    parts = {"code": status.code, "signal": status.signal, "core-dumped": status.core_dumped}
    taken: dict[int, str] = {}
    for name, part in parts.items():
        if part is None:
            continue
        key = ("processes", "wait-status", name)
        if part.shift + part.bits > 32:
            what = f"`{name}` ends at bit {part.shift + part.bits}, and a wait status has 32"
            yield case.error("wait-status", what, *key)
        bits = range(part.shift, part.shift + part.bits)
        for other in dict.fromkeys(taken[bit] for bit in bits if bit in taken):
            yield case.error("wait-status", f"`{name}` and `{other}` share bits", *key)
        taken |= dict.fromkeys(bits, name)


def errors(case: Case) -> Iterator[Finding]:
    """Error numbers: positive, one meaning each, with a kind that std has and a message."""
    busy = case.ledger.abi.busy
    if busy is not None and busy not in case.ledger.errors:
        hint = suggestion(busy, case.ledger.errors, "errors")
        yield case.error("unknown-error", f"unknown error `{busy}`", "abi", "busy", hint=hint)
    seen: dict[int, tuple[str, str | None]] = {}
    for name, entry_ in case.ledger.errors.items():
        number = entry_.number if isinstance(entry_, ErrorNumber) else entry_
        kind = entry_.kind if isinstance(entry_, ErrorNumber) else errno.KINDS.get(name)
        message = entry_.message if isinstance(entry_, ErrorNumber) else errno.MESSAGES.get(name)
        if number <= 0:
            what = f"{number} is no error number: they are positive, and the sign is the trap's"
            yield case.error("error-number", what, "errors", name)
        if kind is not None and kind not in errno.ERROR_KINDS:
            hint = suggestion(kind, tuple(sorted(errno.ERROR_KINDS)), "kinds")
            what = f"`{kind}` is no std::io::ErrorKind"
            yield case.error("error-kind", what, "errors", name, "kind", hint=hint)
        if message is None:
            near = closest(name, errno.NAMES)
            hint = f"did you mean `{near}`? " if near else ""
            what = f"`{name}` is no POSIX name, so nothing knows what it says"
            hint += f'{name} = {{ number = {number}, message = "..." }}'
            yield case.warning("error-message", what, "errors", name, hint=hint)
        if number in seen:
            other, other_kind = seen[number]
            what = f"`{name}` and `{other}` ({case.line('errors', other)}) both have the number {number}"
            both = (case.error if kind != other_kind else case.warning)("error-twice", what, "errors", name)
            yield both
        seen.setdefault(number, (name, kind))


def types(case: Case) -> Iterator[Finding]:
    """Struct layouts: fields inside the struct and not over each other."""
    for name, struct in case.ledger.types.items():
        if struct.size <= 0:
            what = f"a struct of {struct.size} bytes holds nothing"
            yield case.error("type-size", what, "types", name, "size")
            continue
        for field, place in struct.fields.items():
            end = place.offset + place.size
            if place.offset < 0 or end > struct.size:
                what = f"`{field}` lies at {place.offset}..{end}, outside the {struct.size} bytes of `{name}`"
                yield case.error("field-outside", what, "types", name, "fields", field)
        for field, other in _overlaps(struct.fields):
            what = f"`{field}` and `{other}` of `{name}` lie over each other"
            yield case.error("field-overlap", what, "types", name, "fields", field)


def _overlaps(fields: Mapping[str, StructField]) -> Iterator[tuple[str, str]]:
    """Pairs of fields (the later one first) of which one begins before the other ends."""
    order = sorted(fields, key=lambda name: (fields[name].offset, fields[name].size))
    furthest: str | None = None
    for name in order:
        end = fields[furthest].offset + fields[furthest].size if furthest else 0
        if furthest is not None and fields[name].offset < end:
            yield name, furthest
        if furthest is None or fields[name].offset + fields[name].size > end:
            furthest = name


def directory(case: Case) -> Iterator[Finding]:
    """The form of directory entries: there where it is read, and whole."""
    table = case.ledger.directory
    if table is None:  # an offered `read_directory` that lacks it is found with the operations' other needs
        return
    if "read_directory" not in case.ledger.offers:
        what = "no call has the operation `read_directory`, so nothing reads directories"
        yield case.warning("unread-directory", what, "directory")
    for kind in table.types:
        if kind not in FILE_KINDS:
            hint = suggestion(kind, FILE_KINDS, "kinds")
            yield case.error(
                "file-kind", f"unknown kind of file `{kind}`", "directory", "types", kind, hint=hint
            )
    parts = {"length": table.length, "inode": table.inode, "type": table.type}
    for part, other in _overlaps({name: place for name, place in parts.items() if place is not None}):
        yield case.error("field-overlap", f"`{part}` and `{other}` lie over each other", "directory", part)


def sources(case: Case) -> Iterator[Finding]:
    """Extractors by name."""
    known = rooms.names(EXTRACTORS)
    for name, source in case.ledger.sources.items():
        if source.form is not None and source.form not in known:
            hint = suggestion(source.form, known, "extractors")
            what = f"unknown extractor `{source.form}`"
            yield case.error("unknown-form", what, "sources", name, "form", hint=hint)


def identifiers(case: Case) -> Iterator[Finding]:
    """Names that cannot be names in the Rust code that is generated from the ledger."""
    for key, name in _identifiers(case.ledger):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or not name.strip("_"):
            what = f"`{name}` cannot be a name in generated code (letters, digits and `_`)"
            yield case.error("name", what, *key)


def _identifiers(ledger: Ledger) -> Iterator[tuple[tuple[Key, ...], str]]:
    """Each name with its key; words of a call's own argument names may also be joined with `-`."""
    for table in ("syscalls", "errors", "constants", "types"):
        for name in getattr(ledger, table):
            yield (table, name), name
    for name, struct in ledger.types.items():
        for field in struct.fields:
            yield ("types", name, "fields", field), field
    for name, call in ledger.syscalls.items():
        for constant in call.constants:
            yield ("syscalls", name, "constants", constant), constant
        for index, value in enumerate(call.arguments or []):
            for argument in names_in(value):
                yield ("syscalls", name, "arguments", index), argument.replace("-", "_")


def names_in(value: Passed) -> list[str]:
    """The arguments that a passed word is made of."""
    if isinstance(value, Packed):
        return [field.argument for field in value.pack]
    if isinstance(value, Part):
        return [value.argument]
    return [value] if isinstance(value, str) else []


CHECKS = (
    registers,
    entry,
    executable,
    memory,
    clocks,
    processes,
    errors,
    types,
    directory,
    sources,
    identifiers,
)
