"""Loads a static program as the described OS's own loader would: what goes where, or why it cannot.

ELF is read here, Mach-O in `macho_image.py`. `plan` is pure and finds everything that is wrong in one pass; `place`
puts a planned image into an address space. Dynamic programs are not loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from portwright.base.errors import BadInput
from portwright.describe.cpu import Cpu
from portwright.describe.ledger import Memory
from portwright.formats import elf as elves
from portwright.formats.elf import Elf, Segment
from portwright.run import macho_image
from portwright.run.address_space import AddressSpace
from portwright.run.cpu import engine_cpu
from portwright.run.engine import Access, CannotMap
from portwright.run.events import Report
from portwright.run.failure import Failed
from portwright.run.program_image import CannotLoad as CannotLoad
from portwright.run.program_image import Findings, check_entry, check_overlaps
from portwright.run.program_image import Image as Image
from portwright.run.program_image import Piece as Piece
from portwright.run.program_image import Rules as Rules
from portwright.run.program_image import TlsImage as TlsImage

OTHER_FORMATS = {
    b"MZ": "a Windows program",
    b"#!": "a script",
    b"\xfe\xed\xfa\xce": "a big-endian Mach-O file",
    b"\xce\xfa\xed\xfe": "a Mach-O file",
    b"\xcf\xfa\xed\xfe": "a 64-bit Mach-O file",
    b"!<arch>": "a static library",
    b"\0asm": "a WebAssembly module",
}
WRITE_CHUNK = 4 << 20
LOAD_BASE = 0x10_0000  # where a position-independent program goes: low enough for any CPU's addresses


def rules_of(cpu: Cpu, loads: Collection[str], memory: Memory) -> Rules:
    """The rules of a port: programs may lie wherever the CPU's addresses reach."""
    highest = 1 << engine_cpu(cpu.name).address_bits
    return Rules(cpu, loads, memory.page_size, memory.lowest, highest, LOAD_BASE)


def plan(data: bytes, name: str, rules: Rules) -> Image:
    """What loading this file means; raises `CannotLoad` with everything that stands in the way."""
    findings = Findings()
    if "macho-exec" in rules.loads and macho_image.begins(data):
        return macho_image.plan(data, name, rules, findings)
    elf = _read(data, name, rules, findings)
    _check_kind(elf, rules, findings)
    findings.raise_if_any(name)
    base = rules.base if elf.kind == elves.ET_DYN else 0
    pieces = tuple(_pieces(elf, base, rules, findings))
    check_overlaps(pieces, rules.page_size, findings)
    entry = elf.entry + base
    check_entry(elf.entry, entry, pieces, findings)
    findings.raise_if_any(name)
    try:
        relocations = tuple(_relocations(elf, base, pieces, rules, findings)) if base else ()
    except BadInput as error:
        findings.add("; ".join(fault.what for fault in error.faults))
        relocations = ()
    tls = _tls(elf, base, findings)
    findings.raise_if_any(name)
    end = max(piece.memory_end for piece in pieces)
    return Image(name, elf, base, entry, pieces, end, _headers(elf, base), tls, relocations)


def _read(data: bytes, name: str, rules: Rules, findings: Findings) -> Elf:
    try:
        return elves.read(data, name)
    except BadInput as error:
        what = "; ".join(fault.what for fault in error.faults)
        for magic, kind in OTHER_FORMATS.items():
            if data.startswith(magic):
                what = f"it is {kind}, not {_wanted(rules)}"
        findings.add(what, "give a program that was built for this port (`portwright build PORT programs`)")
        findings.raise_if_any(name)
        raise


def _wanted(rules: Rules) -> str:
    elf = any(form.startswith("elf") for form in rules.loads)
    return "an ELF program" if elf else f"what this OS's loader takes ({', '.join(rules.loads)})"


def _check_kind(elf: Elf, rules: Rules, findings: Findings) -> None:
    cpu = rules.cpu
    if (elf.machine, elf.bits, elf.endian) != (cpu.elf_machine, cpu.pointer_bits, cpu.endian):
        machine = elves.MACHINES.get(elf.machine, f"machine {elf.machine}")
        findings.add(
            f"it is for {machine} ({elf.bits} bits, {elf.endian}-endian), and the ledger's CPU is "
            f"{cpu.name} ({cpu.pointer_bits} bits, {cpu.endian}-endian)",
            "build it for this port's target",
        )
    if elf.kind not in (elves.ET_EXEC, elves.ET_DYN):
        kind = elves.TYPES.get(elf.kind, f"of type {elf.kind}")
        findings.add(f"it is no program: it is {kind}", "link it")
    elif elf.kind == elves.ET_DYN and "elf-pie" not in rules.loads:
        findings.add(
            "it is position-independent (ET_DYN), and this OS's loader applies no relocations and gives it "
            f"no address (it loads {', '.join(rules.loads)})",
            "link it at a fixed address: relocation-model = static and no PIE in the target spec",
        )
    elif elf.kind == elves.ET_EXEC and "elf-exec" not in rules.loads:
        findings.add(
            f"it is an ELF program at a fixed address (ET_EXEC), and this OS's loader takes {', '.join(rules.loads)}",
            "build it position-independent"
            if "elf-pie" in rules.loads
            else "the build makes the OS's own kind of program of it: give that one",
        )
    if not elf.loads:
        findings.add("it has no segment to load", "check the linker script")
    _check_static(elf, findings)


