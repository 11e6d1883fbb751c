"""Read TOML into pydantic models, with every fault at its file, line and column in one pass.

Positions come from a syntax tree that is built only when there is a fault to place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from portwright.base.errors import BadInput, Fault, Where, closest

Model = TypeVar("Model", bound=BaseModel)
Key = str | int


def read(path: Path) -> dict[str, Any]:
    """The file's tables; raises `BadInput` with line and column where it is missing or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = f"a port is a folder with port.toml and abi.toml; `portwright new` writes one; looked in {path.parent}"
        raise BadInput([Fault("no such file", Where(path), hint, "file/missing")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput([Fault(f"cannot be read: {error}", Where(path), None, "file/unreadable")]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput([_syntax_fault(path, str(error))]) from None


def _syntax_fault(path: Path, message: str) -> Fault:
    import re

    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    where = Where(path, int(place[1]), int(place[2])) if place else Where(path)
    return Fault(re.sub(r" \(at .*\)$", "", message), where, "this is not TOML 1.0", "toml/syntax")


def positions(text: str) -> dict[tuple[Key, ...], tuple[int, int]]:
    """(line, column) of every key and table in a TOML text, both from 1; array elements by index."""
    import tree_sitter_toml
    from tree_sitter import Language, Node, Parser

    tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
    found: dict[tuple[Key, ...], tuple[int, int]] = {}
    counts: dict[tuple[Key, ...], int] = {}

    def note(path: tuple[Key, ...], node: Node) -> None:
        found.setdefault(path, (node.start_point[0] + 1, node.start_point[1] + 1))

    def words(node: Node) -> list[str]:
        if node.type == "dotted_key":
            return [word for child in node.named_children for word in words(child)]
        raw = (node.text or b"").decode()
        if node.type == "quoted_key":
            return [str(next(iter(tomllib.loads(f"{raw} = 0"))))]
        return [raw]

    def value(path: tuple[Key, ...], node: Node) -> None:
        if node.type == "inline_table":
            for pair in node.named_children:
                if pair.type == "pair":
                    entry(path, pair)
        elif node.type == "array":
            for index, child in enumerate(c for c in node.named_children if c.type != "comment"):
                note((*path, index), child)
                value((*path, index), child)

    def entry(prefix: tuple[Key, ...], pair: Node) -> None:
        key, content = pair.named_children[0], pair.named_children[-1]
        path = prefix
        for word in words(key):
            path = (*path, word)
            note(path, key)
        value(path, content)

    def resolve(parts: list[str]) -> tuple[Key, ...]:
        path: tuple[Key, ...] = ()
        for part in parts:
            path = (*path, part)
            if path in counts:
                path = (*path, counts[path] - 1)
        return path

    for node in tree.root_node.named_children:
        if node.type == "pair":
            entry((), node)
            continue
        if node.type not in ("table", "table_array_element"):
            continue
        parts = words(node.named_children[0])
        prefix: tuple[Key, ...]
        if node.type == "table":
            prefix = resolve(parts)
        else:
            array = (*resolve(parts[:-1]), parts[-1])
            counts[array] = counts.get(array, 0) + 1
            note(array, node)
            prefix = (*array, counts[array] - 1)
        for length in range(1, len(prefix) + 1):
            note(prefix[:length], node)
        for pair in node.named_children[1:]:
            if pair.type == "pair":
                entry(prefix, pair)
    return found


class Places:
    """Looks up where a key stands in one TOML file; parses the file at the first question."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[tuple[Key, ...], tuple[int, int]] | None = None

    def __call__(self, *keys: Key) -> Where:
        """The place of the key path, or of its nearest parent that is written in the file."""
        if self._found is None:
            try:
                self._found = positions(self.path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError):
                self._found = {}
        path = tuple(keys)
        while path and path not in self._found:
            path = path[:-1]
        line, column = self._found.get(path, (None, None))
        return Where(self.path, line, column)


def _fault(error: Mapping[str, Any], model: type[BaseModel], places: Places) -> Fault:
    location: Sequence[Key] = [part for part in error["loc"] if not _is_branch(part)]
    dotted = ".".join(str(part) for part in location)
    where = places(*location)
    if error["type"] == "extra_forbidden":
        known = _known_keys(model, location[:-1])
        near = closest(str(location[-1]), known)
        hint = f"did you mean `{near}`?" if near else f"known keys here: {', '.join(sorted(known))}"
        return Fault(f"unknown key `{dotted}`", where, hint, "toml/unknown-key")
    if error["type"] == "missing":
        return Fault(f"`{dotted}` is missing", where, f"add `{location[-1]} = ...`", "toml/missing-key")
    given = error.get("input")
    shown = "" if isinstance(given, dict | list) else f" (here: {given!r})"
    message = str(error["msg"]).removeprefix("Value error, ")
    return Fault(f"`{dotted}`: {message}{shown}", where, None, "toml/value")


def _is_branch(part: Key) -> bool:
    """Whether a part of pydantic's location names a branch of a union, not a key of the file."""
    return isinstance(part, str) and (
        part.startswith(("function-", "tagged-", "constrained-")) or "[" in part
    )


def _known_keys(model: type[BaseModel], location: Sequence[Key]) -> set[str]:
    """The keys that the model's JSON Schema allows in the table at `location`."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    nodes = _branches(schema, definitions)
    for part in location:
        inner: list[Mapping[str, Any]] = []
        for node in nodes:
            if isinstance(part, int):
                inner += [node["items"]] if isinstance(node.get("items"), dict) else []
            elif part in node.get("properties", {}):
                inner.append(node["properties"][part])
            elif isinstance(node.get("additionalProperties"), dict):
                inner.append(node["additionalProperties"])
            elif node.get("title") == part:
                inner.append(node)
        nodes = [branch for node in inner for branch in _branches(node, definitions)]
    return {key for node in nodes for key in node.get("properties", {})}


def _branches(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A schema node with its references and unions resolved."""
    if "$ref" in node:
        return _branches(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
    branches = [*node.get("anyOf", []), *node.get("oneOf", []), *node.get("allOf", [])]
    if branches:
        return [inner for branch in branches for inner in _branches(branch, definitions)]
    return [node]


def validate(model: type[Model], tables: Mapping[str, Any], places: Places) -> Model:
    """Make the model of a file's tables; raises `BadInput` with every fault, each at its place."""
    try:
        return model.model_validate(tables)
    except ValidationError as error:
        rows = error.errors(include_url=False)
        faults = {(_fault(row, model, places)): None for row in rows}
        raise BadInput(list(faults)) from None
