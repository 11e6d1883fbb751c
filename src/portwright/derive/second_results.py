"""Rust source of what std's layer makes of a call that answers in two registers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portwright.derive.trap_rust import PAIR
from portwright.derive.types_rust import field_name
from portwright.describe.ledger import Call
from portwright.describe.operation import Operation


def taken(operation: Operation, call: Call, values: Sequence[str]) -> Iterator[str]:
    """The call with its arguments ready, and what becomes of its two results."""
    words = ", ".join([str(call.number), *values])
    yield f"    let (first, second) = unsafe {{ {PAIR}{len(values)}({words}) }};\n"
    if call.child_flag:
        yield "    answer(first).map(|number| if second == 1 { 0 } else { number })\n"
        return
    filled = next(argument for argument in operation.arguments if argument.kind == "struct-out")
    yield "    let results = [answer(first)? as i64, second as i64];\n"
    yield f"    // SAFETY: the caller gave the address of a struct `{filled.type}`.\n"
    yield f"    let filled = unsafe {{ struct_at({field_name(filled.name)}, {filled.type}::SIZE) }};\n"
    fields = ", ".join(f"{filled.type}::{name.upper()}" for name in call.answers)
    yield f"    fill(filled, &[{fields}], &results)\n"
