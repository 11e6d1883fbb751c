"""Parts of a call in Rust: what it does not ask for beyond its limit, and what becomes of its two results."""

from __future__ import annotations

from collections.abc import Iterator

from portwright.derive.types_rust import field_name
from portwright.describe.ledger import Call
from portwright.describe.operation import Operation


def limited(operation: Operation, call: Call) -> Iterator[str]:
    """A call that counts what it did may do less than asked for; any other fails beyond its limit."""
    lengths = {a.length for a in operation.arguments if a.length} if operation.result == "size" else set()
    counted = {name for name in lengths if operation.argument(name).kind == "size"}
    for name in sorted(counted):
        yield f"    let {name} = {name}.min(LONGEST_RANGE);\n"
    if call.limit is None:
        return
    name, most = call.limit.argument, call.limit.at_most
    if name in counted:
        yield f"    let {name} = {name}.min({most});\n"
    else:
        yield f"    if {name} > {most} {{\n        return Err(Failure::TooLarge);\n    }}\n"


def second_result(operation: Operation, call: Call) -> Iterator[str]:
    """What becomes of a call's two results."""
    if call.child_flag:
        yield "    answer(first).map(|number| if second == 1 { 0 } else { number })\n"
        return
    filled = next(argument for argument in operation.arguments if argument.kind == "struct-out")
    yield "    let results = [answer(first)? as i64, second as i64];\n"
    yield f"    // SAFETY: the caller gave the address of a struct `{filled.type}`.\n"
    yield f"    let filled = unsafe {{ struct_at({field_name(filled.name)}, {filled.type}::SIZE) }};\n"
    fields = ", ".join(f"{filled.type}::{name.upper()}" for name in call.answers)
    yield f"    fill(filled, &[{fields}], &results)\n"