def _check_static(elf: Elf, findings: Findings) -> None:
    interpreter = elf.segment(elves.PT_INTERP)
    if interpreter is not None:
        name = elf.data[interpreter.offset : interpreter.offset + interpreter.file_size].rstrip(b"\0")
        findings.add(
            f"it is dynamic: it asks for the interpreter {name.decode(errors='replace')}",
            "link it statically",
        )
    try:
        needed = sum(tag == elves.DT_NEEDED for tag, _ in elf.dynamic())
    except BadInput as error:
        findings.add("; ".join(fault.what for fault in error.faults))
        return
    if needed and interpreter is None:
        findings.add(f"it is dynamic: it needs {needed} shared libraries", "link it statically")


def _pieces(elf: Elf, base: int, rules: Rules, findings: Findings) -> Iterator[Piece]:
    page = rules.page_size
    for number, segment in enumerate(elf.loads):
        what = f"load segment {number} (at {segment.address:#x})"
        if segment.memory_size == 0:
            continue
        start = base + segment.address
        end = start + segment.memory_size
        first, last = start // page * page, -(-end // page) * page
        if segment.file_size > segment.memory_size:
            findings.add(f"{what} has more bytes in the file than in memory", "check the linker script")
        elif segment.offset + segment.file_size > len(elf.data):
            findings.add(
                f"{what} should end at {segment.offset + segment.file_size:#x} of the file, which ends at "
                f"{len(elf.data):#x}: the file is cut off",
                "copy or build it again",
            )
        if segment.file_size and (segment.offset - segment.address) % page:
            findings.add(
                f"{what} lies at {segment.offset:#x} in the file: not at the same place in a page of "
                f"{page} bytes as in memory",
                f"link with -z max-page-size={page}",
            )
        if first < rules.lowest or last > rules.highest:
            findings.add(
                f"{what} reaches from {start:#x} to {end:#x}, and programs may lie from {rules.lowest:#x} to "
                f"{rules.highest:#x}",
                "link it elsewhere (--image-base)",
            )
        yield Piece(first, last - first, _access(segment), start, segment.offset, segment.file_size, end)


def _access(segment: Segment) -> Access:
    pairs = ((elves.PF_R, Access.READ), (elves.PF_W, Access.WRITE), (elves.PF_X, Access.EXECUTE))
    result = Access.NONE
    for bit, access in pairs:
        if segment.flags & bit:
            result |= access
    return result


def _relocations(
    elf: Elf, base: int, pieces: tuple[Piece, ...], rules: Rules, findings: Findings
) -> Iterator[tuple[int, int]]:
    relative = engine_cpu(rules.cpu.name).relative_relocation
    size = rules.cpu.pointer_size
    others: set[int] = set()

    def inside(address: int) -> bool:
        return any(piece.address <= address and address + size <= piece.memory_end for piece in pieces)

    def held(place: int) -> int:
        return int.from_bytes(elf.at_address(place, size, "a relocated word"), rules.cpu.endian)

    for relocation in elf.dynamic_relocations():
        if relocation.kind != relative:
            others.add(relocation.kind)
        elif not inside(base + relocation.place):
            findings.add(f"a relocation mends {relocation.place:#x}, which is in no segment")
        else:
            addend = held(relocation.place) if relocation.addend is None else relocation.addend
            yield base + relocation.place, base + addend
    for place in elf.relative_places():
        if not inside(base + place):
            findings.add(f"a relocation mends {place:#x}, which is in no segment")
        else:
            yield base + place, base + held(place)
    if others - {0}:
        kinds = ", ".join(str(kind) for kind in sorted(others - {0}))
        findings.add(f"it has relocations that name symbols (types {kinds})", "link it as a static PIE")


def _tls(elf: Elf, base: int, findings: Findings) -> TlsImage | None:
    segment = elf.segment(elves.PT_TLS)
    if segment is None:
        return None
    alignment = segment.alignment or 1
    if alignment & (alignment - 1):
        findings.add(f"its thread-local segment asks for the alignment {alignment}, no power of two")
    if segment.file_size > segment.memory_size:
        findings.add(
            "its thread-local segment has more bytes in the file than in memory", "check the linker script"
        )
    return TlsImage(base + segment.address, segment.file_size, segment.memory_size, alignment)


def _headers(elf: Elf, base: int) -> int | None:
    named = elf.segment(elves.PT_PHDR)
    if named is not None:
        return base + named.address
    for segment in elf.loads:
        start = elf.segments_offset - segment.offset
        if start >= 0 and start + elf.segment_size * len(elf.segments) <= segment.file_size:
            return base + segment.address + start
    return None


def place(image: Image, space: AddressSpace) -> None:
    """Put a planned image into an empty address space; raises `CannotLoad` where there is no room for it.

    What a segment's pages hold beside the segment is garbage, unless the run is kind.
    """
    view = memoryview(image.content)
    for piece in image.pieces:
        try:
            space.map(piece.start, piece.length, piece.access, "image")
        except (CannotMap, Failed) as error:
            what = f"{image.name}: no memory for the segment at {piece.address:#x} ({piece.length:#x} bytes)"
            why = f": {error.why}" if isinstance(error, CannotMap) else ""
            advice = "allow more memory, or link the program elsewhere"
            raise CannotLoad(Report("cannot-load", what + why, advice=advice)) from error
        space.fill_with_garbage(piece.start, piece.address - piece.start)
        for done in range(0, piece.file_size, WRITE_CHUNK):
            size = min(WRITE_CHUNK, piece.file_size - done)
            start = piece.offset + done
            space.engine.write(piece.address + done, bytes(view[start : start + size]))
        space.fill_with_garbage(piece.memory_end, piece.start + piece.length - piece.memory_end)
    for address, word in image.relocations:
        assert image.elf is not None  # other formats are not moved
        bits = image.elf.bits
        space.engine.write(address, (word % (1 << bits)).to_bytes(bits // 8, image.elf.endian))
