"""`rustc-abi` was added: an x86 spec with `soft-float` must name its ABI."""

from __future__ import annotations

from collections.abc import Iterator

from portwright.describe.spec_versions import Change, Keys, Step


def _newer(keys: Keys) -> Iterator[Step]:
    features = str(keys.get("features", "")).split(",")
    if keys.get("arch") in ("x86", "x86_64") and "+soft-float" in features and "rustc-abi" not in keys:
        keys["rustc-abi"] = "x86-softfloat"
        yield Step("rustc-abi", '`+soft-float` needs `rustc-abi`: "x86-softfloat"')


def _older(keys: Keys) -> Iterator[Step]:
    if "rustc-abi" in keys:
        value = keys.pop("rustc-abi")
        loss = not str(value).endswith("softfloat")
        becomes = "the CPU's features decide" if loss else "`+soft-float` in `features` says the same"
        yield Step("rustc-abi", f"`rustc-abi` ({value}) is not known there: {becomes}", loss)


CHANGE = Change((1, 87), "rust#136146", _newer, _older)
