"""Results and faults as one stable JSON document (`--json`)."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from portwright.base.errors import Fault


def plain(value: Any) -> Any:
    """The value in JSON's own kinds: dataclasses as objects, paths and other names as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        inner = [plain(item) for item in value]
        return sorted(inner, key=str) if isinstance(value, set | frozenset) else inner
    return value


def result_document(verb: str, result: Any) -> str:
    """A job's result; `verb` and `status` are always there."""
    return _text({"verb": verb, "status": result.status, **plain(result)})


def error_document(verb: str, faults: Iterable[Fault], status: int) -> str:
    """What stood in a job's way; `faults` is always there."""
    return _text({"verb": verb, "status": status, "faults": plain(list(faults))})


def _text(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
    # Bytes of file names that are no UTF-8 are lone surrogates, which JSON can only escape.
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)
