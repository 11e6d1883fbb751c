"""Every erratum of m68k: its reproducer goes wrong without the mend, under an emulator, and right with it.

The first half expires: where a newer LLVM no longer has a fault, its test fails and says so. Errata of the room:
address-register-and, atomic-address, branch-reach, carry-of-compare, collapsed-moves, flag-destroying-copy,
long-frame, lost-frame-index, narrow-product, nested-call, pc-relative-reach, pc-relative-store,
popped-result-pointer, realigned-stack, sign-extended-address, tested-mask, wide-shift.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from backend_cases import M68K, M68K_LAYOUT, M68K_START, link, module, run, settings
from no_core import tool
from portwright.base.errors import StepFailed
from portwright.build import backend_facts, errata_mending

MAINS = {
    "carry-of-compare": """
define i32 @main() nounwind {
  %a = call i32 @ones(i32 0, i32 2)
  %b = call i32 @ones(i32 7, i32 3)
  %c = mul i32 %b, 20
  %d = sub i32 %c, %a
  ret i32 %d
}
""",
    "collapsed-moves": """
define i32 @main() nounwind {
  %r = call i64 @later(i64 4, i32 5)
  %t = trunc i64 %r to i32
  ret i32 %t
}
""",
    "flag-destroying-copy": """
define i32 @main() nounwind {
  %r = call i32 @rounds(i32 5, i32 0)
  ret i32 %r
}
""",
    "long-frame": """
define i32 @main() nounwind {
  %x = alloca [4 x i32]
  store volatile i32 7, ptr %x
  %r = call i32 @large(i32 30)
  %y = load volatile i32, ptr %x
  %z = add i32 %r, %y
  ret i32 %z
}
""",
    "lost-frame-index": """
define i32 @main() nounwind {
  %r = call i32 @pick(i32 2, i32 9)
  ret i32 %r
}
""",
    "nested-call": """
define i32 @main() nounwind {
  %r = call i64 @product(i64 3, i32 5)
  %t = trunc i64 %r to i32
  ret i32 %t
}
""",
    "popped-result-pointer": """
define i32 @main() nounwind {
  %r = call i32 @kept(i32 6)
  ret i32 %r
}
""",
    "realigned-stack": """
define i32 @main() nounwind {
  %r = call i32 @asked(i32 6)
  ret i32 %r
}
""",
    "wide-shift": """
define i32 @main() nounwind {
  %r = call i64 @high(i64 7, i32 64)
  %t = trunc i64 %r to i32
  ret i32 %t
}
""",
}
RIGHT = {
    "carry-of-compare": 61,
    "collapsed-moves": 9,
    "flag-destroying-copy": 5,
    "long-frame": 37,
    "lost-frame-index": 0,
    "nested-call": 21,
    "popped-result-pointer": 6,
    "realigned-stack": 6,
    "wide-shift": 7,
}
LEVELS = {"collapsed-moves": 0}
"""At which level a fault shows: 1 where nothing is said."""
RUNTIME = {
    "nested-call": """
define i64 @__muldi3(i64 %x, i64 %y) noinline nounwind {
  %a = trunc i64 %x to i32
  %b = trunc i64 %y to i32
  %c = mul i32 %a, %b
  %r = zext i32 %c to i64
  ret i64 %r
}
""",
    "wide-shift": """
define i128 @__ashlti3(i128 %x, i32 %n) nounwind {
  %high = shl i128 %x, 64
  ret i128 %high
}
""",
}
"""What llc calls of the runtime library, as far as it is needed."""
REFUSED = ("address-register-and", "pc-relative-store")
"""GNU as refuses these without the mend; LLVM's own assembler does not."""
ERRATA = errata_mending.of_cpu("m68k")


@pytest.mark.parametrize("fault", sorted(ERRATA))
def test_its_file_says_all_of_it(fault: str) -> None:
    entry = ERRATA[fault]
    text = entry.__doc__ or ""
    for part in ("## What it is", "## How it is recognised", "## How it is mended"):
        assert part in text, part
    assert entry.KNOWN_IN and entry.REPRODUCER.strip()
    assert hasattr(entry, "mend") != hasattr(entry, "mend_ir")


def outcome(folder: Path, fault: str, entry: ModuleType, *, errata: bool) -> int:
    """What the reproducer's program exits with."""
    folder.mkdir()
    own = settings(folder, M68K, errata=errata)
    text = M68K_LAYOUT + M68K_START + entry.REPRODUCER + MAINS[fault] + RUNTIME.get(fault, "")
    level = f"-plugin-opt=O{LEVELS.get(fault, 1)}"
    link(own, [module(folder, "reproducer", text, M68K), level], folder / "program")
    return run(folder / "program", M68K).returncode


