"""What a person sees of `inspect`: the facts, a table of what is inside, the findings, the verdict."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from elf_maker import CRANELIFT, LLVM, make
from initfs_maker import initfs
from portwright.base.sources import Memory
from portwright.cli.views import inspect as views
from portwright.jobs.inspect import Result
from portwright.pack import fault
from portwright.pack.inspect import Wanted, of_source


def shown(result: Result) -> list[str]:
    file = io.StringIO()
    views.view(result, Console(file=file, width=80, color_system=None))
    return file.getvalue().splitlines()


def test_a_program_with_its_facts_and_faults() -> None:
    data = make(tls=(3, 13, 8), interpreter="/lib/ld.so", needed=["libc.so"], entry=0)
    lines = shown(Result((of_source(Memory(data, "[b]init"), Wanted()),)))
    assert lines[0].startswith("[b]init: dynamic executable: 64-bit ELF, executable, x86-64, ")
    said = "\n".join(lines)
    for words in (
        "entry",
        "0x0: in no section",
        "/lib/ld.so",
        "libc.so",
        "13 bytes, aligned to 8, local-exec",
    ):
        assert words in said
    assert "error its entry is 0x0, and no segment lies there (at 0x0) [entry-zero]" in lines
    assert lines[-1] == "1 ELF file: 1 error, 1 note"


def test_an_image_with_a_line_for_each_program() -> None:
    files = {
        "bin/init": make(comment=[CRANELIFT]),
        "bin/b": make(comment=[LLVM], entry=0),
        "etc/init.rc": b"x",
    }
    image = Memory(initfs(files=files), "initfs")
    result = Result((of_source(image, Wanted(built_by="cranelift")),), built_by="cranelift")
    lines = shown(result)
    table = [line.split() for line in lines if line.startswith((":/bin", "file "))]
    assert table[0] == ["file", "kind", "machine", "entry", "made", "by", "faults"]
    assert [":/bin/init", "static", "executable", "x86-64", "0x201000", "cranelift", "-"] in table
    assert [":/bin/b", "static", "executable", "x86-64", "0x0", "llvm", "2", "errors"] in table
    assert "1 file is neither binaries nor images" in lines
    assert any(line.startswith("error initfs:/bin/b: its entry is 0x0") for line in lines)
    assert lines[-1] == "2 ELF files: 2 errors; 1 not built by cranelift: initfs:/bin/b"


@pytest.mark.parametrize("number", [1, 2])
def test_manuals(number: int) -> None:
    lines = shown(Result(manuals=tuple(fault.pages()[:number])))
    assert lines[0].startswith(fault.pages()[0].name)
    assert ("## What to do" in lines) == (number == 1)


def test_a_difference() -> None:
    good, now = Memory(make(), "good"), Memory(make(code=b"\xcc" * 12000), "now")
    lines = shown(Result((of_source(now, Wanted(), good),)))
    assert any(line.startswith("now against good: ") for line in lines) or "against good" in "\n".join(lines)
    assert any(line.split() == ["+3,808", ".text", "(8,192", "->", "12,000)"] for line in lines)
    same = shown(Result((of_source(good, Wanted(), good),)))
    assert "  nothing differs that is compared" in same
