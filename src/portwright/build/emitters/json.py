"""A plan as one JSON document, for tools."""

from __future__ import annotations

from portwright.derive.plan import Plan


def emit(plan: Plan) -> str:
    """The document; `derive.plan.from_json` reads it back."""
    return plan.to_json()
