"""Where keys stand in a TOML text, from its syntax tree; what the values are, is read elsewhere (`toml_file`)."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

Key = str | int
Path = tuple[Key, ...]
Position = tuple[int, int]


def positions(text: str) -> dict[Path, Position]:
    """(line, column) of every key and table in a TOML text, both from 1; array elements by index.

    A key's position is that of its own word (in `a.b = 1`, of `b` for the path `a`, `b`), an element's that of its
    value; in `[[a]]`, an element of `a` stands where the header's word does.
    """
    import tree_sitter_toml
    from tree_sitter import Language, Parser

    walk = _Walk(text)
    walk.document(Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node)
    return walk.found


class _Walk:
    """One walk over a syntax tree; `found` is the result, `_counts` how often each `[[array]]` was opened."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, Position] = {}
        self._lines = text.encode().split(b"\n")
        self._counts: dict[Path, int] = {}

    def document(self, root: Node) -> None:
        for node in root.named_children:
            if node.type == "pair":
                self._pair((), node)
            elif node.type in ("table", "table_array_element"):
                self._table(node)

    def _note(self, path: Path, node: Node) -> None:
        row, offset = node.start_point
        column = len(self._lines[row][:offset].decode(errors="replace"))
        self.found.setdefault(path, (row + 1, column + 1))

    def _table(self, node: Node) -> None:
        prefix: Path = ()
        names = words(node.named_children[0])
        for place, word in enumerate(names):
            prefix = (*prefix, word_text(word))
            self._note(prefix, word)
            if place == len(names) - 1 and node.type == "table_array_element":
                self._counts[prefix] = self._counts.get(prefix, 0) + 1
            if prefix in self._counts:
                prefix = (*prefix, self._counts[prefix] - 1)
                self._note(prefix, word)
        for pair in node.named_children[1:]:
            if pair.type == "pair":
                self._pair(prefix, pair)

    def _pair(self, prefix: Path, pair: Node) -> None:
        path = prefix
        for word in words(pair.named_children[0]):
            path = (*path, word_text(word))
            self._note(path, word)
        self._value(path, pair.named_children[1])

    def _value(self, path: Path, node: Node) -> None:
        if node.type == "inline_table":
            for pair in node.named_children:
                if pair.type == "pair":
                    self._pair(path, pair)
        elif node.type == "array":
            for index, child in enumerate(child for child in node.named_children if child.type != "comment"):
                self._note((*path, index), child)
                self._value((*path, index), child)


def words(key: Node) -> list[Node]:
    """The words of a key, in order."""
    if key.type != "dotted_key":
        return [key]
    return [word for child in key.named_children for word in words(child)]


def word_text(word: Node) -> str:
    """A key's word without its quotes."""
    raw = (word.text or b"").decode()
    return next(iter(tomllib.loads(f"{raw} = 0"))) if word.type == "quoted_key" else raw
