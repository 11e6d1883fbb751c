"""ELF to Mach-O: the arithmetic of relocations, real objects linked and run, programs, and what is refused."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import macho_linker
from portwright.base.errors import BadInput
from portwright.base.sources import Memory
from portwright.build import elf_program_to_macho, elf_to_macho
from portwright.build.elf_m68k import Mend
from portwright.build.macho_mends import Ground, Refusal, Target, mended
from portwright.formats import macho
from portwright.formats.parts import macho_values as values
from portwright.formats.parts.macho_entries import number_at

TESTS = Path(__file__).resolve().parents[1]
START = """
 .text
 .globl _start, start, put
_start:
start: jsr main
 move.l %d0,%d1
 moveq #1,%d0
 trap #TRAP
put: move.l %d2,-(%sp)
 move.l %d3,-(%sp)
 moveq #4,%d0
 moveq #1,%d1
 move.l 12(%sp),%d2
 move.l 16(%sp),%d3
 trap #TRAP
 move.l (%sp)+,%d3
 move.l (%sp)+,%d2
 rts
"""
MAIN = r"""
extern void put(const void *, int);
extern int twice(int), thrice(int), table(int);
extern int shared, numbers[4], far_away[30000];
int common, *into = &numbers[2], *end = numbers + 4, *past = &numbers[4] + 1000;
static int counter = 7, zeros[8], *of_zeros = &zeros[5], *beyond = zeros + 5000;
static const char *const words[] = {"zero", "one", "two", "three"};
int (*const calls[])(int) = {twice, thrice, table};
static void number(const char *name, unsigned value)
{
    char text[10];
    int i, n = 0;
    while (name[n]) n++;
    put(name, n);
    text[0] = ' '; text[9] = '\n';
    for (i = 8; i >= 1; i--, value >>= 4) text[i] = "0123456789abcdef"[value & 15];
    put(text, 10);
}
static int choose(int x)
{
    switch (x) {
    case 0: return twice(x + 3);
    case 1: return 55;
    case 2: return thrice(9) + counter;
    case 3: counter += 3; return 77;
    case 4: return shared;
    case 5: return numbers[1];
    case 6: return 1234;
    }
    return -1;
}
int main(void)
{
    int i;
    for (i = 0; i < 8; i++) number(words[i & 3], choose(i));
    for (i = 0; i < 3; i++) number("call", calls[i](i + 10));
    common = 5; *of_zeros = 6; far_away[29999] = 8; shared++;
    number("into", *into); number("end", end - numbers); number("past", past - numbers);
    number("beyond", beyond - zeros);
    number("sum", common + zeros[5] + far_away[29999] + shared + counter);
    return 42;
}
"""
LIBRARY = """
 .text
 .globl twice, thrice, table
twice: move.l 4(%sp),%d0
 add.l %d0,%d0
 rts
local: bsr.w inner
 rts
inner: addq.l #1,%d0
 rts
thrice: move.l 4(%sp),%d0
 move.l %d0,-(%sp)
 bsr.l twice
 add.l (%sp)+,%d0
 bsr.w local
 add.l shared+4,%d0
 lea (cell,%pc),%a0
 add.l (%a0),%d0
 add.w short,%d0
 rts
table: lea distances,%a0
 move.l (%a0),%d0
 lea (%a0,%d0.l),%a0
 move.l 4(%sp),-(%sp)
 jsr (%a0)
 lea distances+4,%a0
 move.w (%a0),%d1
 ext.l %d1
 lea (%a0,%d1.l),%a0
 jsr (%a0)
 lea distances+6,%a0
 move.l (%a0),%d1
 add.l (%a0,%d1.l),%d0
 addq.l #4,%sp
 rts
 .data
 .globl shared, numbers
shared: .long 0x100, 0x200
numbers: .long 11, 22, 33, 44
distances: .long twice-.
 .word inner-.
 .long outside-.
cell: .long 0x1000
short: .word 3
 .section .rodata
outside: .long 0x10000
 .comm far_away,120000
"""
IR = """
@g = global i32 5, align 4
@h = internal global [4 x i32] [i32 1, i32 2, i32 3, i32 4], align 4
@p = global i32* getelementptr ([4 x i32], [4 x i32]* @h, i32 0, i32 3), align 4
declare dso_local i32 @other(i32)
define i32 @main() {
  %a = load i32, i32* @g
  %b = load i32*, i32** @p
  %c = load i32, i32* %b
  %d = add i32 %a, %c
  %e = call i32 @other(i32 %d)
  ret i32 %e
}
"""
OTHER = (
    " .text\n .globl other\nother: move.l 4(%sp),%d0\n add.l shared,%d0\n rts\n .data\nshared: .long 100\n"
)


def needed(*names: str) -> None:
    """Skip where a tool is missing."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        packages = "binutils-m68k-linux-gnu, gcc-m68k-linux-gnu, qemu-user, llvm"
        pytest.skip(f"not on this machine: {', '.join(missing)} ({packages})")


