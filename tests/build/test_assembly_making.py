"""What is done where llc crashes: what is nearest, and it is listed. The llc of these tests crashes as it is told."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backend_cases import M68K, link, module, run, settings
from no_core import tool
from portwright.base.errors import BadInput, StepFailed
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


def test_what_must_inline_can_be_left_unoptimised_too(tmp_path: Path) -> None:
    own = crashing(tmp_path, "'optnone' not in attributes")
    program = PROGRAM.replace("noinline optsize minsize", "noinline minsize")
    report = link(own, [module(tmp_path, "start", program), "-plugin-opt=O2"], tmp_path / "program")
    assert [row.done for row in report.fallbacks][-1] == "optnone noinline"


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("kill -9 $$", "it ran too long, or was killed"),
        ("echo 'error: No space left on device' >&2; exit 1", "No space left on device"),
    ],
)
def test_what_is_no_fault_of_llcs_is_no_fallback_and_is_not_kept(
    ends: str, said: str, tmp_path: Path
) -> None:
    """Once it passes, the same module is made as it was asked for."""
    own, once = settings(tmp_path), tmp_path / "once"
    script = tmp_path / "llc"
    script.write_text(
        f'#!/bin/sh\n[ -e {once} ] || {{ touch {once}; {ends}; }}\nexec {tool("llc-22")} "$@"\n'
    )
    script.chmod(0o755)
    own = settings(tmp_path, tools={**own.tools, "llc": str(script)})
    words = [module(tmp_path, "start", PROGRAM), "-plugin-opt=O2"]
    with pytest.raises(StepFailed, match=said):
        link(own, words, tmp_path / "program")
    report = link(own, words, tmp_path / "program")
    assert (report.fallbacks, report.reused) == ((), ()) and run(tmp_path / "program").returncode == 42


def test_a_cpu_that_llc_does_not_know_stops_the_build(tmp_path: Path) -> None:
    """It would only be passed over, and the code be for another."""
    own = replace(settings(tmp_path), cpu="no-such-cpu")
    with pytest.raises(BadInput, match="llc does not know 'no-such-cpu'"):
        link(own, [module(tmp_path, "start", PROGRAM)], tmp_path / "program")


def test_bitcode_of_another_cpu_is_named(tmp_path: Path) -> None:
    own = settings(tmp_path, M68K)
    with pytest.raises(
        BadInput, match="the bitcode of the program is for x86_64-unknown-none-elf, and the port's"
    ):
        link(own, [module(tmp_path, "start", PROGRAM)], tmp_path / "program")


def test_what_a_killed_link_left_is_swept_away(tmp_path: Path) -> None:
    own, words = settings(tmp_path), [module(tmp_path, "start", PROGRAM), "-plugin-opt=O2"]
    link(own, words, tmp_path / "program")
    ((kept,),) = ([path.parent for path in (tmp_path / "cache" / "modules").rglob("said.json")],)
    left = kept.parent / ".new-of-another"
    left.mkdir()
    shutil.rmtree(kept)
    link(own, words, tmp_path / "program")
    assert kept.is_dir() and not left.exists()
