"""The userland machine's m68k on Unicorn against qemu-m68k, on the same loops in the same bytes of code.

A program is assembled once and ended in two ways, as Linux's and as NeXT's kernel wants it: an ELF program for the
rival, and the Mach-O program that portwright makes of it for ours. Times are of whole runs with all that a user has on.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks.machine import ours
from benchmarks.row import Row

from benchmarks import timing
from portwright.build import elf_program_to_macho
from portwright.describe import port as ports

PORT, TIMES = "m68k-next-nextstep", 3
TOOLS = ("m68k-linux-gnu-as", "m68k-linux-gnu-ld", "qemu-m68k")

# Each counts in d3 and leaves its sum in d0; `end` makes of a right sum the status 0.
LOOPS = {
    "register loop": (
        20_000_000,
        """
 moveq #1,%d0
1: move.l %d0,%d1
 lsl.l #5,%d1
 eor.l %d1,%d0
 move.l %d0,%d1
 lsr.l #7,%d1
 eor.l %d1,%d0
 add.l %d3,%d0
 subq.l #1,%d3
 jne 1b
""",
    ),
    "memory loop": (
        10_000_000,
        """
 lea room,%a0
 moveq #0,%d0
1: move.l %d3,%d1
 and.l #0xfffc,%d1
 move.l (%a0,%d1.l),%d2
 add.l %d3,%d2
 move.l %d2,(%a0,%d1.l)
 add.l %d2,%d0
 subq.l #1,%d3
 jne 1b
""",
    ),
    "call loop": (
        5_000_000,
        """
 moveq #0,%d0
1: move.l %d3,-(%sp)
 jsr called
 addq.l #4,%sp
 subq.l #1,%d3
 jne 1b
 jra end
called: link.w %fp,#-8
 move.l 8(%fp),%d1
 move.l %d1,-4(%fp)
 add.l -4(%fp),%d0
 unlk %fp
 rts
""",
    ),
    "system calls": (
        100_000,
        """
1: moveq #20,%d0
 trap #TRAP
 subq.l #1,%d3
 jne 1b
 moveq #0,%d0
""",
    ),
}
PROGRAM = """
 .text
 .globl _start
_start: move.l #COUNT,%d3
LOOP
end: move.l %d0,answer
 moveq #0,%d1
 moveq #1,%d0
 trap #TRAP
 .data
answer: .long 0
 .bss
 .even
room: .space 65536
"""


def rows() -> list[Row]:
    """Numbers to know; none where the tools are missing."""
    if not all(map(shutil.which, TOOLS)):
        return []
    port = ports.load(PORT)
    found = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        for title, (count, loop) in LOOPS.items():
            text = PROGRAM.replace("LOOP", loop).replace("COUNT", str(count))
            linux, program = _built(Path(name), text)
            mine = count / ours(port, program, "unicorn")
            theirs = count / timing.best(["qemu-m68k", str(linux)], TIMES).seconds
            found.append(Row(f"{title}, m68k on Unicorn", "qemu-m68k", mine, theirs, "/s", "to know", None))
    return found


def _built(folder: Path, text: str) -> tuple[Path, Path]:
    """The ELF program for Linux's trap, and the Mach-O program for NeXT's."""
    made = {}
    for trap, options in (("0", ()), ("4", ("-Ttext-segment=0x4000", "-zmax-page-size=8192"))):
        source, object_file = folder / f"{trap}.s", folder / f"{trap}.o"
        source.write_text(text.replace("TRAP", trap))
        made[trap] = folder / f"{trap}.elf"
        subprocess.run(["m68k-linux-gnu-as", source, "-o", object_file], check=True)
        subprocess.run(["m68k-linux-gnu-ld", *options, object_file, "-o", made[trap]], check=True)
    program = folder / "program"
    program.write_bytes(elf_program_to_macho.convert(made["4"].read_bytes(), "program"))
    return made["0"], program
