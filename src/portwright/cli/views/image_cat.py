"""What a person sees of `image cat`: the file's bytes, as they are."""

from __future__ import annotations

import sys

from rich.console import Console

from portwright.jobs.image_cat import Result


def view(result: Result, console: Console) -> None:
    """Copy the content to standard output."""
    for chunk in result.chunks():
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
