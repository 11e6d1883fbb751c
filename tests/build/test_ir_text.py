"""LLVM IR as text: pointers made of pointers, whatever their type, and what hides them."""

from __future__ import annotations

import pytest

from portwright.build import errata_mending, ir_text

HEAD = "define void @f(i32 %n) {\nentry:\n  %a = alloca [16 x i8], align 2\n"


@pytest.mark.parametrize("kind", ["i32", "{ ptr, ptr }", "[2 x { i8, i64 }]", "%struct.x", "nuw i8"])
def test_a_variable_index_of_any_type_is_seen(kind: str) -> None:
    text = f"{HEAD}  %p = getelementptr inbounds {kind}, ptr %a, i32 %n\n  store i8 1, ptr %p, align 1\n  ret void\n}}\n"
    mended, counts = errata_mending.mend_ir("m68k", text, "case")
    assert counts == {"lost-frame-index": 1}
    assert '%pw.1 = call ptr asm "", "=r,0"(ptr %a)' in mended and "ptr %pw.1, i32 %n" in mended


def test_constant_indexes_and_lifetimes_stay() -> None:
    text = f"{HEAD}  %p = getelementptr i8, ptr %a, i32 4\n  store i8 1, ptr %p, align 1\n  ret void\n}}\n"
    assert errata_mending.mend_ir("m68k", text, "case") == (text, {})
    life = "  call void @llvm.lifetime.start.p0(ptr %a)\n"
    inner = f"{life}  %p = getelementptr i8, ptr %a, i32 4\n  %q = getelementptr i8, ptr %p, i32 %n\n  ret void\n}}\n"
    mended, counts = errata_mending.mend_ir("m68k", HEAD + inner, "case")
    assert counts and life in mended


def test_text_without_faults_is_the_same() -> None:
    text = HEAD + "  ret void\n}\n"
    assert ir_text.read(text, "case").text() == text
