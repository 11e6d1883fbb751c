"""Read TOML into pydantic models, with every fault at its file, line and column in one pass.

Positions come from a syntax tree (`toml_positions`) that is built only when there is a fault to place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from portwright.base.errors import BadInput, Fault, Where, closest
from portwright.describe.toml_positions import Key, positions

Model = TypeVar("Model", bound=BaseModel)


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
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    where = Where(path, int(place[1]), int(place[2])) if place else Where(path)
    return Fault(re.sub(r" \(at .*\)$", "", message), where, "this is not TOML 1.0", "toml/syntax")


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


class PlacesBelow(Places):
    """The places of what stands below one table of a file."""

    def __init__(self, outer: Places, *prefix: Key) -> None:
        super().__init__(outer.path)
        self._outer, self._prefix = outer, prefix

    def __call__(self, *keys: Key) -> Where:
        """The place of the key path below the table."""
        return self._outer(*self._prefix, *keys)


def validate(model: type[Model], tables: Mapping[str, Any], places: Places) -> Model:
    """Make the model of a file's tables; raises `BadInput` with every fault, each at its place."""
    try:
        return model.model_validate(tables)
    except ValidationError as error:
        raise BadInput(_Faults(model, tables, places).of(error)) from None


class _Faults:
    """Turns pydantic's errors into faults: one per place, in the order of the file."""

    def __init__(self, model: type[BaseModel], tables: Mapping[str, Any], places: Places) -> None:
        self._model, self._tables, self._places = model, tables, places

    def of(self, error: ValidationError) -> list[Fault]:
        rows: dict[tuple[Key, ...], list[Mapping[str, Any]]] = {}
        for row in error.errors(include_url=False):
            rows.setdefault(self._location(row), []).append(row)
        faults: dict[tuple[Key, ...], Fault] = {}
        meant: set[tuple[Key, ...]] = set()
        for location, group in rows.items():
            if group[0]["type"] == "extra_forbidden" or _refused_key(group[0]):
                faults[location], near = self._unknown(location, group[0])
                meant.add((*location[:-1], near or ""))
            elif group[0]["type"] == "missing":
                faults[location] = self._missing(location)
            else:
                faults[location] = self._value(location, group)
        # A key that is missing because it is misspelled is one fault, and the misspelling tells more.
        left = [
            fault
            for location, fault in faults.items()
            if fault.code != "toml/missing-key" or location not in meant
        ]
        return sorted(left, key=lambda fault: (_line(fault), fault.what))

    def _location(self, row: Mapping[str, Any]) -> tuple[Key, ...]:
        """The keys of pydantic's location that are in the file: it also names the branches of unions."""
        location: list[Key] = []
        value: Any = self._tables
        for part in row["loc"]:
            inside = isinstance(value, Mapping) and part in value
            if inside or (isinstance(value, list) and isinstance(part, int) and part < len(value)):
                value = value[part]
                location.append(part)
        if row["type"] == "missing":
            location.append(row["loc"][-1])
        return tuple(location)

    def _unknown(self, location: tuple[Key, ...], row: Mapping[str, Any]) -> tuple[Fault, str | None]:
        known = _choices(row) or sorted(_known_keys(self._model, location[:-1]))
        near = closest(str(location[-1]), known)
        hint = f"did you mean `{near}`?" if near else f"known keys here: {', '.join(known)}"
        what = f"unknown key `{_dotted(location)}`"
        return Fault(what, self._places(*location), hint, "toml/unknown-key"), near

    def _missing(self, location: tuple[Key, ...]) -> Fault:
        what = f"`{_dotted(location)}` is missing"
        return Fault(what, self._places(*location), f"add `{location[-1]} = ...`", "toml/missing-key")

    def _value(self, location: tuple[Key, ...], group: Sequence[Mapping[str, Any]]) -> Fault:
        messages = [
            re.sub("^Value error, ", "", str(row["msg"])).replace("Input should ", "must ") for row in group
        ]
        others = (text.removeprefix("must be ") for text in dict.fromkeys(messages[1:]))
        message = ", or ".join([messages[0], *others])
        given = group[0].get("input")
        shown = "" if isinstance(given, dict | list) or not location else f" (here: {given!r})"
        near = closest(given, _choices(group[0])) if isinstance(given, str) else None
        hint = f"did you mean `{near}`?" if near else None
        head = f"`{_dotted(location)}`: " if location else ""
        return Fault(f"{head}{message}{shown}", self._places(*location), hint, "toml/value")


def _refused_key(row: Mapping[str, Any]) -> bool:
    """Whether pydantic refused a key of a table whose keys are a fixed set, not a value."""
    return bool(row["loc"]) and row["loc"][-1] == "[key]"


def _choices(row: Mapping[str, Any]) -> list[str]:
    """The values that a refused value could have had, where they are a fixed set."""
    return re.findall(r"'([^']*)'", str(row.get("ctx", {}).get("expected", "")))


def _dotted(location: Sequence[Key]) -> str:
    """`a.b[0].c`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(
        "."
    )


def _line(fault: Fault) -> tuple[int, int]:
    return (fault.where.line or 0, fault.where.column or 0) if fault.where else (0, 0)


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _known_keys(model: type[BaseModel], location: Sequence[Key]) -> set[str]:
    """The keys that the model's JSON Schema allows in the table at `location`."""
    schema = _schema(model)
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
