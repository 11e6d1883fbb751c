"""Rust enums whose variants are numbers: `FileOpen = 50,`, also numbered implicitly, by constants, under `cfg`.

Variants with fields have no number and end the enum's table; enums made by macros are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from portwright.describe.extractors import Number, Table

if TYPE_CHECKING:
    from tree_sitter import Node

SUFFIXES = (".rs",)


def extract(text: str, facts: Mapping[str, str]) -> list[Table]:
    """Every enum of plain variants, in the order of the text; empty enums are left out."""
    import tree_sitter_rust
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_rust.language())).parse(text.encode()).root_node
    reader = _Reader(facts)
    nodes = list(_walk(root))
    for node in nodes:
        if node.type == "const_item" and reader.holds(node):
            reader.constant(node)
    tables = [reader.enum(node) for node in nodes if node.type == "enum_item" and reader.holds(node)]
    return [table for table in tables if table is not None]


class _Reader:
    """Works out values; `_constants` are the expressions of the file's constants, `_variants` values seen so far."""

    def __init__(self, facts: Mapping[str, str]) -> None:
        self._facts = facts
        self._constants: dict[str, Node] = {}
        self._variants: dict[str, int | None] = {}

    def constant(self, node: Node) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None and value is not None:
            self._constants.setdefault(_text(name), value)

    def enum(self, node: Node) -> Table | None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            return None
        numbers: list[Number] = []
        following: int | None = 0
        for variant in body.named_children:
            if variant.type != "enum_variant" or not self.holds(variant):
                continue
            if variant.child_by_field_name("body") is not None:
                return None
            given = variant.child_by_field_name("value")
            value = following if given is None else self._value(given, ())
            label = _text(variant.child_by_field_name("name") or variant)
            expression = _text(given) if given is not None else ""
            numbers.append(Number(label, value, variant.start_point[0] + 1, expression))
            self._variants[f"{_text(name)}::{label}"] = self._variants[f"Self::{label}"] = value
            following = None if value is None else value + 1
        return Table(_text(name), node.start_point[0] + 1, tuple(numbers)) if numbers else None

    def holds(self, node: Node) -> bool:
        """Whether no `#[cfg]` on an item is certainly false."""
        before = node.prev_named_sibling
        while before is not None and before.type in ("attribute_item", "line_comment", "block_comment"):
            found = re.fullmatch(r"#\[\s*cfg\s*\((.*)\)\s*\]", _text(before), re.DOTALL)
            if before.type == "attribute_item" and found and _cfg(found[1], self._facts) is False:
                return False
            before = before.prev_named_sibling
        return True

    def _value(self, node: Node, seen: tuple[str, ...]) -> int | None:
        children = node.named_children
        match node.type:
            case "integer_literal":
                return _integer(_text(node))
            case "unary_expression":
                inner = self._value(children[-1], seen)
                return None if inner is None else {"-": -inner, "!": ~inner}.get(_text(node)[0])
            case "parenthesized_expression" | "type_cast_expression" | "block":
                return self._value(children[0], seen) if children else None
            case "binary_expression":
                sides = (self._value(children[0], seen), self._value(children[-1], seen))
                operator = node.child_by_field_name("operator")
                return _apply(_text(operator) if operator else "", *sides)
            case "identifier" | "scoped_identifier":
                return self._named(_text(node).replace(" ", ""), seen)
        return None

    def _named(self, name: str, seen: tuple[str, ...]) -> int | None:
        if name in self._variants:
            return self._variants[name]
        last = name.rsplit("::", 1)[-1]
        if last in seen or last not in self._constants:
            return None
        return self._value(self._constants[last], (*seen, last))


def _walk(node: Node) -> Iterator[Node]:
    for child in node.named_children:
        yield child
        yield from _walk(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")


def _integer(literal: str) -> int | None:
    digits = re.sub(r"(?:[iu](?:8|16|32|64|128|size))$", "", literal.replace("_", ""))
    try:
        return int(digits, 0) if digits.startswith(("0x", "0o", "0b")) else int(digits)
    except ValueError:
        return None


def _apply(operator: str, left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return None
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "|":
            return left | right
        case "&":
            return left & right
        case "^":
            return left ^ right
        case "<<" if 0 <= right < 128:
            return left << right
        case ">>" if right >= 0:
            return left >> right
    return None


def _cfg(predicate: str, facts: Mapping[str, str]) -> bool | None:
    """What a `cfg` predicate is; None where the facts do not say."""
    predicate = predicate.strip()
    compound = re.fullmatch(r"(any|all|not)\s*\((.*)\)", predicate, re.DOTALL)
    if compound:
        parts = [_cfg(part, facts) for part in _split(compound[2])]
        if compound[1] == "not":
            return None if not parts or parts[0] is None else not parts[0]
        decided = compound[1] == "any"
        return decided if decided in parts else (None if None in parts else not decided)
    pair = re.fullmatch(r'(\w+)\s*=\s*"([^"]*)"', predicate)
    if pair:
        return None if pair[1] not in facts else facts[pair[1]] == pair[2]
    return False if predicate == "test" else None


def _split(text: str) -> list[str]:
    """The parts of a list, at the commas that are in no parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]
