"""The manual that a module's docstring is: a title, then sections under `## ` headings."""

from __future__ import annotations

import inspect
import re
from types import ModuleType


def sections(module: ModuleType) -> tuple[str, dict[str, str]]:
    """(title on one line, text of each section by its heading, in their order)."""
    text = inspect.cleandoc(module.__doc__ or "")
    title, *parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    found = {head.strip(): body.strip() for head, body in zip(parts[::2], parts[1::2], strict=True)}
    return " ".join(title.split()), found
