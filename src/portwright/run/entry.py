"""The state in which a program's first instruction runs, as the ledger's [entry] describes it.

Builds the entry stack (bytes, for any width and byte order) and the first registers; what the OS does not
promise is garbage, unless the run is kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from portwright.describe.cpu import Cpu
from portwright.describe.ledger import Ledger
from portwright.run.address_space import AddressSpace
from portwright.run.engine import Access, BadAddress, CannotMap
from portwright.run.events import Report
from portwright.run.failure import Failed
from portwright.run.hostility import Hostility
from portwright.run.loader import CannotLoad, Image, TlsImage

AT_NULL, AT_PHDR, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_FLAGS, AT_ENTRY = 0, 3, 4, 5, 6, 7, 8, 9
AT_UID, AT_EUID, AT_GID, AT_EGID, AT_SECURE, AT_RANDOM, AT_EXECFN = 11, 12, 13, 14, 23, 25, 31
RANDOM_BYTES = 16
STACK_ROOM = 0x1000  # what a program must be left of its stack to do anything at all
UNMAPPED_THREAD_POINTER = 0x10  # a legal value of the register, and an address where nothing lies


@dataclass(frozen=True, slots=True)
class EntryStack:
    """What lies from the stack pointer up to the stack's top."""

    pointer: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Given:
    """What a program is started with; `auxv` holds (type, value) without the end mark, `path` is its file's (None:
    its first argument)."""

    arguments: Sequence[bytes]
    environment: Sequence[bytes]
    auxv: Sequence[tuple[int, int]] = ()
    random: bytes = bytes(RANDOM_BYTES)
    path: bytes | None = None


def build_stack(
    items: Sequence[str], alignment: int, cpu: Cpu, top: int, given: Given, filler: bytes
) -> EntryStack:
    """The entry stack, its last byte just below `top`.

    `items` as in the ledger's `entry.stack`, from the stack pointer upwards; strings lie last where they are
    not named. What aligns the pointer goes to the first `pad`, or above everything where there is none; it is
    filled with `filler` (at least `alignment` bytes). AT_RANDOM and AT_EXECFN are added to an auxv.
    """
    order = [*items, "strings"] if "strings" not in items else list(items)
    auxv_there = "auxv" in order
    path = given.path if given.path is not None else next(iter(given.arguments), None)
    paths = [path] if auxv_there and path is not None else []
    strings, places = _strings(
        [*given.arguments, *given.environment, *paths], given.random if auxv_there else b""
    )
    word = cpu.pointer_size
    counts = {
        "argc": 1,
        "argv": len(given.arguments),
        "null": 1,
        "envp": len(given.environment),
        "pad": 0,
        "auxv": 2 * (len(given.auxv) + 1 + len(paths) + 1),
    }
    sizes = [len(strings) if item == "strings" else counts[item] * word for item in order]
    slack = (top - sum(sizes)) % alignment
    if "pad" in order:
        sizes[order.index("pad")] = slack
    start = top - sum(sizes) - (0 if "pad" in order else slack)
    base = start + sum(sizes[: order.index("strings")])
    arguments = [base + place for place in places[: len(given.arguments)]]
    rest = [base + place for place in places[len(given.arguments) : -1]]
    environment, own = rest[: len(given.environment)], rest[len(given.environment) :]
    auxv = [*given.auxv, (AT_RANDOM, base + places[-1]), *((AT_EXECFN, place) for place in own)]
    words = {
        "argc": [len(arguments)],
        "argv": arguments,
        "null": [0],
        "envp": environment,
        "auxv": [part for pair in (*auxv, (AT_NULL, 0)) for part in pair],
    }
    content = bytearray()
    for item, size in zip(order, sizes, strict=True):
        if item in words:
            content += b"".join(value.to_bytes(word, cpu.endian) for value in words[item])
        else:
            content += strings if item == "strings" else filler[:size]
    return EntryStack(start, bytes(content + filler[: top - start - len(content)]))


def _strings(strings: Sequence[bytes], random: bytes) -> tuple[bytes, list[int]]:
    """The strings with their NULs, then the random bytes; and where each begins."""
    content = bytearray()
    places: list[int] = []
    for string in strings:
        places.append(len(content))
        content += string + b"\0"
    return bytes(content + random), [*places, len(content)]


def auxiliary(image: Image, page_size: int) -> list[tuple[int, int]]:
    """What an auxiliary vector says of a loaded program."""
    headers = [(AT_PHDR, image.headers)] if image.headers is not None else []
    if image.elf is not None:
        headers += [(AT_PHENT, image.elf.segment_size), (AT_PHNUM, len(image.elf.segments))]
    return [
        *headers,
        (AT_PAGESZ, page_size),
        (AT_BASE, 0),
        (AT_FLAGS, 0),
        (AT_ENTRY, image.entry),
        *((kind, 0) for kind in (AT_UID, AT_EUID, AT_GID, AT_EGID, AT_SECURE)),
    ]


