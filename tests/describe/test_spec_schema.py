"""The schema walker against a full JSON Schema validator, and what its violations say."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec_schema import Violation, inferred, violations

pytestmark = pytest.mark.toolchain


@pytest.fixture(scope="module")
def schema(facts: RustcFacts) -> dict[str, Any]:
    assert facts.schema is not None
    return facts.schema


def test_every_built_in_spec_is_valid(facts: RustcFacts, schema: dict[str, Any]) -> None:
    for name, spec in facts.specs.items():
        assert not violations(spec, schema, schema), name


def test_all_violations_are_found_at_once(facts: RustcFacts, schema: dict[str, Any]) -> None:
    spec = {**facts.need_builtin("x86_64-unknown-none"), "nonsense": 1, "target-pointer-width": "64"}
    spec |= {"panic-strategy": "give-up", "stack-probes": {"kind": "somehow"}, "target-family": 3}
    del spec["arch"]
    found = {(row.path, row.kind) for row in violations(spec, schema, schema)}
    assert found == {
        (("arch",), "missing"),
        (("nonsense",), "unknown"),
        (("target-pointer-width",), "type"),
        (("panic-strategy",), "value"),
        (("stack-probes", "kind"), "value"),
        (("target-family",), "type"),
    }


def test_a_value_violation_lists_what_is_allowed(facts: RustcFacts, schema: dict[str, Any]) -> None:
    spec = {**facts.need_builtin("x86_64-unknown-none"), "panic-strategy": "abrt"}
    (row,) = violations(spec, schema, schema)
    assert row.given == "abrt"
    assert set(row.allowed) >= {"abort", "unwind"}


leaves = st.none() | st.booleans() | st.integers(-5, 70000) | st.text(max_size=6)
leaves |= st.sampled_from(["abort", "gnu-cc", "inline", "pic", "elf", "musl", "full", "off"])
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "gcc", "gnu-lld", "components", "tier"]), inner, max_size=2
        )
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_it_agrees_with_a_full_validator(
    facts: RustcFacts, schema: dict[str, Any], data: st.DataObject
) -> None:
    validator = jsonschema.Draft202012Validator(schema)
    names = st.sampled_from(sorted(schema["properties"])) | st.sampled_from(["zzz", "like"])
    spec = {
        **facts.need_builtin("x86_64-unknown-none"),
        **data.draw(st.dictionaries(names, values, max_size=4)),
    }
    for name in data.draw(st.lists(st.sampled_from(["arch", "llvm-target", "os"]), max_size=1)):
        spec.pop(name, None)
    found = violations(spec, schema, schema)
    assert bool(found) == (not validator.is_valid(spec)), found
    theirs = {error.path[0] for error in validator.iter_errors(spec) if error.path}
    ours = {row.path[0] for row in found if row.kind in ("type", "value") or len(row.path) > 1}
    assert ours == theirs


def test_an_old_rustc_without_a_schema_wants_what_its_own_specs_have() -> None:
    old = {
        "t": {"target-pointer-width": "64", "data-layout": "e", "arch": "x", "llvm-target": "x", "cpu": "y"}
    }
    schema = inferred(old)
    rows = violations({**old["t"], "target-pointer-width": 64, "other": 1}, schema, schema)
    assert rows == [Violation(("target-pointer-width",), "type", 64, ("string",))]
