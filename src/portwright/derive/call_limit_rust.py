"""What a call in Rust does not ask for beyond its limit."""

from __future__ import annotations

from collections.abc import Iterator

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
