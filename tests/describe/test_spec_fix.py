"""Mending a spec's file: whatever is in it, the result is a spec, and a second time there is nothing to do."""

from __future__ import annotations

import json
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portwright.describe import port as ports
from portwright.describe import rule, spec_fix
from portwright.describe.port import OsTable
from portwright.describe.rule import Edit, Finding
from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec import of_file, of_port
from portwright.describe.spec_case import Case

OS = OsTable.model_validate({"loads": ["elf-exec"], "page-size": 4096})


WRONG: dict[str, list[Any]] = {
    "target-pointer-width": ["64", "32", 64, None],
    "target-c-int-width": ["32", 16],
    "position-independent-executables": [True, False, "true"],
    "relocation-model": ["pic", "PIC", "static"],
    "crt-static-default": [True],
    "eliminate-frame-pointer": [True, False],
    "abi": ["SystemV", ""],
    "has-thread-local": [True, "yes"],
    "tls-model": ["initial-exec", "local-exec"],
    "panic-strategy": ["unwind", "Abort"],
    "arch": ["x86-64", "x86_64"],
    "data-layout": ["e-m:e", None],
    "target_family": [["unix"]],
    "vendor": [""],
    "pre-link-args": [{"gnu-lld": []}, {"gnu-lld": ["-x"], "gcc": []}],
    "features": ["+sse2,", "-mmx,-sse,+soft-float"],
    "rustc-abi": [None, "softfloat"],
    "dynamic-linking": [True],
}


@pytest.mark.toolchain
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_what_is_mended_is_a_spec_and_stays_as_it_is(facts: RustcFacts, data: st.DataObject) -> None:
    changes = data.draw(st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in WRONG.items()}))
    merged = {**facts.need_builtin("x86_64-unknown-none"), "os": "new", **changes}
    keys = {key: value for key, value in merged.items() if value is not None}
    os = data.draw(st.sampled_from([None, OS]))
    indent = data.draw(st.sampled_from([None, 2]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.json"
        path.write_text(json.dumps(keys, indent=indent))
        before = {finding.what for finding in rule.examine(Case(of_file(path), facts, os)) if finding.safe}
        diff = spec_fix.fix(Case(of_file(path), facts, os))
        mended = Case(of_file(path), facts, os)
        assert bool(diff) == bool(before)
        assert not [finding for finding in rule.examine(mended) if finding.safe]
        content = path.read_bytes()
        assert spec_fix.fix(mended) == ""
        assert path.read_bytes() == content


def test_a_finding_s_edits_are_made_all_or_none() -> None:
    one = Finding("one", edits=(Edit("a", 1), Edit("b", 2)), safe=True)
    other = Finding("other", edits=(Edit("b", 3), Edit("c", 4)), safe=True)
    unsafe = Finding("unsafe", edits=(Edit("d", 5),))
    assert spec_fix.chosen([one, other, unsafe]) == [Edit("a", 1), Edit("b", 2)]


@pytest.mark.toolchain
def test_a_port_s_file_is_mended_in_place(facts: RustcFacts, tmp_path: Path) -> None:
    (tmp_path / "abi.toml").write_text((ports.find("x86_64-unknown-veridian") / "abi.toml").read_text())
    path = tmp_path / "port.toml"
    path.write_text(
        "# mine\n[port]\ntarget = 'x86_64-unknown-new'\nsummary = 's'\n\n[target]   # so\n"
        "like = 'x86_64-unknown-linux-gnu'  # nearly\n\n[os]\nloads = ['elf-exec']\npage-size = 4096\n\n"
        "[toolchain]\nrust = '1.96'\n"
    )
    port = ports.load(str(tmp_path))
    diff = spec_fix.fix(Case(of_port(port, facts), facts, port.manifest.os, port.manifest))
    target = tomllib.loads(path.read_text())["target"]
    assert target["os"] == "new"
    assert target["dynamic-linking"] is False
    assert target["position-independent-executables"] is False
    assert target["relocation-model"] == "static"
    assert target["panic-strategy"] == "abort"
    assert "# nearly" in path.read_text()
    assert path.read_text().startswith("# mine\n")
    assert '+os = "new"' in diff
