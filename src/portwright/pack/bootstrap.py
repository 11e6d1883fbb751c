"""What a bootstrap must be for Redox's kernel, which runs it in place: the file as it lies in the initfs is the program.

The kernel maps the image at 0x1000 and jumps to the entry. Nobody loads segments, applies relocations or clears memory.
"""

from __future__ import annotations

from collections.abc import Iterator

from portwright.base.errors import BadInput, Fault, Where, raise_if
from portwright.base.sources import Source
from portwright.formats import elf

PLACE = 0x2000
"""The address of the bootstrap's first byte: a page that stays empty, then the header's, then this."""
SHF_ALLOC = 2
_SCRIPT = f"link it with the linker script of Redox's bootstrap, whose first address is {PLACE:#x}"


def require(source: Source) -> None:
    """Raise `BadInput` with every reason why the kernel could not run this bootstrap."""
    raise_if(faults(source.read(0, source.size), source.name))


def faults(data: bytes, name: str = "bootstrap") -> list[Fault]:
    """Every reason why the kernel could not run this bootstrap."""
    try:
        program = elf.read(data, name)
    except BadInput as error:
        return error.faults
    return [*_kind(program), *_segments(program), *_entry(program), *_relocations(program)]


def _kind(program: elf.Elf) -> Iterator[Fault]:
    if program.kind != elf.ET_EXEC:
        kind = elf.TYPES.get(program.kind, f"of type {program.kind}")
        hint = "build it as a static program at a fixed address: relocation-model=static, no PIE"
        what = f"it is {kind}, and must be an executable: nobody moves it to where it can run"
        yield _fault(program, "kind", what, hint=hint)


def _segments(program: elf.Elf) -> Iterator[Fault]:
    if not program.loads:
        yield _fault(program, "empty", "it has no segment that could be run", hint=_SCRIPT)
    for segment in program.loads:
        wanted = PLACE + segment.offset
        if segment.address != wanted and segment.memory_size:
            what = f"a segment is linked for {segment.address:#x}, and will be at {wanted:#x}"
            yield _fault(program, "place", what, segment.offset, _SCRIPT)
        if segment.memory_size != segment.file_size:
            what = (
                f"the segment at {segment.address:#x} has {segment.memory_size:#x} bytes in memory and "
                f"{segment.file_size:#x} in the file: what follows it in the archive would lie there instead of zeros"
            )
            yield _fault(program, "zeros", what, segment.offset, "let the linker script put .bss into .data")
        if segment.offset + segment.file_size > len(program.data):
            what = f"the segment at {segment.address:#x} ends beyond the end of the file"
            yield _fault(program, "cut-off", what, segment.offset, "the file was cut off: link it again")


def _entry(program: elf.Elf) -> Iterator[Fault]:
    entry = program.entry
    if entry == 0:
        hint = "`_start` was missing when it was linked, which linkers only warn of"
        yield _fault(program, "entry-zero", "its entry is 0, where nothing is", 24, hint)
    elif not any(
        segment.flags & elf.PF_X and 0 <= entry - segment.address < segment.file_size
        for segment in program.loads
    ):
        yield _fault(program, "entry", f"its entry {entry:#x} is in no executable segment", 24, _SCRIPT)


def _relocations(program: elf.Elf) -> Iterator[Fault]:
    for kind, what in ((elf.PT_INTERP, "an interpreter"), (elf.PT_DYNAMIC, "a dynamic table")):
        segment = program.segment(kind)
        if segment is not None:
            hint = "link it statically, with --no-dynamic-linker and without PIE"
            yield _fault(
                program, "dynamic", f"it asks for {what}, and there is none yet", segment.offset, hint
            )
    try:
        sections = program.sections
    except BadInput:  # stripped carelessly; what runs has no sections
        return
    for section in sections:
        if section.kind in (elf.SHT_REL, elf.SHT_RELA) and section.flags & SHF_ALLOC and section.size:
            what = f"{section.name} has {section.size} bytes of relocations that nobody will apply"
            yield _fault(program, "relocations", what, section.offset, "link it without PIE")


def _fault(program: elf.Elf, code: str, what: str, address: int = 0, hint: str | None = None) -> Fault:
    return Fault(what, Where(program.name, address=address), hint, f"bootstrap/{code}")
