"""Rust source as a tree of tokens, taken from tree-sitter's syntax tree: macros look like the code around them.

It knows brackets, strings and comments, and where each token stands; it does not know what the code means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_OPEN = {"(": ")", "[": "]", "{": "}"}
_ATOMS = frozenset({"string_literal", "raw_string_literal", "char_literal"})
_COMMENTS = frozenset({"line_comment", "block_comment"})


@dataclass(slots=True)
class Token:
    """A token, or a bracketed group (`text` is its opening bracket); offsets in bytes, lines from 1."""

    text: str
    start: int
    end: int
    line: int
    inner: list[Token] = field(default_factory=list)

    @property
    def group(self) -> bool:
        """Whether this is a bracketed group."""
        return self.text in _OPEN


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file: its bytes, its tokens, and how many places the parser could not understand.

    The grammar lags behind the language (`macro` items of std are errors to it), so errors are counted and
    compared, not forbidden.
    """

    data: bytes
    tokens: list[Token]
    errors: int

    def line_start(self, offset: int) -> int:
        """Where the line that holds `offset` begins."""
        return self.data.rfind(b"\n", 0, offset) + 1

    def indent(self, offset: int) -> str:
        """The white space that the line that holds `offset` begins with."""
        found = re.match(rb"[ \t]*", self.data[self.line_start(offset) :])
        return found[0].decode() if found else ""

    def begins_line(self, token: Token) -> bool:
        """Whether nothing but white space stands before the token on its line."""
        return not self.data[self.line_start(token.start) : token.start].strip()


@cache
def _parser() -> Parser:
    import tree_sitter_rust
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_rust.language()))


def parse(data: bytes) -> Source:
    """Read Rust source into tokens."""
    root = _parser().parse(data).root_node
    errors = sum(1 for node in _nodes(root) if node.is_error or node.is_missing) if root.has_error else 0
    return Source(data, _nest(list(_leaves(root, data))), errors)


def _nodes(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(current.children)


def _leaves(root: Node, data: bytes) -> Iterator[Token]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type in _COMMENTS:
            continue
        if node.child_count and node.type not in _ATOMS:
            waiting.extend(reversed(node.children))
        elif node.end_byte > node.start_byte:
            text = data[node.start_byte : node.end_byte].decode(errors="replace")
            yield Token(text, node.start_byte, node.end_byte, node.start_point[0] + 1)


def _nest(leaves: list[Token]) -> list[Token]:
    """Fold brackets into groups; a bracket without its partner stays a plain token."""
    top: list[Token] = []
    stack: list[Token] = []
    for leaf in leaves:
        level = stack[-1].inner if stack else top
        if leaf.text in _OPEN:
            level.append(leaf)
            stack.append(leaf)
        elif stack and leaf.text == _OPEN[stack[-1].text]:
            stack.pop().end = leaf.end
        else:
            level.append(leaf)
    return top


def levels(tokens: list[Token]) -> Iterator[list[Token]]:
    """Every list of sibling tokens, in source order: the top one, then each group's."""
    yield tokens
    for token in tokens:
        if token.group:
            yield from levels(token.inner)


@dataclass(frozen=True, slots=True)
class Macro:
    """A call of a macro: its name's token and its arguments in brackets."""

    name: Token
    body: Token


def macro_calls(source: Source, name: str) -> list[Macro]:
    """Every call `NAME! { ... }` of a macro in source order, those inside other macros and arms too."""
    found = [
        Macro(level[at], level[at + 2])
        for level in levels(source.tokens)
        for at in range(len(level) - 2)
        if level[at].text == name and level[at + 1].text == "!" and level[at + 2].group
    ]
    return sorted(found, key=lambda call: call.name.start)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A `#[cfg(...)]` attribute: the group of its predicate, and the offset where its item begins."""

    predicate: Token
    item: int


def cfg_attributes(source: Source, name: str = "cfg") -> list[Attribute]:
    """Every outer `#[cfg(...)]` (or `#[cfg_attr(...)]`) of the file, those inside macros too, in source order."""
    found = []
    for level in levels(source.tokens):
        for at in range(len(level) - 1):
            hash_, group = level[at], level[at + 1]
            if hash_.text != "#" or group.text != "[" or len(group.inner) < 2 or group.inner[0].text != name:
                continue
            after = at + 2
            while after + 1 < len(level) and level[after].text == "#" and level[after + 1].text == "[":
                after += 2
            if after < len(level) and group.inner[1].text == "(":
                found.append(Attribute(group.inner[1], level[after].start))
    return sorted(found, key=lambda attribute: attribute.predicate.start)


def squeeze(text: str) -> str:
    """The text without white space, but for one space between two words: equal for equal tokens."""
    return re.sub(r"\s+", " ", re.sub(r"\s*([^\w\s])\s*", r"\1", text.strip()))


def spelling(tokens: list[Token]) -> str:
    """The squeezed text of tokens without comments and without a comma before a closing bracket."""
    flat: list[str] = []

    def walk(level: list[Token]) -> None:
        for token in level:
            flat.append(token.text)
            if token.group:
                walk(token.inner)
                if flat[-1] == ",":
                    flat.pop()
                flat.append(_OPEN[token.text])

    walk(tokens)
    return squeeze(" ".join(flat))


def words(fragment: str) -> str:
    """The spelling of a piece of Rust that need not be whole: read as the argument of a macro."""
    calls = macro_calls(parse(b"fragment! {" + fragment.encode() + b"\n}"), "fragment")
    return spelling(calls[0].body.inner) if calls else squeeze(fragment)
