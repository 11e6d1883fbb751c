"""The step `lay-view`: the overlay's edits laid over std's sources, as a folder that cargo can build in."""

from __future__ import annotations

from pathlib import Path

from portwright.build import view
from portwright.build.steps import Call
from portwright.derive.edit import from_json

MODULES = (
    "base.errors",
    "base.files",
    "build.view",
    "derive.edit",
    "derive.overlay",
    "derive.places",
    "derive.tokens",
)


def run(call: Call) -> str:
    """Bring the view up to date; answers what changed."""
    edits = from_json(Path(call.options["edits"]).read_text())
    changes = view.make_view(Path(call.options["source"]), edits, call.out)
    count = len(changes.written) + len(changes.linked) + len(changes.removed)
    return f"{count} files changed" if count else "unchanged"
