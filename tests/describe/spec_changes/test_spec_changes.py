"""The changes of target specs between versions of rustc, against what real compilers print and load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portwright.describe import rustc_facts, spec_versions
from portwright.describe import toolchain as toolchains
from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec import without_rustc_own
from portwright.describe.spec_versions import Step, Version, changes, translate

# One spec that has everything that a change knows: (its older form, its newer one), by the change's name.
FORMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "pointer-width": ({"target-pointer-width": "64"}, {"target-pointer-width": 64}),
    "c-int-width": ({"target-c-int-width": "16"}, {"target-c-int-width": 16}),
    "like-darwin": ({"is-like-osx": True}, {"is-like-darwin": True}),
    "softfloat-abi": ({"rustc-abi": "x86-softfloat"}, {"rustc-abi": "softfloat"}),
    "rustc-abi": (
        {"arch": "x86_64", "features": "-sse,+soft-float"},
        {"arch": "x86_64", "features": "-sse,+soft-float", "rustc-abi": "x86-softfloat"},
    ),
    "ptx-linker": ({"linker-flavor": "ptx"}, {"linker-flavor": "llbc"}),
    "entry-abi": ({"entry-abi": "X86_64Win64"}, {"entry-abi": "win64"}),
    "data-layout": (
        {"arch": "s390x", "data-layout": "E-m:e-n32:64"},
        {"arch": "s390x", "data-layout": "E-S64-m:e-n32:64"},
    ),
}


def done(name: str, way: str, spec: dict[str, Any]) -> tuple[dict[str, Any], list[Step]]:
    """A copy of the spec in the newer or older form of one change."""
    keys = dict(spec)
    steps = list(getattr(changes()[name], way)(keys))
    return keys, steps


@pytest.mark.parametrize("name", sorted(FORMS))
def test_each_change_both_ways(name: str) -> None:
    """There and back is the same; what has the wanted form already is left alone."""
    older, newer = FORMS[name]
    assert done(name, "newer", older)[0] == newer and done(name, "older", newer)[0] == older
    assert done(name, "newer", newer) == (newer, []) and done(name, "older", older) == (older, [])


def test_what_the_older_version_cannot_say_is_a_loss() -> None:
    """added_keys: gone with a word for each."""
    keys, steps = done("added-keys", "older", {"arch": "x86_64", "requires-lto": True})
    assert keys == {"arch": "x86_64"} and [step.loss for step in steps] == [True]
    keys, steps = done("sanitizers", "older", {"supported-sanitizers": ["cfi", "realtime"]})
    assert keys == {"supported-sanitizers": ["cfi"]} and [step.loss for step in steps] == [True]
    assert set(changes()) == {*FORMS, "added-keys", "sanitizers"}


@pytest.mark.parametrize(
    ("version", "abi", "width"),
    [
        ((1, 85), None, "64"),
        ((1, 90), "x86-softfloat", "64"),
        ((1, 91), "x86-softfloat", 64),
        ((1, 96, 0), "softfloat", 64),
    ],
)
def test_versions_between(version: Version, abi: str | None, width: object) -> None:
    """Each version has the changes up to its own, and no other."""
    spec = {"arch": "x86_64", "features": "+soft-float", "target-pointer-width": "64"}
    for start in (spec, dict(translate(spec, (1, 96)).keys)):
        keys = translate(start, version).keys
        assert (keys.get("rustc-abi"), keys["target-pointer-width"]) == (abi, width)


def test_what_is_not_known_is_said() -> None:
    """Between two measured versions a key is left as it is."""
    found = translate({"entry-abi": "win64"}, (1, 89))
    assert found.keys == {"entry-abi": "win64"} and "1.85" in found.unknown[0] and not found.made
    assert not translate({"entry-abi": "win64"}, (1, 85)).unknown


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)
KEYS = st.sampled_from(
    sorted({key for forms in FORMS.values() for form in forms for key in form} | {"other"})
)


@given(st.dictionaries(KEYS, VALUES), st.sampled_from([(1, 85), (1, 88), (1, 90), (1, 95), (1, 99)]))
def test_any_spec_can_be_translated_twice(spec: dict[str, Any], version: Version) -> None:
    """Whatever is in it: a second translation changes nothing, and the given spec is left alone."""
    before = json.dumps(spec, sort_keys=True)
    once = translate(spec, version)
    assert translate(once.keys, version).keys == once.keys and not translate(once.keys, version).made
    assert json.dumps(spec, sort_keys=True) == before


def found_facts() -> list[RustcFacts]:
    """Every rustc on this machine."""
    return [rustc_facts.load(row.toolchain) for row in toolchains.survey() if row.toolchain is not None]


@pytest.mark.toolchain
def test_own_specs_are_in_their_own_form() -> None:
    """The oracle: what a rustc prints needs no translation to its own version."""
    facts = found_facts()
    if not facts:
        pytest.skip("no rustc was found")
    for each in facts:
        for name, spec in each.specs.items():
            if name != "msp430-none-elf":  # its c-int-width is printed as text by every version
                assert not translate(without_rustc_own(spec), each.version).made, (
                    each.toolchain.version,
                    name,
                )


@pytest.mark.toolchain
def test_a_real_rustc_loads_what_an_older_spec_became(tmp_path: Path) -> None:
    """A spec in 1.85's form is refused by a newer rustc, and loaded once it is translated."""
    facts = [each for each in found_facts() if each.version >= (1, 91)]
    if not facts:
        pytest.skip("no rustc from 1.91 on was found")
    for each in facts:
        for name in ("x86_64-unknown-none", "aarch64-unknown-linux-musl", "s390x-unknown-linux-gnu"):
            old = translate(without_rustc_own(each.specs[name]), (1, 85)).keys
            new = spec_versions.translate(old, each.version).keys
            for keys, accepted in ((old, False), (new, True)):
                file = tmp_path / f"{name}.json"
                file.write_text(json.dumps(dict(keys)))
                answer = rustc_facts.ask(each.toolchain, "--print", "cfg", "--target", str(file))
                assert (answer.status == 0) == accepted, (each.toolchain.version, answer.error_text)