@pytest.mark.parametrize("fault", sorted(MAINS))
def test_it_goes_wrong_without_the_mend_and_right_with_it(fault: str, tmp_path: Path) -> None:
    entry = ERRATA[fault]
    assert outcome(tmp_path / "mended", fault, entry, errata=True) == RIGHT[fault]
    said = outcome(tmp_path / "stock", fault, entry, errata=False)
    assert said != RIGHT[fault], f"{fault} is no more in this LLVM: narrow KNOWN_IN"


@pytest.mark.parametrize("fault", REFUSED)
def test_the_assembler_refuses_what_llc_writes(fault: str, tmp_path: Path) -> None:
    entry = ERRATA[fault]
    source = module(tmp_path, "reproducer", M68K_LAYOUT + entry.REPRODUCER, M68K)
    with pytest.raises(StepFailed, match="operands mismatch"):
        link(settings(tmp_path, M68K, errata=False), [source, "-plugin-opt=O0"], tmp_path / "program")
    link(settings(tmp_path, M68K), [source, "-plugin-opt=O0"], tmp_path / "program")


def test_what_llc_cannot_select(tmp_path: Path) -> None:
    main = "define i32 @main() nounwind {\n  %r = call i32 @exchanged(i32 0, i32 7)\n  ret i32 %r\n}\n"
    source = module(
        tmp_path, "reproducer", M68K_LAYOUT + M68K_START + ERRATA["atomic-address"].REPRODUCER + main, M68K
    )
    with pytest.raises(
        StepFailed, match=r"llc crashes at the function exchanged .*, and nothing that was tried"
    ):
        link(settings(tmp_path, M68K, errata=False), [source, "-plugin-opt=O1"], tmp_path / "program")
    link(settings(tmp_path, M68K), [source, "-plugin-opt=O1"], tmp_path / "program")
    assert run(tmp_path / "program", M68K).returncode == 7


def assembly(folder: Path, fault: str) -> str:
    """What llc makes of a reproducer."""
    source = module(folder, "reproducer", M68K_LAYOUT + ERRATA[fault].REPRODUCER, M68K)
    argv = [tool("llc-22"), "-O2", "-mcpu=M68020", source, "-o", "-"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def test_a_word_to_an_address_register(tmp_path: Path) -> None:
    text = (
        "\t.text\n\t.type\tf,@function\nf:\n\tmove.w\t#40000, %a0\n\tmove.w\t#4, %a1\n\trts\n.Lfunc_end0:\n"
    )
    mended, counts = errata_mending.mend("m68k", text, "case")
    assert counts == {"sign-extended-address": 1}
    assert "\tmove.l\t#40000, %a0\n\tmove.w\t#4, %a1\n" in mended


def test_far_data(tmp_path: Path) -> None:
    text = assembly(tmp_path, "pc-relative-reach")
    assert ",%pc)" in text
    assert "\tbra\tget " in text
    mended, counts = errata_mending.mend("m68k", text, "case")
    assert ",%pc)" not in mended and counts["pc-relative-reach"] >= 2
    assert "\tjmp\tget\n" in mended and "bra\tget" not in mended


def test_the_version_of_the_tests_is_a_known_one() -> None:
    assert all(
        tool("llc-22").endswith(f"-{version}") for entry in ERRATA.values() for version in entry.KNOWN_IN
    )
    assert backend_facts.LLVM


def test_a_mask_that_a_branch_asks_about_has_a_compare_of_its_own(tmp_path: Path) -> None:
    """Not asked of the code without the mend: llc's is right, and it is the mending of copies that takes it wrongly."""
    main = """
define i32 @main() nounwind {
  %a = call i32 @low(i32 8388608, i32 4)
  %b = call i32 @low(i32 7, i32 0)
  %c = mul i32 %a, 10
  %d = add i32 %c, %b
  ret i32 %d
}
"""
    text = M68K_LAYOUT + M68K_START + ERRATA["tested-mask"].REPRODUCER + main
    mended, counts = errata_mending.mend_ir("m68k", text, "case")
    assert counts["tested-mask"] == 1 and 'asm "", "=r,0"' in mended
    source = module(tmp_path, "reproducer", text, M68K)
    link(settings(tmp_path, M68K), [source, "-plugin-opt=O1"], tmp_path / "program")
    assert run(tmp_path / "program", M68K).returncode == 51


def test_a_version_in_which_nobody_has_looked_for_faults_is_told() -> None:
    assert errata_mending.unseen_in("m68k", "22") is None
    assert errata_mending.unseen_in("x86_64", "23") is None  # it has none that are mended
    said = errata_mending.unseen_in("m68k", "23")
    assert said is not None and "found in version 22: 23 may have others" in said
