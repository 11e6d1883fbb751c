"""Mends in LLVM IR: what they take for a case, what they leave, and that llvm-as reads what they write."""

from __future__ import annotations

import subprocess

import pytest

from no_core import tool
from portwright.base.errors import BadInput
from portwright.build import errata_mending, ir_text


def mend(fault: str, text: str) -> tuple[str, int]:
    """The mended text, which must be LLVM IR, and how many cases there were."""
    others = [name for name in errata_mending.of_cpu("m68k") if name != fault]
    argv = [tool("opt-22"), "-S", "-passes=verify", "-", "-o", "-"]
    plain = subprocess.run(argv, input=text, check=True, capture_output=True, text=True).stdout
    made, counts = errata_mending.mend_ir("m68k", plain, "case", others)
    subprocess.run(argv, input=made, check=True, capture_output=True, text=True)
    return made, counts.get(fault, 0)


CHOSEN = """
define i32 @f(i1 %c, i32 %n) {
  %a = alloca [4 x i32]
  %b = alloca [4 x i32]
  %last = getelementptr i8, ptr %a, i32 12
  br label %loop
loop:
  %p = phi ptr [ %last, %0 ], [ %next, %loop ]
  %next = getelementptr i8, ptr %p, i32 -4
  %v = load i32, ptr %next
  store i32 %v, ptr %b
  br i1 %c, label %loop, label %end
end:
  ret i32 %v
}
"""


def test_a_pointer_that_goes_round_has_an_index_that_llc_makes() -> None:
    made, count = mend("lost-frame-index", CHOSEN)
    assert count == 1 and 'asm "", "=r,0"(ptr %a)' in made and "(ptr %b)" not in made
    selected = CHOSEN.replace("phi ptr [ %last, %0 ], [ %next, %loop ]", "select i1 %c, ptr %last, ptr %b")
    made, count = mend("lost-frame-index", selected)
    assert count == 2 and "(ptr %a)" in made and "(ptr %b)" in made


NESTED = """
declare void @other()
define {kind} @f(ptr %p, {kind} %x, i1 %c) {{
  %before = load {kind}, ptr %p
  {first}
  {call}
  {second}
  ret {kind} %r
}}
"""
CALL = "call void @other()"


@pytest.mark.parametrize(
    ("kind", "operation", "words"),
    [
        ("i64", "mul i64 %x, %before", 2),
        ("i32", "udiv i32 %before, 10", 1),
        ("i128", "sdiv i128 %before, %x", 8),
        ("double", "fadd fast double %before, %x", 2),
        ("float", "call nnan float @llvm.fma.f32(float %before, float %x, float %x)", 1),
        ("i16", "mul i16 %before, %x", 0),
        ("i64", "add i64 %before, %x", 0),
    ],
)
def test_what_a_call_of_llcs_takes_from_memory_goes_through_registers(
    kind: str, operation: str, words: int
) -> None:
    made, count = mend(
        "nested-call", NESTED.format(kind=kind, first="", call=CALL, second=f"%r = {operation}")
    )
    assert made.count('call i32 asm "", "=r,0"(i32') == words and count == (words > 0)


def test_nothing_is_nested_where_nothing_was_called() -> None:
    text = NESTED.format(kind="i64", first="%r = mul i64 %x, %before", call=CALL, second="")
    assert mend("nested-call", text)[1] == 0


def test_blocks_that_llc_makes_one_of() -> None:
    operation = "%r = mul i64 %x, %before"
    joined = NESTED.format(kind="i64", first="", call=CALL, second=f"br label %on\non:\n  {operation}")
    assert mend("nested-call", joined)[1] == 1
    other = "br i1 %c, label %on, label %off\noff:\n  ret i64 0\non:\n  "
    parted = NESTED.format(kind="i64", first="", call=CALL, second=other + operation)
    assert mend("nested-call", parted)[1] == 0


def test_only_local_functions_keep_what_is_no_result_pointer() -> None:
    text = """
    declare void @outer(ptr sret({ i32, i64 }))
    define internal fastcc void @inner(ptr noalias sret({ i32, i64 }) align 2 %out) { ret void }
    define void @f() {
      %a = alloca { i32, i64 }
      call void @outer(ptr sret({ i32, i64 }) %a)
      call fastcc void @inner(ptr sret({ i32, i64 }) %a)
      ret void
    }
    """
    made, count = mend("popped-result-pointer", text)
    assert count == 2 and made.count("sret") == 2 and made.count("fastcc") == 2


def test_a_shift_that_is_too_wide_stops_the_build() -> None:
    with pytest.raises(BadInput, match="a shift of 256 bits has no mend"):
        mend("wide-shift", "define i256 @f(i256 %x, i256 %n) {\n  %r = shl i256 %x, %n\n  ret i256 %r\n}\n")


@pytest.mark.parametrize(
    ("kind", "bits"), [("i1", 1), ("i128", 128), ("double", 64), ("<2 x float>", 64), ("<3 x i8>", 24)]
)
def test_the_width_of_a_type(kind: str, bits: int) -> None:
    assert ir_text.width(kind) == bits
