"""Keys that 1.95 has and 1.85 has not, measured on all built-in specs of both."""

from __future__ import annotations

from portwright.describe.spec_versions import Change, new_keys

CHANGE = Change(
    (1, 95),
    "measured: built-in specs and the schema of 1.95 against those of 1.85",
    *new_keys(
        {
            "binary-format": "it follows from `is-like-*`",
            "default-sanitizers": "no sanitizer is on by default",
            "is-like-gpu": "it is built as for a CPU",
            "is-like-vexos": "it is linked as for any other OS",
            "link-self-contained": "`-Clink-self-contained` says it",
            "need-explicit-cpu": "`cpu` is taken where none is given",
            "requires-lto": "`-Clto` says it",
            "simd-types-indirect": "vectors are passed by reference",
            "static-initializer-must-be-acyclic": "cyclic statics are not refused",
        }
    ),
    before=(1, 85),
)
