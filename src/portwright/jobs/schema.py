"""The JSON Schema of port.toml or abi.toml, so that editors complete and check the files, or of a report or a recording.

Draft 2020-12, made from the models that read the files: descriptions are the models' own docstrings.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from portwright.base.events import Event
from portwright.derive import recording_schema
from portwright.describe import machine as machines
from portwright.describe.ledger import Ledger
from portwright.describe.model import kebab
from portwright.describe.port import Manifest
from portwright.jobs import Arg
from portwright.judge.presenters import json as report_json

VERB = "schema"
MODELS: dict[str, type[BaseModel]] = {"port": Manifest, "abi": Ledger}
REPORT = "report"
RECORDING = "recording"


@dataclass(frozen=True, slots=True)
class Arguments:
    """Which file."""

    file: Annotated[
        str,
        Arg(
            "port (port.toml), abi (abi.toml), report (what `portwright report --format json` writes), "
            "or recording (what `portwright record` writes)",
            positional=True,
            choices=(*MODELS, REPORT, RECORDING),
        ),
    ] = "port"


@dataclass(frozen=True, slots=True)
class Result:
    """The schema as a JSON value."""

    schema: dict[str, Any]

    @property
    def status(self) -> int:
        """Showing judges nothing."""
        return 0


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Make the schema."""
    yield from ()
    return Result(schema(arguments.file))


def schema(file: str) -> dict[str, Any]:
    """The JSON Schema of `port`, `abi`, `report` or `recording`."""
    if file == RECORDING:
        return recording_schema.schema()
    if file == REPORT:
        return report_json.schema()
    model = MODELS[file]
    body: dict[str, Any] = _untitled(model.model_json_schema(by_alias=True))
    _describe(body, model)
    for name, definition in body.get("$defs", {}).items():
        _describe(definition, _named(model, name))
    if model is Manifest:
        _with_machines(body)
    return {"$schema": GenerateJsonSchema.schema_dialect, "title": f"portwright's {file}.toml", **body}


def _with_machines(body: dict[str, Any]) -> None:
    """Put in what a machine's table may hold, by its kind: it is read with the model of its kind."""
    definitions = body.setdefault("$defs", {})
    for name, model in machines.kinds():
        inner: dict[str, Any] = _untitled(model.model_json_schema(by_alias=True))
        for below, definition in inner.pop("$defs", {}).items():
            _describe(definition, _named(model, below))
            definitions[below] = definition
        _describe(inner, model)
        definitions[f"machine-{name}"] = inner
    choices = [{"$ref": f"#/$defs/machine-{name}"} for name, _ in machines.kinds()]
    body["properties"]["machine"] = {
        **body["properties"]["machine"],
        "additionalProperties": {"anyOf": choices},
    }


def _untitled(node: Any) -> Any:
    """The schema without the titles that pydantic makes of names: they say nothing more."""
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if key != "title" or not isinstance(value, str)}
        return {key: _untitled(value) for key, value in kept.items()}
    return [_untitled(inner) for inner in node] if isinstance(node, list) else node


def _describe(definition: dict[str, Any], model: type[BaseModel] | None) -> None:
    """Give each key the sentence in which its model's docstring speaks of it, or what its own table is."""
    if model is None or "properties" not in definition:
        return
    text = " ".join(inspect.cleandoc(model.__doc__ or "").split())
    definition["description"] = _spelled(text)
    for field, info in model.model_fields.items():
        own = _models(info.annotation)
        table = " ".join(inspect.cleandoc(own[0].__doc__ or "").split("\n\n")[0].split()) if own else None
        said = _sentence(text, field.rstrip("_")) or table or re.split(r"(?<=\.) ", text)[0]
        if said:
            definition["properties"][info.alias or kebab(field)].setdefault("description", _spelled(said))


def _sentence(text: str, field: str) -> str | None:
    """The sentence that names the field in backticks."""
    sentences = re.split(r"(?<=[.;:])\s+(?=`|[A-Z])", text)
    return next((each for each in sentences if re.search(rf"`{field}(?:`| )", each)), None)


def _spelled(text: str) -> str:
    """Fields in the file's spelling: `page_size` is the key `page-size`."""
    return re.sub(r"`([a-z_]+)`", lambda word: f"`{kebab(word[1])}`", text)


def _named(root: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The model of that name among those that the root is made of."""
    seen: set[type[BaseModel]] = set()
    left = [root]
    while left:
        model = left.pop()
        if model.__name__ == name:
            return model
        if model not in seen:
            seen.add(model)
            for field in model.model_fields.values():
                left += _models(field.annotation)
    return None


def _models(annotation: Any) -> list[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models(inner)]
