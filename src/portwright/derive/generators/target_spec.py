"""The JSON text of a whole target spec, as rustc takes it with `--target FILE.json`: sorted, so always the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def text(keys: Mapping[str, Any]) -> str:
    """The spec as JSON. Keys are sorted; lists keep their order, which matters to linkers."""
    return json.dumps(dict(keys), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