def tool(*command: object) -> str:
    """Run a tool that has to succeed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def assembled(folder: Path, name: str, text: str, *options: str) -> Path:
    """An object of GNU as."""
    source = folder / f"{name}.s"
    source.write_text(text)
    tool("m68k-linux-gnu-as", *options, source, "-o", folder / f"{name}.o")
    return folder / f"{name}.o"


def converted(path: Path) -> values.Macho:
    """The Mach-O object of an ELF object, read from its bytes."""
    return macho.load(Memory(elf_to_macho.convert(path.read_bytes(), path.name)))


def run(path: Path) -> tuple[int, str]:
    """(exit status, output) of a Mach-O program in Unicorn."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent / "src"), str(TESTS)))}
    done = subprocess.run(
        [sys.executable, TESTS / "macho_runner.py", path],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def compared(folder: Path, objects: list[Path], *, far: bool = False) -> tuple[int, str]:
    """Link the objects in three ways, run all, and demand one outcome."""
    linux = assembled(folder, "linux", START.replace("TRAP", "0"))
    next_ = assembled(folder, "next", START.replace("TRAP", "4"))
    tool("m68k-linux-gnu-ld", linux, *objects, "-o", folder / "elf")
    done = subprocess.run(["qemu-m68k", folder / "elf"], capture_output=True, text=True, timeout=60)
    made = macho_linker.link([converted(path) for path in (next_, *objects)], "_start")
    (folder / "linked").write_bytes(macho.write(made))
    tool("m68k-linux-gnu-ld", "-Ttext-segment=0x4000", next_, *objects, "-o", folder / "next.elf")
    program = elf_program_to_macho.convert((folder / "next.elf").read_bytes(), "next.elf")
    (folder / "program").write_bytes(program)
    for name in ("linked", "program"):
        assert run(folder / name) == (done.returncode, done.stdout), name
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    "options", [("-O0",), ("-O2",), ("-Os", "-mcpu=68040", "-fdata-sections", "-ffunction-sections")]
)
def test_objects_of_gcc_and_as_run_as_their_elf_does(tmp_path: Path, options: tuple[str, ...]) -> None:
    needed("m68k-linux-gnu-gcc", "m68k-linux-gnu-as", "m68k-linux-gnu-ld", "qemu-m68k")
    source = tmp_path / "main.c"
    source.write_text(MAIN)
    flags = ("-ffreestanding", "-fno-pic", "-fcommon", "-fno-asynchronous-unwind-tables")
    tool("m68k-linux-gnu-gcc", *flags, *options, "-c", source, "-o", tmp_path / "main.o")
    library = assembled(tmp_path, "library", LIBRARY)
    kinds = [entry.kind for row in converted(library).sections for entry in row.relocations]
    assert kinds.count(values.SECTDIFF) == kinds.count(values.PAIR) == 3
    status, output = compared(tmp_path, [tmp_path / "main.o", library])
    assert status == 42 and output.splitlines()[1] == "one 00000037" and len(output.splitlines()) == 16


@pytest.mark.parametrize("llc", ["llc", "llc-22"])
@pytest.mark.parametrize("level", ["-O1", "-O2"])
def test_objects_of_llc(tmp_path: Path, level: str, llc: str) -> None:
    needed(llc, "m68k-linux-gnu-as", "m68k-linux-gnu-ld", "qemu-m68k")
    said = tool(llc, "--version")
    if "m68k" not in said:
        pytest.skip(f"this {llc} knows no m68k")
    typed = "version 14" in said
    (tmp_path / "main.ll").write_text(IR if typed else re.sub(r"(i32|\[4 x i32\])\*+", "ptr", IR))
    tool(llc, "-march=m68k", level, "-filetype=obj", tmp_path / "main.ll", "-o", tmp_path / "main.o")
    status, _ = compared(tmp_path, [tmp_path / "main.o", assembled(tmp_path, "other", OTHER)])
    assert status == 109


SECTIONS = [(0, 0x100), (0x100, 0x180), (0x180, 0x1C0)]


class Home:
    """A section in the making, as `mended` wants it."""

    def __init__(self, number: int, name: str) -> None:
        self.address, end = SECTIONS[number - 1]
        self.segment, self.name, self.number, self.size = "__TEXT", name, number, end - self.address
        self.data = bytearray(self.size)