def prepare(
    image: Image,
    ledger: Ledger,
    cpu: Cpu,
    space: AddressSpace,
    hostility: Hostility,
    given: Given,
) -> None:
    """Make a placed program ready for its first instruction: stack, thread pointer and registers.

    Raises `CannotLoad` where there is no room for the stack or the thread-local storage, or where arguments and
    environment do not fit the stack.
    """
    random = hostility.random_bytes(RANDOM_BYTES)
    given = replace(given, auxv=auxiliary(image, ledger.memory.page_size), random=random)
    filler = hostility.garbage(max(ledger.entry.alignment, cpu.pointer_size))
    top = ledger.memory.stack_top
    stack = build_stack(ledger.entry.stack, ledger.entry.alignment, cpu, top, given, filler)
    _map_stack(image, space)
    if stack.pointer - space.stack_start < STACK_ROOM:
        what = f"arguments and environment ({len(stack.content)} bytes) do not fit the stack"
        advice = "pass less, or give the ledger's [memory] a larger `stack-size`"
        raise CannotLoad(Report("cannot-load", f"{image.name}: {what}", advice=advice))
    space.engine.write(stack.pointer, stack.content)
    registers = _first_registers(ledger, cpu, hostility)
    registers |= {"pc": image.entry, "sp": stack.pointer}
    registers["thread-pointer"] = _thread_pointer(image, ledger, cpu, space, hostility)
    space.engine.set(registers)


def _map_stack(image: Image, space: AddressSpace) -> None:
    try:
        space.map_stack()
    except (CannotMap, Failed) as error:
        top, size = space.memory.stack_top, space.memory.stack_size
        if isinstance(error, Failed) and error.name == "EEXIST":
            inside = [region for region in space.regions() if top - size < region.end and region.start < top]
            what = f"it lies at {inside[0].start:#x}, where the stack goes ({top - size:#x} to {top:#x})"
            advice = "link it elsewhere (--image-base), or mend the ledger's `stack-top` and `stack-size`"
        else:
            what = f"no memory for the stack ({size:#x} bytes below {top:#x})"
            advice = "allow more memory (`--memory`), or give the ledger's [memory] a smaller `stack-size`"
        raise CannotLoad(Report("cannot-load", f"{image.name}: {what}", advice=advice)) from error


def _first_registers(ledger: Ledger, cpu: Cpu, hostility: Hostility) -> dict[str, int]:
    if ledger.entry.registers == "undefined":
        return hostility.registers(cpu.register_bits)
    return dict.fromkeys(cpu.register_bits, 0)


def _thread_pointer(image: Image, ledger: Ledger, cpu: Cpu, space: AddressSpace, hostility: Hostility) -> int:
    """The thread pointer at entry: nothing, something that faults, or the TLS block that the OS makes."""
    at_entry = ledger.entry.thread_pointer.at_entry
    if at_entry == "tls" and image.tls is not None:
        try:
            return _place_tls(image.tls, cpu, space)
        except (BadAddress, CannotMap, Failed) as error:
            tls = image.tls
            what = f"no thread-local storage can be made ({tls.memory_size:#x} bytes from {tls.address:#x})"
            advice = "allow more memory (`--memory`); check the program's PT_TLS segment (readelf -l)"
            raise CannotLoad(Report("cannot-load", f"{image.name}: {what}", advice=advice)) from error
    if at_entry == "undefined" and not hostility.kind:
        return UNMAPPED_THREAD_POINTER
    return 0


def _place_tls(tls: TlsImage, cpu: Cpu, space: AddressSpace) -> int:
    """Make the first thread's block as the ELF TLS document has it for the CPU's variant; its pointer.

    Variant 2: the block ends at the pointer, which points to itself. Variant 1: two words, then the block.
    """
    word = cpu.pointer_size
    size = -(-tls.memory_size // tls.alignment) * tls.alignment
    alignment = max(tls.alignment, 2 * word)
    length = space.whole_pages(size + 2 * alignment + 2 * word)
    start = space.place(length)
    space.map_fresh(start, length, Access.READ | Access.WRITE, "map")
    if cpu.tls_variant == 2:
        pointer = -(-(start + size) // alignment) * alignment
        block = pointer - size
        space.engine.write(pointer, pointer.to_bytes(word, cpu.endian))
    else:
        pointer = -(-start // alignment) * alignment
        block = pointer + max(2 * word, -(-2 * word // tls.alignment) * tls.alignment)
        space.engine.write(pointer, bytes(2 * word))
    space.check(tls.address, tls.file_size, Access.NONE)
    content = space.engine.read(tls.address, tls.file_size)
    space.engine.write(block, content + bytes(tls.memory_size - tls.file_size))
    return pointer
