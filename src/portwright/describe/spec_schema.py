"""Hold a spec against the JSON Schema that rustc prints: every violation at once, as structured values.

Knows the part of JSON Schema that rustc uses; a test holds it against a full validator. Where rustc prints no
schema (before 1.91) the types of its own built-in specs stand in for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Key = str | int
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a value breaks the schema.

    `path` leads to the value. `kind`: `unknown` (a key that is not known; `allowed` are those that are),
    `missing` (a key that must be there), `type` (`allowed` are type names) or `value` (`allowed` are the
    values, if they can be listed).
    """

    path: tuple[Key, ...]
    kind: Literal["unknown", "missing", "type", "value"]
    given: Any
    allowed: tuple[str, ...]


TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


def type_name(value: Any) -> str:
    """The JSON name of a value's type."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    return next((name for name, kinds in TYPES.items() if isinstance(value, kinds)), "null")


def violations(value: Any, schema: Schema, root: Schema, path: tuple[Key, ...] = ()) -> list[Violation]:
    """Every violation of `schema` (a part of `root`) by a value."""
    if "$ref" in schema:
        return violations(value, _definition(schema, root), root, path)
    branches = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    if branches:
        return _any_of(value, branches, root, path)
    return [*_own(value, schema, path), *_inner(value, schema, root, path)]


def _definition(schema: Schema, root: Schema) -> Schema:
    found = root.get("$defs", {}).get(str(schema["$ref"]).rsplit("/", 1)[-1], {})
    assert isinstance(found, Mapping)
    return found


def _any_of(value: Any, branches: list[Schema], root: Schema, path: tuple[Key, ...]) -> list[Violation]:
    """None where one branch fits; else the violations of the nearest one, with the values of all."""
    results = [violations(value, branch, root, path) for branch in branches]
    if any(not result for result in results):
        return []
    deeper = [r for r in results if all(v.path != path or v.kind in ("unknown", "missing") for v in r)]
    if deeper:
        return min(deeper, key=len)
    rows = [row for result in results for row in result if row.path == path]
    values = [row for row in rows if row.kind == "value"]
    kept = values or rows
    allowed = tuple(dict.fromkeys(item for row in kept for item in row.allowed if item != "null"))
    return [Violation(path, kept[0].kind, value, allowed)]


def _own(value: Any, schema: Schema, path: tuple[Key, ...]) -> Iterator[Violation]:
    """Violations by the value itself: its type, then what it may be."""
    named = schema.get("type")
    types = (named,) if isinstance(named, str) else tuple(named or ())
    given = type_name(value)
    if types and given not in types and not (given == "integer" and "number" in types):
        yield Violation(path, "type", value, types)
        return
    listed = schema.get("enum")
    if listed is None and "const" in schema:
        listed = [schema["const"]]
    if listed is not None and value not in listed:
        yield Violation(path, "value", value, tuple(str(item) for item in listed))
    if "minimum" in schema and isinstance(value, int | float) and value < schema["minimum"]:
        yield Violation(path, "value", value, (f"{schema['minimum']} or more",))
    if "maximum" in schema and isinstance(value, int | float) and value > schema["maximum"]:
        yield Violation(path, "value", value, (f"{schema['maximum']} or less",))
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield Violation(path, "value", value, (f"what matches {schema['pattern']}",))


def _inner(value: Any, schema: Schema, root: Schema, path: tuple[Key, ...]) -> Iterator[Violation]:
    """Violations by what is inside an object or an array."""
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for index, item in enumerate(value):
            yield from violations(item, schema["items"], root, (*path, index))
    if not isinstance(value, dict):
        return
    properties: Mapping[str, Schema] = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield Violation((*path, name), "missing", None, ())
    rest = schema.get("additionalProperties", True)
    for name, item in value.items():
        if name in properties:
            yield from violations(item, properties[name], root, (*path, name))
        elif rest is False:
            yield Violation((*path, name), "unknown", item, tuple(properties))
        elif isinstance(rest, Mapping):
            yield from violations(item, rest, root, (*path, name))


def inferred(specs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A schema for a rustc that prints none: the types that its built-in specs have, unknown keys allowed."""
    types: dict[str, set[str]] = {}
    for spec in specs.values():
        for key, value in spec.items():
            types.setdefault(key, set()).add(type_name(value))
    required = ["llvm-target", "target-pointer-width", "data-layout", "arch"]
    properties = {key: {"type": sorted(names)} for key, names in sorted(types.items())}
    return {"type": "object", "properties": properties, "required": required}
