"""The checker's engine: manuals, reasons, order, all built-in specs, and no surprise on odd input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portwright.base import rooms
from portwright.describe import rule, rustc_facts, toolchain
from portwright.describe.port import Manifest, OsTable
from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec import Spec, of_builtin, overlay
from portwright.describe.spec_case import Case

SYSTEMS = [
    None,
    OsTable.model_validate({"loads": ["elf-exec"], "page-size": 4096}),
    OsTable.model_validate({"loads": [], "page-size": 0, "tls-models": [], "crt-objects": "os"}),
    OsTable.model_validate({"loads": ["macho-exec", "elf-dynamic"], "page-size": 8192, "unwinder": "os"}),
]


def port_case(facts: RustcFacts, target: Mapping[str, Any], **tables: Any) -> Case:
    """The case of a port for x86_64-unknown-test."""
    os = {"loads": ["elf-exec"], "page-size": 4096, **tables.pop("os", {})}
    manifest = Manifest.model_validate(
        {
            "port": {"target": "x86_64-unknown-test", "summary": "made for a test"},
            "target": dict(target),
            "os": os,
            "toolchain": {"rust": "1.96"},
            **tables,
        }
    )
    spec = overlay("x86_64-unknown-test", manifest.target, facts, None, None)
    return Case(spec, facts, manifest.os, manifest, "llvm")


@pytest.mark.parametrize("name", rooms.names(rule.ROOM))
def test_each_rule_has_a_whole_manual(name: str) -> None:
    page = rule.manual(name)
    assert page.title.endswith(".")
    assert list(page.sections) == list(rule.SECTIONS)
    assert all(len(text) > 10 for text in page.sections.values())
    assert rule.manual(f"spec/{name}") == page, "a finding names its rule so"


def test_docs_rules_md_is_up_to_date(repo: Path) -> None:
    assert (repo / "docs" / "rules.md").read_text() == rule.manual_page(), "run `make docs`"


@pytest.mark.toolchain
def test_findings_name_their_rule_reason_and_version(facts: RustcFacts) -> None:
    keys = {
        **facts.need_builtin("x86_64-unknown-none"),
        "cpu": "z80",
        "abi": "SystemV",
        "target-pointer-width": "64",
    }
    found = rule.examine(Case(Spec("t", keys, "json"), facts))
    assert [finding.severity for finding in found] == ["error", "error", "warning", "note"]
    assert {finding.rule for finding in found} == {"unknown-cpu", "width-type", "abi-name", "custom-json"}
    assert all(finding.why and finding.since for finding in found)
    fault = next(finding for finding in found if finding.rule == "width-type").fault()
    assert fault.code == "spec/width-type"
    assert fault.hint == "`target-pointer-width` = 64"


@pytest.mark.toolchain
def test_a_reason_answers_a_warning_but_no_error(facts: RustcFacts) -> None:
    target = {"like": "x86_64-unknown-none", "os": "test", "cpu": "z80"}
    reasons = {"rustc-abi": "the kernel keeps no float registers", "cpu": "mine", "disable-redzone": "so"}

    def severities(table: Mapping[str, Any]) -> dict[str, str]:
        found = rule.examine(port_case(facts, table))
        return {f"{finding.rule} {finding.key[0]}": finding.severity for finding in found if finding.key}

    before, after = severities(target), severities({**target, "why": reasons})
    assert before["kernel-settings rustc-abi"] == "warning"
    assert after["kernel-settings rustc-abi"] == "note"
    assert before["kernel-settings disable-redzone"] == "note"
    assert "kernel-settings disable-redzone" not in after
    assert before["unknown-cpu cpu"] == after["unknown-cpu cpu"] == "error"


@pytest.mark.toolchain
def test_inherited_name_and_target_table_read_what_the_port_wrote(facts: RustcFacts) -> None:
    target = {
        "like": "x86_64-unknown-linux-gnu",
        "remove": ["env", "feature"],
        "why": {"relocation-modle": "typo"},
    }
    found = rule.examine(port_case(facts, target), ["inherited-name", "target-table"])
    said = [finding.what for finding in found]
    assert "`os` is `linux`, inherited from `x86_64-unknown-linux-gnu`" in said[0]
    assert found[0].severity == "error"
    assert found[0].edits == (rule.Edit("os", "test"),)
    assert any("no key `feature` to remove" in what for what in said)
    assert any("`relocation-modle`, which is no key" in what for what in said)
    mended = {**target, "os": "test", "remove": ["env"], "why": {}}
    assert not rule.examine(port_case(facts, mended), ["inherited-name", "target-table"])


@pytest.mark.toolchain
def test_panic_unwinder_holds_the_target_against_std(facts: RustcFacts) -> None:
    target = {"like": "x86_64-unknown-none", "os": "test"}
    case = port_case(facts, target, std={"panic": "unwind"})
    assert "[std] panic is `unwind`" in rule.examine(case, ["panic-unwinder"])[0].what
    assert not rule.examine(port_case(facts, target), ["panic-unwinder"])
    unwinds = port_case(facts, {**target, "panic-strategy": "unwind"}, std={"panic": "unwind"})
    assert unwinds.os is not None and unwinds.os.unwinder == "none"
    assert not rule.examine(unwinds, ["panic-unwinder"])


@pytest.mark.toolchain
def test_custom_json_is_said_of_files_only(facts: RustcFacts) -> None:
    keys = facts.need_builtin("x86_64-unknown-none")
    assert rule.examine(Case(Spec("t", keys, "json"), facts), ["custom-json"])[0].severity == "note"
    assert not rule.examine(Case(of_builtin("x86_64-unknown-none", facts), facts), ["custom-json"])


@pytest.mark.toolchain
def test_no_built_in_spec_of_any_rustc_here_has_an_error() -> None:
    found_here = [found.toolchain for found in toolchain.survey() if found.toolchain is not None]
    # The rules speak the form of 1.95 and later; an older compiler may lie here to be compared with.
    oldest = toolchain.version_key("1.95")
    compilers = [one for one in found_here if toolchain.version_key(one.version) >= oldest]
    if not compilers:
        pytest.skip("toolchain: no rustc from 1.95 on on this machine")
    for compiler in compilers:
        facts = rustc_facts.load(compiler)
        assert len(facts.specs) > 250
        found = [
            (name, f) for name in facts.specs for f in rule.examine(Case(of_builtin(name, facts), facts))
        ]
        wrong = [(name, finding.what) for name, finding in found if finding.severity == "error"]
        assert not wrong, compiler.version
        warned = [(name, finding.rule) for name, finding in found if finding.severity == "warning"]
        assert len(warned) <= 5, (compiler.version, warned)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["x86_64", "+", "gcc"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=8) | st.sampled_from(["gcc", "gnu-lld", "kind"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@pytest.mark.toolchain
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_rule_is_surprised_by_odd_input_and_none_forgets_order(
    facts: RustcFacts, data: st.DataObject
) -> None:
    base = data.draw(st.sampled_from(["x86_64-unknown-none", "aarch64-unknown-redox", "wasm32-wasip1", ""]))
    assert facts.schema is not None
    names = st.sampled_from(sorted(facts.schema["properties"])) | st.text(max_size=10)
    changes = data.draw(st.dictionaries(names, values, max_size=8))
    keys = {**(facts.builtin(base) or {}), **changes}
    os = data.draw(st.sampled_from(SYSTEMS))
    case = Case(Spec("t", keys, "json"), facts, os)
    found = rule.examine(case)
    assert found == rule.examine(
        Case(Spec("t", json.loads(json.dumps(keys)), "json"), facts, os)
    ) or _has_nan(keys)
    assert all(finding.rule and finding.what for finding in found)


def _has_nan(value: Any) -> bool:
    return "NaN" in json.dumps(value)


REFUSED_BY_RUSTC: list[tuple[str, dict[str, Any]]] = [
    ("x86_64-unknown-none", {"target-pointer-width": "64"}),
    ("x86_64-unknown-none", {"vendor": "apple"}),
    ("x86_64-unknown-none", {"os": "unknown"}),
    ("x86_64-unknown-none", {"os": ""}),
    ("x86_64-unknown-none", {"crt-static-default": True}),
    ("x86_64-unknown-none", {"rustc-abi": None}),
    ("x86_64-unknown-none", {"pre-link-args": {"gnu-lld": []}}),
    ("x86_64-unknown-none", {"pre-link-objects-fallback": {"static-nopic-exe": ["a.o"]}}),
    ("x86_64-unknown-none", {"llvm-abiname": "lp64"}),
    ("x86_64-unknown-none", {"features": "sse2"}),
    ("x86_64-unknown-none", {"c-enum-min-bits": 0}),
    ("x86_64-unknown-none", {"min-global-align": 24}),
    ("x86_64-unknown-none", {"linker-flavor": "msvc"}),
    ("x86_64-unknown-none", {"linker-flavor": "nothing"}),
    ("x86_64-unknown-none", {"data-layout": None}),
    ("x86_64-unknown-none", {"link-env": ["A"]}),
    ("aarch64-unknown-redox", {"entry-abi": "win64"}),
    ("aarch64-unknown-redox", {"abi": "softfloat"}),
    ("armv7a-none-eabi", {"abi": "eabihf"}),
    ("riscv64gc-unknown-linux-gnu", {"llvm-abiname": None}),
    ("m68k-unknown-linux-gnu", {"rustc-abi": "softfloat"}),
]


@pytest.mark.toolchain
@pytest.mark.parametrize(("like", "changes"), REFUSED_BY_RUSTC, ids=lambda value: str(value))
def test_what_rustc_refuses_is_an_error(
    facts: RustcFacts, tmp_path: Path, like: str, changes: dict[str, Any]
) -> None:
    merged = {**facts.need_builtin(like), **changes}
    keys = {key: value for key, value in merged.items() if value is not None}
    path = tmp_path / "t.json"
    path.write_text(json.dumps(keys))
    answer = rustc_facts.ask(facts.toolchain, "--print", "cfg", "--target", str(path))
    assert answer.status != 0, "this row is out of date: rustc takes the spec now"
    found = rule.examine(Case(Spec("t", keys, "json"), facts))
    assert [finding for finding in found if finding.severity == "error"], answer.error_text


@pytest.mark.toolchain
def test_an_old_rustc_wants_widths_as_text(facts: RustcFacts) -> None:
    old = {
        name: {**spec, "target-pointer-width": str(spec["target-pointer-width"])}
        for name, spec in facts.specs.items()
    }
    then = RustcFacts(replace(facts.toolchain, version="1.85.0"), old, None)
    keys = facts.need_builtin("x86_64-unknown-none")
    (finding,) = rule.examine(Case(Spec("t", keys, "json"), then))
    assert finding.what == "`target-pointer-width` is 64: rustc 1.85.0 wants text"
    assert finding.edits == (rule.Edit("target-pointer-width", "64"),)
    assert not rule.examine(Case(of_builtin("x86_64-unknown-none", then), then))