def agrees_with_its_entries(
    home: Home, place: int, length: int, addend: int, target: Target, entries: tuple[values.Relocation, ...]
) -> None:
    """What a linker that moves smaller things than sections, and a person, may take from the entries is true."""
    number = number_at(home.data, place, length)
    if len(entries) == 2:
        first, pair = entries
        assert isinstance(first, values.Scattered) and isinstance(pair, values.Scattered)
        assert first.value == target.address and pair.value == home.address + place
        assert (number - (first.value - pair.value + addend)) % (1 << (8 << length)) == 0
    elif entries and isinstance(entries[0], values.Scattered):
        assert entries[0].value == target.address
    elif entries and not entries[0].external:
        start, end = SECTIONS[target.section - 1]
        assert entries[0].number == target.section
        if start <= target.address < end:
            assert start <= target.address + addend < end  # else the number itself would name another section


@settings(max_examples=400, deadline=None)
@given(some.data())
def test_the_arithmetic(data: Any) -> None:
    """Whatever is moved whereto: after the linker's formula, the place holds S + A or S + A - P, as ELF has it."""
    number = data.draw(some.integers(1, 3))
    home = Home(number, data.draw(some.sampled_from(("__text", "__data"))))
    kind = data.draw(some.sampled_from((1, 2, 3, 4, 5, 6, 13, 14)))
    length = {1: 2, 2: 1, 3: 0, 4: 2, 5: 1, 6: 0, 13: 2, 14: 1}[kind]
    relative = kind >= 4
    place = data.draw(some.integers(0, home.size - (1 << length)))
    addend = data.draw(some.integers(-0x300, 0x300))
    moves = [data.draw(some.integers(0, 0x80)) for _ in SECTIONS]
    symbol = data.draw(some.integers(0, 0x400))
    if data.draw(some.booleans()):
        target, goal = Target(0, symbol=0), symbol
    else:
        which = data.draw(some.integers(1, 3))
        address = data.draw(some.integers(*SECTIONS[which - 1]))
        target, goal = Target(address, section=which), address + moves[which - 1]
    entries = mended(Ground(SECTIONS), home, place, Mend(place, kind, 0, addend), target)
    wanted = goal + addend - (home.address + place + moves[number - 1] if relative else 0)
    if isinstance(entries, Refusal):
        assert length < 2 and entries.code == "does-not-fit"
        return
    agrees_with_its_entries(home, place, length, addend, target, entries)
    if length < 2 and not -(1 << (8 << length) - 1) <= wanted < 1 << (8 << length) - relative:
        return  # the linker says that it does not fit any more

    def moved(address: int) -> int:
        return next(
            move for (first, end), move in zip(SECTIONS, moves, strict=True) if first <= address < end
        )

    section = values.Section(home.name, "", home.address, home.size, bytes(home.data), relocations=entries)
    result = macho_linker.relocate(section, moved, lambda n: moves[n - 1], lambda n: symbol)
    size = 1 << length
    assert int.from_bytes(result[place : place + size], "big") == wanted & (1 << 8 * size) - 1
    assert not any(result[:place]) and not any(result[place + size :])


