"""What a person sees of `schema`: the schema itself, to be written to a file."""

from __future__ import annotations

import json

from rich.console import Console

from portwright.jobs.schema import Result


def view(result: Result, console: Console) -> None:
    """Print the JSON."""
    console.print(json.dumps(result.schema, indent=2, ensure_ascii=False), markup=False)
