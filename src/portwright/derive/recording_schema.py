"""The JSON Schema of a recording's document, made of the types that write it."""

from __future__ import annotations

import inspect
import re
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from portwright.derive import plan, recording

TYPES = (
    plan.Plan,
    plan.Step,
    plan.Input,
    recording.Output,
    recording.Tool,
    recording.Impurity,
    recording.Process,
    recording.Probe,
    recording.Seen,
)


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    body: dict[str, Any] = _plain(TypeAdapter(recording.Recording).json_schema())
    definitions: dict[str, Any] = body.pop("$defs")
    for made in TYPES:
        _describe(definitions[made.__name__], made)
    _describe(body, recording.Recording)
    body["properties"]["schema"] = {"const": recording.SCHEMA, "description": "The version of the document."}
    body["required"] = sorted({*body["required"], "schema"})
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": "A recording of a build by portwright",
        **body,
        "$defs": definitions,
    }


def _plain(node: Any) -> Any:
    """Without titles, which only repeat names, and defaults, which the document always spells out."""
    if isinstance(node, dict):
        kept = {
            key: inner
            for key, inner in node.items()
            if key not in ("title", "default") or isinstance(inner, dict)
        }
        return {key: _plain(inner) for key, inner in kept.items()}
    return [_plain(inner) for inner in node] if isinstance(node, list) else node


def _describe(definition: dict[str, Any], made: type) -> None:
    """No other keys, and of each key the sentence of its type's docstring that names it."""
    text = " ".join(inspect.cleandoc(made.__doc__ or "").split())
    definition["description"] = text
    definition["additionalProperties"] = False
    for name, body in definition["properties"].items():
        found = next((s for s in re.split(r"(?<=\.)\s+", text) if re.search(rf"`{name}(?:`| )", s)), None)
        if found and "$ref" not in body:
            body["description"] = found
