"""Cases that the errata once missed: found by reading them beside LLVM's code, each run under an emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend_cases import M68K, M68K_LAYOUT, M68K_START, link, module, run, settings
from portwright.build import errata_mending, ir_text

MASKED = """
define i32 @f(i64 %x, i8 %a, ptr %p) noinline nounwind {
  %v = load i8, ptr %p
  %c = icmp eq i8 %v, %a
  br i1 %c, label %one, label %two
two:
  %m = and i64 %x, 255
  ASKED
  br i1 %z, label %yes, label %no
yes:
  ret i32 1
no:
  %t = trunc i64 %m to i32
  ret i32 %t
one:
  ret i32 7
}
@b = internal global i8 2
define i32 @main() nounwind {
  %r = call i32 @f(i64 256, i8 1, ptr @b)
  ret i32 %r
}
"""
BY_VALUE = """
%four = type { i32, i32, i32, i32 }
define i32 @pick(
    ptr byval(%four) align 2 captures(address, read_provenance) dereferenceable(16) %x, i32 %n
) noinline nounwind {
  %p = getelementptr i32, ptr %x, i32 %n
  %v = load i32, ptr %p
  ret i32 %v
}
define i32 @main() nounwind {
  %a = alloca %four
  store %four { i32 1, i32 2, i32 3, i32 4 }, ptr %a
  %r = call i32 @pick(ptr byval(%four) align 2 %a, i32 2)
  ret i32 %r
}
"""
IN_A_VALUE = """
define void @fill(ptr %p) noinline nounwind {
  store volatile i32 1, ptr %p
  %q = getelementptr i32, ptr %p, i32 2
  store volatile i32 3, ptr %q
  ret void
}
define i32 @ins(i32 %n) noinline nounwind {
  %a = alloca [4 x i32], align 2
  call void @fill(ptr %a)
  %s = insertvalue { ptr, i32 } poison, ptr %a, 0
  %q = extractvalue { ptr, i32 } %s, 0
  %p = getelementptr i32, ptr %q, i32 %n
  %v = load i32, ptr %p
  ret i32 %v
}
define i32 @main() nounwind {
  %r = call i32 @ins(i32 2)
  ret i32 %r
}
"""
CUT = "%w = trunc i64 %m to i32\n  %z = icmp eq i32 %w, 0"
CASES = {
    "a mask of 64 bits that is compared": (MASKED.replace("ASKED", "%z = icmp eq i64 %m, 0"), 1),
    "a mask that is cut, then compared": (MASKED.replace("ASKED", CUT), 1),
    "an attribute with a comma": (BY_VALUE, 3),
    "a pointer that was part of a value": (IN_A_VALUE, 3),
}


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("name", CASES)
def test_it_comes_out_right(name: str, level: int, tmp_path: Path) -> None:
    text, right = CASES[name]
    own = settings(tmp_path, M68K)
    link(
        own,
        [module(tmp_path, "case", M68K_LAYOUT + M68K_START + text, M68K), f"-plugin-opt=O{level}"],
        tmp_path / "program",
    )
    assert run(tmp_path / "program", M68K).returncode == right


def test_arguments_are_read_with_their_attributes() -> None:
    head = 'define { i32 } @"a(b"(ptr byval({ i32, [2 x i8] }) align 2 %"x,y", <2 x i32> %v, ptr sret(%t) %0, ...) #1 {'
    (function,) = ir_text.read(f"{head}\n  ret void\n}}\n", "case").functions()
    assert function.by_value() == ['%"x,y"']


@pytest.mark.parametrize("name", ["adda", "suba", "cmpa", "movea"])
def test_words_with_address_registers_are_extended(name: str) -> None:
    text = f"\t.type\tf,@function\nf:\n\t{name}.w\t#40000, %a0\n\t{name}.w\t#-5, %a1\n\trts\n.Lfunc_end0:\n"
    made, counts = errata_mending.mend("m68k", text, "case")
    assert f"{name}.l\t#40000, %a0" in made and f"{name}.w\t#-5, %a1" in made
    assert counts == {"sign-extended-address": 1}
