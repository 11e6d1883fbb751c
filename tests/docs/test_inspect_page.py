"""The commands in docs/inspect.md run, and show what the page says."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path
from typing import Any

from dwarf_maker import debug
from elf_maker import CRANELIFT, LLVM, make
from initfs_maker import initfs
from portwright.formats import elf

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
START = ("_start", 0x201000, 16, elf.STT_FUNC)


def prepare(folder: Path) -> None:
    """The files that the page speaks of."""
    (folder / "bin").mkdir()
    relocations = [(0x4000 + 8 * row, 8) for row in range(3)]
    mixed = make(comment=[LLVM, CRANELIFT], extra=debug([LLVM] * 2 + [CRANELIFT] * 7), symbols=())
    more = [START, ("_RNvNtCs1aB_8redox_rt4proc9fork_impl", 0x201100, 1_000_000, elf.STT_FUNC)]
    for name, data in {
        "init": make(entry=0, symbols=[("begin", 0x201000, 16, elf.STT_FUNC)]),
        "pie": make(kind=elf.ET_DYN, base=0, relocations=relocations),
        "bin/init": make(comment=[CRANELIFT]),
        "bin/pcid": mixed,
        "bin/randd": make(comment=[LLVM]),
        "initfs.img": initfs(None),
        "good": make(code=b"\xcc" * 402_000),
        "now": make(code=b"\xcc" * 1_402_000, symbols=more),
    }.items():
        (folder / name).write_bytes(data)


def test_every_command_shows_what_the_page_says(repo: Path, tmp_path: Path, portwright: Any) -> None:
    prepare(tmp_path)
    bodies = BLOCK.findall((repo / "docs" / "inspect.md").read_text())
    parts = [part for body in bodies for part in re.split(r"^\$ ", body, flags=re.M)[1:]]
    assert len(parts) == 5
    for command, _, shown in (part.partition("\n") for part in parts):
        done = portwright(*shlex.split(command)[1:], cwd=tmp_path)
        assert (done.returncode in (0, 1), done.stderr) == (True, "")
        said = doctest.OutputChecker().check_output(shown, done.stdout, FLAGS)
        assert said, f"$ {command}\n{done.stdout}\n---\n{shown}"
