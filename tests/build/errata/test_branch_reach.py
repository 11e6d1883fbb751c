"""The erratum branch-reach: a far branch goes wrong without the mend, and goes where it should with it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from backend_cases import M68K, M68K_LAYOUT, M68K_START, link, module, run, settings
from no_core import tool
from portwright.build import errata_mending
from portwright.build.errata import branch_reach

PROGRAM = """
@none = internal global i32 0
define i32 @main() nounwind {
  %n = load volatile i32, ptr @none
  %r = call i32 @far(i32 %n)
  ret i32 %r
}
"""


def test_a_far_branch_goes_wrong_without_the_mend_and_right_with_it(tmp_path: Path) -> None:
    source = module(tmp_path, "far", M68K_LAYOUT + M68K_START + PROGRAM + branch_reach.REPRODUCER, M68K)
    own: dict[str, Any] = {"inline_assembly": "assembler"}
    words = [source, "-plugin-opt=O1"]
    link(settings(tmp_path, M68K, without=("branch-reach",), **own), words, tmp_path / "no")
    assert run(tmp_path / "no", M68K).returncode != 2, "GNU as does not wrap displacements any more"
    report = link(settings(tmp_path, M68K, **own), words, tmp_path / "yes")
    assert report.errata["branch-reach"] >= 1
    assert run(tmp_path / "yes", M68K).returncode == 2


def test_the_assembler_knows_each_name_and_takes_the_shortest(tmp_path: Path) -> None:
    body = "".join(f"\t{name}\t.L1\n" for name in sorted(branch_reach.NAMES))
    text = f"\t.text\n\t.type\tf,@function\nf:\n\tcmp.l\t%d0, %d1\n{body}\tbra.s\t.L1\n\tnop\n.L1:\n\trts\n.Lfunc_end0:\n"
    mended, counts = errata_mending.mend("m68k", text, "case", without=("flag-destroying-copy",))
    assert counts == {"branch-reach": len(branch_reach.NAMES)}
    assert "\tbra.s\t.L1" in mended
    source = tmp_path / "a.s"
    source.write_text(mended)
    subprocess.run([tool("m68k-linux-gnu-as"), "-m68030", source, "-o", tmp_path / "a.o"], check=True)
    shown = subprocess.run(
        [tool("m68k-linux-gnu-objdump"), "-d", tmp_path / "a.o"], check=True, capture_output=True, text=True
    ).stdout
    assert shown.count("s 2") >= len(branch_reach.NAMES) - 1
