"""Sanitizers that 1.95 and 1.96 know and 1.85 does not: rustc refuses a spec that names one it does not know."""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.spec_versions import Change, Keys, Step

LISTS = ("supported-sanitizers", "default-sanitizers")
ADDED = ("realtime", "kernel-hwaddress")


def _newer(keys: Keys) -> Iterator[Step]:
    yield from ()


def _older(keys: Keys) -> Iterator[Step]:
    for key in LISTS:
        names = keys.get(key)
        unknown = [name for name in names if name in ADDED] if isinstance(names, list) else []
        if unknown:
            keys[key] = [name for name in keys[key] if name not in unknown]
            yield Step(
                key, f"`{key}` cannot have {', '.join(f'`{name}`' for name in unknown)} there", loss=True
            )


CHANGE = Change((1, 95), "measured: 1.85 refuses them, 1.95 prints them", _newer, _older, before=(1, 85))