REFUSED = {
    "a 16-bit address that is too far": (
        ' .data\n .space 70000\n .section .data.b,"aw"\n .globl x\nx: .long 0\n .text\n move.w x:w,%d0\n',
        "does-not-fit",
    ),
    "a 16-bit displacement that is too far": (
        ' .text\n .space 40000\n .section .text.b,"ax"\n lea (out:w,%pc),%a0\n',
        "does-not-fit",
    ),
    "a call of LLVM's that is wrong": (
        " .text\n .short 0x4eb9\n .reloc 2,R_68K_PLT32,x\n .long 0\n",
        "wrong-call",
    ),
    "a byte displacement": (" .text\n nop\n .data\n .space 4\n .byte x-.\n .text\nx: nop\n", "does-not-fit"),
    "a weak reference": (" .text\n .weak w\n jsr w\n", "weak"),
    "thread-locals": (' .section .tdata,"awT"\n .globl t\nt: .long 5\n', "thread-local"),
    "constructors": (' .section .init_array,"aw",@init_array\n .long 5\n', "constructors"),
    "a global offset table": (" .text\n move.l x@GOT(%a5),%d0\n", "relocation-type"),
    "what is not carried over": (" .section .debug_x\nq: .long 5\n .text\n .long q\n", "no-section"),
    "over 16 MiB": (" .data\n .space 0x1000004\n .long x-.\n .text\nx: nop\n", "far"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path: Path, case: str) -> None:
    needed("m68k-linux-gnu-as")
    text, code = REFUSED[case]
    path = assembled(tmp_path, "bad", text)
    with pytest.raises(BadInput) as caught:
        elf_to_macho.convert(path.read_bytes(), path.name)
    assert f"macho/{code}" in [fault.code for fault in caught.value.faults]


def test_all_that_is_refused_is_told_at_once(tmp_path: Path) -> None:
    needed("m68k-linux-gnu-as")
    text = "".join(
        REFUSED[case][0] for case in ("a weak reference", "thread-locals", "a global offset table")
    )
    path = assembled(tmp_path, "bad", text)
    with pytest.raises(BadInput) as caught:
        elf_to_macho.convert(path.read_bytes(), path.name)
    codes = {fault.code for fault in caught.value.faults}
    assert codes == {"macho/weak", "macho/thread-local", "macho/relocation-type"}


LINKED = {
    "the address that ld takes by itself": ((), "range"),
    "no room for the header": (("-Ttext=0x2100",), "no-room"),
    "a page for two": (("-Ttext=0x2800", "-Tdata=0x2c00", "-z", "max-page-size=1024"), "page"),
    "position-independent": (("-pie", "--no-dynamic-linker"), "kind"),
}


@pytest.mark.parametrize("case", LINKED)
def test_programs_that_are_refused(tmp_path: Path, case: str) -> None:
    needed("m68k-linux-gnu-as", "m68k-linux-gnu-ld")
    options, code = LINKED[case]
    path = assembled(tmp_path, "small", " .text\n .globl _start\n_start: nop\n .data\n .long 5\n")
    tool("m68k-linux-gnu-ld", *options, path, "-o", tmp_path / "program")
    with pytest.raises(BadInput) as caught:
        elf_program_to_macho.convert((tmp_path / "program").read_bytes(), "program")
    assert f"macho/{code}" in [fault.code for fault in caught.value.faults]


def test_of_another_cpu_and_cut_off(tmp_path: Path) -> None:
    for convert in (elf_to_macho.convert, elf_program_to_macho.convert):
        with pytest.raises(BadInput, match="not for m68k"):
            convert(Path(sys.executable).resolve().read_bytes(), "python")
    needed("m68k-linux-gnu-as")
    data = assembled(tmp_path, "library", LIBRARY).read_bytes()
    for length in range(0, len(data), 7):
        with pytest.raises(BadInput):
            elf_to_macho.convert(data[:length], "cut.o")


@settings(max_examples=120, deadline=None)
@given(some.booleans(), some.data())
def test_damaged_files_are_only_ever_told_of(library: bytes, linked: bytes, whole: bool, data: Any) -> None:
    raw = bytearray(linked if whole else library)
    for _ in range(data.draw(some.integers(1, 5))):
        raw[data.draw(some.integers(0, len(raw) - 1))] = data.draw(some.integers(0, 255))
    for convert in (elf_to_macho.convert, elf_program_to_macho.convert):
        try:
            convert(bytes(raw), "damaged")
        except BadInput:
            continue


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An object with relocations of all kinds."""
    needed("m68k-linux-gnu-as")
    return assembled(tmp_path_factory.mktemp("library"), "library", LIBRARY).read_bytes()


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory, library: bytes) -> bytes:
    """The same, linked as a program."""
    needed("m68k-linux-gnu-ld")
    folder = tmp_path_factory.mktemp("linked")
    (folder / "library.o").write_bytes(library)
    tool(
        "m68k-linux-gnu-ld",
        "-s",
        "-e",
        "twice",
        "-Ttext-segment=0x4000",
        folder / "library.o",
        "-o",
        folder / "it",
    )
    data = (folder / "it").read_bytes()
    assert macho.load(Memory(elf_program_to_macho.convert(data, "it"))).entry
    return data


def test_the_program_that_is_read_again_keeps_its_symbols(tmp_path: Path) -> None:
    needed("m68k-linux-gnu-as", "m68k-linux-gnu-ld")
    path = assembled(tmp_path, "small", " .text\n .globl _start\n_start: nop\n .data\nhere: .long 5\n")
    tool("m68k-linux-gnu-ld", "-Ttext-segment=0x4000", path, "-o", tmp_path / "program")
    data = (tmp_path / "program").read_bytes()
    shared = values.FixedLibrary("/usr/shlib/libsys_s.B.shlib", 55, 0x0500_0000)
    found = macho.load(Memory(elf_program_to_macho.convert(data, "program", (shared,))))
    assert {"__start", "_here"} <= {symbol.name for symbol in found.symbols}
    start = next(symbol for symbol in found.symbols if symbol.name == "__start")
    assert (start.kind, start.value) == (values.N_SECT | values.N_EXT, found.entry)
    assert found.sections[start.section - 1].name == "__text"
    assert found.libraries == (shared,) and found.segments[0].name == "__PAGEZERO"
    assert all(row.address % 8192 == row.file_offset % 8192 == 0 for row in found.segments)
    assert not macho.load(Memory(elf_program_to_macho.convert(data, "program", symbols=False))).symbols
    (tmp_path / "small").write_bytes(elf_program_to_macho.convert(data, "program"))
    if shutil.which("file"):
        assert "Mach-O m68k executable" in tool("file", tmp_path / "small")
