"""Results and faults as one stable JSON document (`--json`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from portwright.base.errors import Fault
from portwright.base.plain import plain


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
