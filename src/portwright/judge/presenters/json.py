"""The report as JSON, for other tools: `portwright schema report` describes it."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from portwright.base.plain import plain
from portwright.base.visible import everywhere
from portwright.judge.report import Report

SUFFIX = ".json"
FORMAT = 1
"""Grows when a reader of the document would have to change."""


def present(report: Report) -> str:
    """The document, its keys in order."""
    value = {
        "format": FORMAT,
        "status": report.status,
        "headline": report.headline,
        **plain(report),
    }
    return json.dumps(everywhere(value), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def schema() -> dict[str, Any]:
    """The document's JSON Schema, made of the types of the report's value."""
    body = TypeAdapter(Report).json_schema(mode="serialization")
    properties = {
        "format": {"const": FORMAT},
        "status": {"enum": [0, 1, 2]},
        "headline": {"type": "string"},
        **body["properties"],
    }
    every = {**body, "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"$schema": GenerateJsonSchema.schema_dialect, **every, "title": "A report of portwright"}
