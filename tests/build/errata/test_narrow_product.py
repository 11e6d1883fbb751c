"""The erratum narrow-product: products that do not fit say so, at every edge, as Python has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend_cases import M68K, M68K_LAYOUT, M68K_START, link, module, run, settings
from portwright.build import errata_mending
from portwright.build.errata import narrow_product

PROGRAM = """
@number = internal global i16 12345
define i32 @main() nounwind {
  %n = load volatile i16, ptr @number
  %r = call i32 @overflows(i16 %n)
  ret i32 %r
}
"""


def test_it_goes_wrong_without_the_mend_and_right_with_it(tmp_path: Path) -> None:
    source = module(tmp_path, "product", M68K_LAYOUT + M68K_START + PROGRAM + narrow_product.REPRODUCER, M68K)
    own: dict[str, Any] = {"inline_assembly": "assembler"}
    words = [source, "-plugin-opt=O1"]
    report = link(settings(tmp_path, M68K, **own), words, tmp_path / "yes")
    assert report.errata["narrow-product"] == 1 and run(tmp_path / "yes", M68K).returncode == 1
    link(settings(tmp_path, M68K, without=("narrow-product",), **own), words, tmp_path / "no")
    said = run(tmp_path / "no", M68K).returncode
    assert said == 0, "narrow-product is no more in this LLVM: narrow KNOWN_IN"


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("sign", ["s", "u"])
def test_every_edge(tmp_path: Path, bits: int, sign: str) -> None:
    """Pairs of numbers at the edges: the program counts those that come out as they should."""
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if sign == "s" else (0, (1 << bits) - 1)
    edges = [low, low + 1, low // 2, -1 if low else 1, 0, 2, high // 3, high // 2, high - 1, high]
    name = f"@llvm.{sign}mul.with.overflow.i{bits}"
    pair = f"{{ i{bits}, i1 }}"
    body, total, globals_ = "", "0", ""
    for at, (one, other) in enumerate((one, other) for one in edges for other in edges):
        product = one * other
        wrapped = (product - low) % (1 << bits) + low
        globals_ += f"@g{at} = internal global i{bits} {one}\n@h{at} = internal global i{bits} {other}\n"
        body += (
            f"  %x{at} = load volatile i{bits}, ptr @g{at}\n"
            f"  %y{at} = load volatile i{bits}, ptr @h{at}\n"
            f"  %p{at} = tail call {pair} {name}(i{bits} %x{at}, i{bits} noundef %y{at})\n"
            f"  %v{at} = extractvalue {pair} %p{at}, 0\n  %f{at} = extractvalue {pair} %p{at}, 1\n"
            f"  %a{at} = icmp eq i{bits} %v{at}, {wrapped}\n"
            f"  %b{at} = icmp eq i1 %f{at}, {str(product != wrapped).lower()}\n"
            f"  %c{at} = and i1 %a{at}, %b{at}\n  %d{at} = zext i1 %c{at} to i32\n"
            f"  %t{at} = add i32 {total}, %d{at}\n"
        )
        total = f"%t{at}"
    text = M68K_LAYOUT + M68K_START + PROGRAM + globals_ + f"declare {pair} {name}(i{bits}, i{bits})\n"
    text += f"define i32 @overflows(i16 %n) noinline nounwind {{\n{body}  ret i32 {total}\n}}\n"
    source = module(tmp_path, "edges", text, M68K)
    own: dict[str, Any] = {"inline_assembly": "assembler"}
    report = link(settings(tmp_path, M68K, **own), [source, "-plugin-opt=O2"], tmp_path / "program")
    assert report.errata["narrow-product"] == len(edges) ** 2
    assert run(tmp_path / "program", M68K).returncode == len(edges) ** 2


def test_wider_ones_stay() -> None:
    call = "%b = call { i32, i1 } @llvm.umul.with.overflow.i32(i32 %x, i32 10)"
    text = f"define i32 @f(i32 %x) {{\n  {call}\n  ret i32 0\n}}\n"
    assert errata_mending.mend_ir("m68k", text, "case") == (text, {})
