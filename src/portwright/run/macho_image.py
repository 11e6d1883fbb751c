"""What loading a Mach-O program of NeXT's means: its segments at their fixed addresses, its first thread's entry.

Nothing is moved and nothing is linked: there is no dynamic linker, and shared libraries at fixed addresses are not
loaded here. A segment without any rights (`__PAGEZERO`) is left empty, so that every access to it is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import BadInput
from portwright.base.sources import Memory
from portwright.formats import macho
from portwright.formats.parts import macho_values as values
from portwright.formats.parts.macho_values import Macho, Segment
from portwright.run.engine import Access
from portwright.run.program_image import Findings, Image, Piece, Rules, check_entry, check_overlaps

RELINK = "link it elsewhere (-Ttext-segment)"
RIGHTS = ((values.READ, Access.READ), (values.WRITE, Access.WRITE), (values.RUN, Access.EXECUTE))


def begins(data: bytes) -> bool:
    """Whether a file begins as a Mach-O file does, a fat one too."""
    return data[:4] in macho.ORDERS or data.startswith(macho.FAT)


def plan(data: bytes, name: str, rules: Rules, findings: Findings) -> Image:
    """What loading this file means; raises `CannotLoad` with everything that stands in the way."""
    try:
        source = Memory(data, name)
        program, faults = macho.parse(source)
    except BadInput as error:
        program, faults = None, error.faults
    for fault in faults:
        place = "" if fault.where is None or fault.where.address is None else f" at {fault.where.address:#x}"
        findings.add(f"{fault.what}{place}", fault.hint or "")
    if program is None:
        findings.raise_if_any(name)
    assert program is not None
    if data.startswith(macho.FAT):
        findings.add(
            "it is a fat file, with programs for several CPUs", "give the part for this CPU (lipo -thin)"
        )
    _check_kind(program, rules, findings)
    pieces = tuple(_pieces(program, len(data), rules, findings))
    findings.raise_if_any(name)
    check_overlaps(pieces, rules.page_size, findings)
    entry = program.entry or 0
    check_entry(entry, entry, pieces, findings)
    if entry % 2:
        findings.add(f"its entry {entry:#x} is odd", "instructions lie at even addresses: build it again")
    findings.raise_if_any(name)
    end = max(piece.start + piece.length for piece in pieces)
    return Image(name, None, 0, entry, pieces, end, data=data, functions=_functions(program))


def _check_kind(program: Macho, rules: Rules, findings: Findings) -> None:
    cpu = rules.cpu
    if cpu.macho_cpu != values.M68K:
        name = macho.CPUS.get(values.M68K, "another CPU")
        findings.add(
            f"it is for {name}, and the ledger's CPU is {cpu.name}", "build it for this port's target"
        )
    if program.kind != values.EXECUTE:
        findings.add(f"it is no program: it is {macho.KINDS.get(program.kind, 'of another kind')}", "link it")
    elif program.entry is None and not findings.what:
        findings.add("it has no thread that says where it begins (LC_UNIXTHREAD)", "link it with an entry")
    elif program.threads and not any(thread.unix for thread in program.threads):
        what = "its thread gets no stack and no arguments (LC_THREAD)"
        findings.add(what, "a program begins with an LC_UNIXTHREAD")
    needed = [library.name for library in program.libraries if not library.identifies]
    if needed:
        findings.add(f"it needs shared libraries ({', '.join(needed)})", "link it statically")
    if not any(segment.memory_size and segment.initial for segment in program.segments):
        findings.add("it has no segment to load", "check the linker script")


def _pieces(program: Macho, size: int, rules: Rules, findings: Findings) -> Iterator[Piece]:
    page = rules.page_size
    for segment in program.segments:
        if not segment.memory_size or not (segment.initial or segment.file_size):
            continue
        start, end = segment.address, segment.address + segment.memory_size
        what = f"segment {segment.name or '(no name)'} (at {start:#x})"
        if segment.file_size > segment.memory_size:
            findings.add(f"{what} has more bytes in the file than in memory", "check the linker script")
        elif segment.file_offset + segment.file_size > size:
            where = segment.file_offset + segment.file_size
            findings.add(
                f"{what} should end at {where:#x} of the file, which ends at {size:#x}: the file is cut off",
                "copy or build it again",
            )
        if start % page or end % page or (segment.file_size and segment.file_offset % page):
            findings.add(f"{what} does not lie by whole pages of {page} bytes", "check the linker script")
        if start < rules.lowest or end > rules.highest:
            findings.add(
                f"{what} reaches to {end:#x}, and programs may lie from {rules.lowest:#x} to {rules.highest:#x}",
                RELINK,
            )
        yield Piece(start, end - start, _access(segment), start, segment.file_offset, segment.file_size, end)


def _access(segment: Segment) -> Access:
    result = Access.NONE
    for bit, right in RIGHTS:
        if segment.initial & bit:
            result |= right
    return result


def _functions(program: Macho) -> tuple[tuple[int, int, str], ...]:
    """(address, size, name) of what symbols name in code; each reaches up to the next, or to its section's end."""
    sections = program.sections
    rows: list[tuple[int, int, str]] = []
    for symbol in program.symbols:
        if symbol.debugging or symbol.place != values.N_SECT or not 0 < symbol.section <= len(sections):
            continue
        section = sections[symbol.section - 1]
        home = next((row for row in program.segments if section in row.sections), None)
        if home is not None and home.initial & values.RUN and section.address <= symbol.value < section.end:
            rows.append((symbol.value, section.end, symbol.name.removeprefix("_")))
    rows.sort()
    found: list[tuple[int, int, str]] = []
    higher: int | None = None
    last: int | None = None
    for start, end, name in reversed(rows):
        if last is not None and last != start:
            higher = last
        last = start
        found.append((start, min(end, end if higher is None else higher) - start, name))
    return tuple(reversed(found))
