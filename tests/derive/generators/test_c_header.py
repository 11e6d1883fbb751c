"""generators/c_header: what a C compiler says of the header, and a C program that calls this machine's kernel with it."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from portwright.base.errors import PortwrightError
from portwright.derive.generators import c_header
from portwright.describe import port as ports
from portwright.describe.ledger import Call, Struct
from portwright.describe.port import Port

LINUX = "x86_64-portwright-linux"
BUNDLED = ("x86_64-unknown-veridian", LINUX, "aarch64-portwright-linux")
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2"]

# No C library: what the header gives is all there is.
PROGRAM = r"""
#include "abi.h"
static const char said[] = "called by C\n";
static long call2(long number, unsigned long a, unsigned long b) {
    return ORACLE_trap2((unsigned long)number, a, b);
}
void entered(void);
void entered(void) {
    struct timespec time = { -1, -1 };
    unsigned long status = 0;
    if (call2(SYS_open, (unsigned long)"/no/such/file", O_RDONLY) != -ENOENT) status |= 1;
    if (call2(SYS_clock_gettime, 1, (unsigned long)&time) != 0 || time.tv_nsec < 0) status |= 2;
    if (ORACLE_trap3(SYS_write, 1, (unsigned long)said, sizeof said - 1) != sizeof said - 1) status |= 4;
    if (ORACLE_trap1(SYS_close, 9999) != -EBADF) status |= 8;
    for (;;) ORACLE_trap1(SYS_exit_group, 40 + status);
}
__asm__(".globl _start\n_start: and $-16, %rsp\n call entered\n");
"""


@pytest.fixture
def compiler() -> str:
    """The C compiler."""
    found = shutil.which("gcc") or shutil.which("clang")
    if found is None:
        pytest.skip("no C compiler (gcc or clang)")
    return found


def oracle() -> Port:
    """Linux's own calls."""
    return ports.load(LINUX)


def compiled(compiler: str, folder: Path, header: str, source: str, *options: str) -> Path:
    """A program or object of the header and a source."""
    (folder / "abi.h").write_text(header)
    (folder / "main.c").write_text(source)
    made = folder / "made"
    command = [compiler, *STRICT, *options, "-o", str(made), str(folder / "main.c")]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return made


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_ledgers_compile_without_a_warning(name: str, compiler: str, tmp_path: Path) -> None:
    """Sizes and offsets are asserted by the header itself; including it twice is harmless."""
    header = c_header.generate(ports.load(name))
    compiled(compiler, tmp_path, header, '#include "abi.h"\n#include "abi.h"\n', "-c")
    assert header.count("_Static_assert(sizeof") == len(ports.load(name).ledger.types)


def test_a_program_in_c_calls_this_kernel(compiler: str, tmp_path: Path) -> None:
    """The oracle: Linux takes the calls as the header makes them."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        pytest.skip("the ledger is of Linux on x86-64")
    port = oracle()
    source = PROGRAM.replace("ORACLE", port.os)
    program = compiled(compiler, tmp_path, c_header.generate(port), source, "-nostdlib", "-static")
    ran = subprocess.run([program], capture_output=True, text=True, timeout=20)
    assert (ran.returncode, ran.stdout) == (40, "called by C\n")


def test_names_and_layouts_that_c_does_not_take_as_they_are(compiler: str, tmp_path: Path) -> None:
    """Keywords get an underscore, a comment's end is broken up, an odd struct is packed."""
    port = oracle()
    odd = Struct.model_validate(
        {
            "size": 11,
            "note": "ends */ here",
            "fields": {"int": {"offset": 1, "size": 4}, "rest": {"offset": 6, "size": 5}},
        }
    )
    calls = {**port.ledger.syscalls, "break": Call(number=999, constants={"AT_HERE": -100})}
    ledger = port.ledger.model_copy(update={"types": {"odd": odd}, "syscalls": calls})
    header = c_header.generate(replace(port, abi=ledger))
    source = """#include "abi.h"
int check(void); int check(void) { struct odd o = { .int_ = SYS_break_ }; return (int)o.int_ + break_AT_HERE; }
"""
    compiled(compiler, tmp_path, header, source, "-c")
    assert "__attribute__((packed))" in header and "ends * / here" in header


def test_failures_told_by_the_carry_flag(compiler: str, tmp_path: Path) -> None:
    """They are made negative, and the flags are known to change."""
    port = oracle()
    abi = port.ledger.abi.model_copy(update={"error": "carry"})
    header = c_header.generate(replace(port, abi=port.ledger.model_copy(update={"abi": abi})))
    made = compiled(compiler, tmp_path, header, '#include "abi.h"\n', "-c")
    assert made.exists() and "neg %[rax]" in header and '"cc"' in header


def test_a_register_that_the_compiler_keeps_is_said() -> None:
    """An ABI with an argument in the frame pointer has no C function."""
    port = oracle()
    abi = port.ledger.abi.model_copy(update={"arguments": ["rdi", "rbp"]})
    with pytest.raises(PortwrightError, match="rbp"):
        c_header.generate(replace(port, abi=port.ledger.model_copy(update={"abi": abi})))


def test_each_number_once() -> None:
    """A call that is there under several numbers has a name for each."""
    header = c_header.generate(ports.load(BUNDLED[0]))
    names = re.findall(r"#define (\w+)", header)
    assert len(names) == len(set(names))
    assert "#define SYS_read 52" in header and "#define SYS_dup2 58" in header
