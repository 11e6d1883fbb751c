"""Read a JSON file with the place of every key and value, and change single values in its text.

Positions come from a syntax tree that is built only when there is a fault to place or a value to change.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portwright.base.errors import BadInput, Fault, Where

if TYPE_CHECKING:
    from tree_sitter import Node

Key = str | int


def read(path: Path) -> dict[str, Any]:
    """The file's object; raises `BadInput` with line and column where it is missing or no JSON object.

    A key that stands twice in one object is a fault: rustc refuses it, and other readers take either.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput([Fault("no such file", Where(path), None, "file/missing")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput([Fault(f"cannot be read: {error}", Where(path), None, "file/unreadable")]) from None
    twice: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice.extend(sorted({name for name in names if names.count(name) > 1}))
        return dict(pairs)

    def refuse(word: str) -> None:
        raise ValueError(f"`{word}` is no number of JSON")

    try:
        value = json.loads(text, object_pairs_hook=note, parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        where = Where(path, error.lineno, error.colno)
        raise BadInput([Fault(error.msg, where, "this is not JSON", "json/syntax")]) from None
    except UnicodeEncodeError:
        what = "a text holds half of a surrogate pair, which is no character"
        raise BadInput([Fault(what, Where(path), "this is not JSON", "json/syntax")]) from None
    except ValueError as error:  # also a number of more digits than Python reads
        raise BadInput([Fault(str(error), Where(path), "this is not JSON", "json/syntax")]) from None
    except RecursionError:
        raise BadInput([Fault("nested too deeply", Where(path), None, "json/syntax")]) from None
    if not isinstance(value, dict):
        hint = "a target spec is one JSON object"
        raise BadInput([Fault("this is no JSON object", Where(path, 1, 1), hint, "json/no-object")])
    if twice:
        hint = "keep one of them: rustc refuses a key that stands twice"
        places = Places(path)
        raise BadInput([Fault(f"`{n}` stands twice", places(n), hint, "json/duplicate-key") for n in twice])
    return value


def _root(text: str) -> Node | None:
    import tree_sitter_json
    from tree_sitter import Language, Parser

    tree = Parser(Language(tree_sitter_json.language())).parse(text.encode())
    return next((node for node in tree.root_node.named_children if node.type != "comment"), None)


def _members(node: Node) -> list[tuple[Key, Node, Node]]:
    """(key, node that carries the place, node of the value) of an object's or an array's members."""
    rows: list[tuple[Key, Node, Node]] = []
    if node.type == "array":
        values = [child for child in node.named_children if child.type != "comment"]
        return [(index, child, child) for index, child in enumerate(values)]
    for pair in node.named_children:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if pair.type == "pair" and key is not None and value is not None:
            rows.append((str(json.loads((key.text or b'""').decode())), pair, value))
    return rows


def _find(node: Node | None, keys: Sequence[Key]) -> tuple[Node | None, Node | None]:
    """(member, value) at a path of keys, as far as it goes: (None, None) for none of it."""
    found: tuple[Node | None, Node | None] = (None, None)
    for key in keys:
        row = None if node is None else next((r for r in _members(node) if r[0] == key), None)
        if row is None:
            break
        found = (row[1], row[2])
        node = row[2]
    return found


class Places:
    """Looks up where a key stands in one JSON file; parses the file at the first question."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tree: Node | None = None

    def __call__(self, *keys: Key) -> Where:
        """The place of the key path, or of its nearest parent in the file (at last the whole object)."""
        if self._tree is None:
            try:
                self._tree = _root(self.path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError):
                return Where(self.path)
        member, _ = _find(self._tree, keys)
        node = self._tree if member is None else member
        if node is None:
            return Where(self.path)
        return Where(self.path, node.start_point[0] + 1, node.start_point[1] + 1)


def changed(text: str, key: str, value: Any) -> str:
    """The text with one top-level key set to a value; what is not touched keeps its spelling."""
    root = _root(text)
    assert root is not None, "only texts of objects come here"
    spelled = json.dumps(value, ensure_ascii=False)
    data = text.encode()
    _, node = _find(root, [key])
    if node is not None:
        return (data[: node.start_byte] + spelled.encode() + data[node.end_byte :]).decode()
    pairs = [child for child in root.named_children if child.type == "pair"]
    entry = f"{json.dumps(key)}: {spelled}"
    if not pairs:
        return (data[: root.start_byte] + f"{{{entry}}}".encode() + data[root.end_byte :]).decode()
    last = pairs[-1]
    lead = data[data.rfind(b"\n", 0, last.start_byte) + 1 : last.start_byte]
    joint = b",\n" + lead if not lead.strip() and b"\n" in data[: last.start_byte] else b", "
    return (data[: last.end_byte] + joint + entry.encode() + data[last.end_byte :]).decode()


def removed(text: str, key: str) -> str:
    """The text without one top-level key, and without the comma that it needed."""
    root = _root(text)
    assert root is not None, "only texts of objects come here"
    member, _ = _find(root, [key])
    if member is None:
        return text
    data = text.encode()
    start, end = member.start_byte, member.end_byte
    before = len(data[:start].rstrip())
    after = len(data) - len(data[end:].lstrip())
    if data[after : after + 1] == b",":
        following = len(data) - len(data[after + 1 :].lstrip())
        return (data[:start] + data[following:]).decode()
    if data[before - 1 : before] == b",":
        return (data[: before - 1] + data[end:]).decode()
    return (data[:start] + data[end:]).decode()
