"""The checks of a ledger's numbers and names as code must hold them: what fits no register, what would collide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from portwright.describe.ledger import ErrorNumber
from portwright.describe.ledger_finding import Case, Finding
from portwright.describe.toml_positions import Key

LARGEST_ERROR = 4095
"""A result from -4095 to -1 is an error, and any other is not: so std's layer and the sys crate read it."""


def widths(case: Case) -> Iterator[Finding]:
    """Numbers that no register of the CPU holds, neither signed nor unsigned."""
    bits = case.cpu.pointer_bits if case.cpu else 64
    for key, number in _integers(case.ledger.model_dump(by_alias=True), ()):
        if not -(1 << (bits - 1)) <= number < 1 << bits:
            yield case.error("too-wide", f"{number:#x} does not fit the {bits} bits of a register", *key)


def _integers(node: Any, path: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], int]]:
    """Every integer of the ledger with its key."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _integers(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _integers(value, (*path, index))
    elif isinstance(node, int) and not isinstance(node, bool):
        yield path, node


def errors(case: Case) -> Iterator[Finding]:
    """Error numbers that a program would take for a result."""
    for name, error in case.ledger.errors.items():
        number = error.number if isinstance(error, ErrorNumber) else error
        if number > LARGEST_ERROR:
            what = f"{number} is read as a result: errors are 1 to {LARGEST_ERROR}"
            yield case.error("error-number", what, "errors", name)


def seen_by_the_kernel(case: Case) -> Iterator[Finding]:
    """Registers that the trap itself overwrites, so that nothing passes through them."""
    abi = case.ledger.abi
    trap = case.cpu.traps.get(abi.trap) if case.cpu else None
    passing: list[tuple[tuple[Key, ...], str]] = [(("number",), abi.number), (("result",), abi.result)]
    passing += [(("arguments", index), register) for index, register in enumerate(abi.arguments)]
    for key, register in passing if trap else ():
        if trap and register in trap.clobbers:
            what = f"`{register}` passes nothing: the instruction `{abi.trap}` itself overwrites it"
            yield case.error("wrong-register", what, "abi", *key, hint="take another register")


def collisions(case: Case) -> Iterator[Finding]:
    """Names that differ in style only: generated code has one style, and would have two things of one name."""
    tables: list[tuple[tuple[Key, ...], list[str]]] = [
        ((table,), list(getattr(case.ledger, table))) for table in ("errors", "constants", "types")
    ]
    tables += [(("types", n, "fields"), list(struct.fields)) for n, struct in case.ledger.types.items()]
    for key, names in tables:
        first: dict[str, str] = {}
        for name in names:
            other = first.setdefault(_styled(name), name)
            if other != name:
                what = f"`{name}` and `{other}` ({case.line(*key, other)}) are one name in generated code"
                yield case.error("name-twice", what, *key, name)


def _styled(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().rstrip("_")


CHECKS = (widths, errors, seen_by_the_kernel, collisions)
