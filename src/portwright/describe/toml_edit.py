"""Changes single keys of one table in a TOML text; all else keeps its spelling and its comments.

The table may be written in any of TOML's ways: under its header, split over several places, inline, with dotted keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portwright.describe.toml_positions import word_text, words

if TYPE_CHECKING:
    from tree_sitter import Node

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A written pair: its whole path, its node, and whether it stands inside an inline table."""

    path: Names
    node: Node
    inline: bool = False


def changed(text: str, table: str, key: str, value: Any) -> str:
    """The text with one key of a table set."""
    for pair in _pairs(_root(text)):
        if pair.path == (table, key):
            node = pair.node.named_children[1]
            return _cut(text, node.start_byte, node.end_byte, _spelled(value))
    return _inserted(removed(text, table, key), table, f"{_key(key)} = {_spelled(value)}")


def removed(text: str, table: str, key: str) -> str:
    """The text without one key of a table, however it was written, and without the comments on its lines."""
    data = text.encode()
    spans: list[tuple[int, int]] = []
    for pair in _pairs(_root(text)):
        if pair.path[:2] == (table, key):
            node = pair.node
            spans.append(
                _with_comma(data, node) if pair.inline else _lines(data, node.start_byte, node.end_byte)
            )
    for names, node in _headers(_root(text)):
        if names[:2] == (table, key):
            spans.append(_lines(data, node.start_byte, node.named_children[0].end_byte))
    for start, end in sorted(spans, reverse=True):
        data = data[:start] + data[end:]
    return data.decode()


def _inserted(text: str, table: str, line: str) -> str:
    """The text with one more pair: behind the table's last one, in the way in which the table is written."""
    rows = [pair for pair in _pairs(_root(text)) if pair.path[0] == table]
    for pair in rows:
        if pair.path == (table,) and pair.node.named_children[1].type == "inline_table":
            inside = [each for each in pair.node.named_children[1].named_children if each.type == "pair"]
            if inside:
                return _cut(text, inside[-1].end_byte, inside[-1].end_byte, f", {line}")
            whole = pair.node.named_children[1]
            return _cut(text, whole.start_byte, whole.end_byte, f"{{ {line} }}")
    for names, node in _headers(_root(text)):
        if names == (table,) and node.type == "table":
            own = [each for each in node.named_children[1:] if each.type == "pair"]
            return _new_line(text, own[-1] if own else node.named_children[0], line)
    dotted = [pair.node for pair in rows if pair.node.parent and pair.node.parent.type == "document"]
    if dotted:
        return _new_line(text, dotted[-1], f"{_key(table)}.{line}")
    return f"{text.rstrip()}\n\n[{_key(table)}]\n{line}\n"


def _new_line(text: str, behind: Node, line: str) -> str:
    """The text with a line behind that of a node, indented as that is."""
    data = text.encode()
    start, end = _lines(data, behind.start_byte, behind.end_byte)
    lead = re.match(rb"[ \t]*", data[start:])
    indent = lead[0].decode() if lead else ""
    ending = "\r\n" if data[start:end].endswith(b"\r\n") else "\n"
    before = "" if data[start:end].endswith(b"\n") else ending
    return _cut(text, end, end, f"{before}{indent}{line}{ending}")


def _root(text: str) -> Node:
    import tree_sitter_toml
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node


def _headers(root: Node) -> Iterator[tuple[Names, Node]]:
    for node in root.named_children:
        if node.type in ("table", "table_array_element"):
            yield tuple(word_text(word) for word in words(node.named_children[0])), node


def _pairs(root: Node) -> Iterator[_Pair]:
    for node in root.named_children:
        if node.type == "pair":
            yield from _pair((), node, False)
    for names, node in _headers(root):
        for child in node.named_children[1:]:
            if child.type == "pair":
                yield from _pair(names, child, False)


def _pair(prefix: Names, node: Node, inline: bool) -> Iterator[_Pair]:
    """The pair, and where its value is an inline table those in it."""
    path = (*prefix, *(word_text(word) for word in words(node.named_children[0])))
    yield _Pair(path, node, inline)
    value = node.named_children[1]
    if value.type == "inline_table" and len(path) == 1:
        for child in value.named_children:
            if child.type == "pair":
                yield from _pair(path, child, True)


def _lines(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The whole lines that a span lies on."""
    after = data.find(b"\n", end)
    return data.rfind(b"\n", 0, start) + 1, len(data) if after < 0 else after + 1


def _with_comma(data: bytes, node: Node) -> tuple[int, int]:
    """A pair of an inline table with the comma that only it needs."""
    before = len(data[: node.start_byte].rstrip())
    if data[before - 1 : before] == b",":
        return before - 1, node.end_byte
    after = len(data) - len(data[node.end_byte :].lstrip())
    if data[after : after + 1] == b",":
        return node.start_byte, len(data) - len(data[after + 1 :].lstrip())
    return node.start_byte, node.end_byte


def _cut(text: str, start: int, end: int, new: str) -> str:
    data = text.encode()
    return (data[:start] + new.encode() + data[end:]).decode()


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _spelled(value: Any) -> str:
    """A value of JSON's kinds as TOML writes it."""
    if isinstance(value, dict):
        rows = (f"{_key(key)} = {_spelled(inner)}" for key, inner in value.items())
        return f"{{ {', '.join(rows)} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_spelled, value))}]"
    if isinstance(value, str):
        import tomlkit

        return tomlkit.item(value).as_string()
    return json.dumps(value)
