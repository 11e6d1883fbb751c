"""What is done where llc crashes: what is nearest, and it is listed. The llc of these tests crashes as it is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from backend_cases import link, module, run, settings
from no_core import tool
from portwright.base.errors import StepFailed
from portwright.build.backends import Fallback, Settings

PROGRAM = """
define void @_start() noreturn {
  %code = call i32 @fragile(i32 40)
  call void asm sideeffect "syscall", "{rax},{rdi}"(i64 60, i32 %code)
  unreachable
}
define i32 @fragile(i32 %x) noinline optsize minsize {
  %sum = add i32 %x, 2
  ret i32 %sum
}
"""
LLC = """#!{python}
import os, re, signal, subprocess, sys
words = sys.argv[1:]
text = subprocess.run([{dis!r}, words[words.index("-o") - 1], "-o", "-"], capture_output=True, text=True).stdout
group = re.search(r"^define .*@fragile\\(.*(#\\d+) ", text, re.MULTILINE)[1]
attributes = re.search(rf"^attributes {{group}} = (.*)", text, re.MULTILINE)[1].split()
level = words[0]
if {when}:
    print("PLEASE submit a bug report\\nStack dump:\\n0.\\tProgram arguments: llc", file=sys.stderr)
    print("1.\\tRunning pass 'Some Pass' on function '@fragile'", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)
os.execv({llc!r}, [{llc!r}, *words])
"""


def crashing(folder: Path, when: str) -> Settings:
    """Settings with an llc that crashes at a function: `when` asks for its `attributes` and the `level`."""
    own = settings(folder)
    script = folder / "llc"
    script.write_text(
        LLC.format(python=sys.executable, dis=tool("llvm-dis-22"), llc=tool("llc-22"), when=when)
    )
    script.chmod(0o755)
    return settings(folder, tools={**own.tools, "llc": str(script)})


WHY = "Some Pass: signal 11"
CASES = {
    "'optsize' in attributes": [Fallback("program", "fragile", "optsize minsize", "without", WHY)],
    "'optnone' not in attributes": [
        Fallback("program", "fragile", "optsize minsize", "without", WHY),
        Fallback("program", "fragile", "-O2", "optnone noinline", WHY),
    ],
    "level != '-O1'": [
        Fallback("program", "fragile", "optsize minsize", "without", WHY),
        Fallback("program", "fragile", "-O2", "optnone noinline", WHY),
        Fallback("program", "", "-O2", "-O1", WHY),
    ],
}


@pytest.mark.parametrize("when", CASES)
def test_the_least_that_helps_is_done_and_listed(when: str, tmp_path: Path) -> None:
    own = crashing(tmp_path, when)
    report = link(own, [module(tmp_path, "start", PROGRAM), "-plugin-opt=O2"], tmp_path / "program")
    assert list(report.fallbacks) == CASES[when]
    assert run(tmp_path / "program").returncode == 42


def test_the_build_stops_where_nothing_helps(tmp_path: Path) -> None:
    own = crashing(tmp_path, "True")
    with pytest.raises(StepFailed, match="llc crashes at the function fragile in Some Pass") as caught:
        link(own, [module(tmp_path, "start", PROGRAM), "-plugin-opt=O2"], tmp_path / "program")
    assert "run it again" in str(caught.value) and not (tmp_path / "program").exists()
