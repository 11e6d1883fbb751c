"""What `portwright check` must catch: the specs of the documents, and each row of the tables of known faults."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from jobs.check_result import codes, document
from portwright.base.errors import MissingTool
from portwright.describe import rustc_facts, toolchain
from portwright.describe.rustc_facts import RustcFacts

pytestmark = pytest.mark.toolchain
Portwright = Callable[..., CompletedProcess[str]]
X86 = "x86_64-unknown-none"
M68K = "m68k-unknown-linux-gnu"
REDOX = "aarch64-unknown-redox"

# The faults of the spec in VeridianOS's porting guide, and where each is told of.
DOCUMENT: dict[str, Any] = {
    "llvm-target": "x86_64-unknown-veridian",
    "data-layout": "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
    "arch": "x86_64",
    "target-pointer-width": "64",
    "target-c-int-width": "32",
    "os": "veridian",
    "linker-flavor": "gcc",
    "linker": "x86_64-veridian-gcc",
    "pre-link-args": {"gcc": ["-static", "-nostdlib"]},
    "post-link-args": {"gcc": ["-lc", "-lm", "-lgcc"]},
    "position-independent-executables": True,
    "relocation-model": "pic",
    "tls-model": "local-exec",
    "eliminate-frame-pointer": True,
    "abi": "SystemV",
    "panic-strategy": "abort",
    "crt-static-default": True,
    "crt-static-respected": True,
    "max-atomic-width": 64,
}
DOCUMENT_FAULTS = [
    ("error", "spec/width-type", "target-pointer-width"),
    ("error", "spec/width-type", "target-c-int-width"),
    ("error", "spec/unknown-key", "eliminate-frame-pointer"),
    ("error", "spec/loader-pie", "-crt-static"),
    ("warning", "spec/pie-pair", "crt-static-default"),
    ("warning", "spec/abi-name", "SystemV"),
    ("warning", "spec/thread-local", "has-thread-local"),
    ("warning", "spec/host-library", "-lc"),
    ("warning", "spec/host-library", "-lm"),
    ("warning", "spec/host-library", "-lgcc"),
    ("warning", "spec/llvm-target-os", "veridian"),
    ("note", "spec/target-family", "target-family"),
    ("note", "spec/custom-json", "-Zunstable-options"),
]


@pytest.fixture(scope="module")
def facts() -> RustcFacts:
    try:
        return rustc_facts.load(toolchain.find(need_source=False))
    except MissingTool as error:
        pytest.skip(f"toolchain: {error.faults[0].what}")


def has_all_faults_of_the_document(value: dict[str, Any]) -> None:
    for severity, code, word in DOCUMENT_FAULTS:
        assert [
            row
            for row in value["findings"]
            if (row["severity"], row["code"]) == (severity, code) and word in row["what"]
        ], (severity, code, word)
    assert len(value["findings"]) == len(DOCUMENT_FAULTS)
    assert value["held_against"] == "x86_64-unknown-veridian"
    assert value["status"] == 1


def test_the_document_s_spec_gives_all_its_faults_in_one_run(portwright: Portwright, tmp_path: Path) -> None:
    path = tmp_path / "x86_64-unknown-veridian.json"
    path.write_text(json.dumps(DOCUMENT, indent=4))
    value = document(portwright("check", "--json", path))
    has_all_faults_of_the_document(value)
    assert value["probe"]["outcome"] == "refused"
    lines = path.read_text().splitlines()
    for row in value["findings"]:
        if row["where"]["line"] is not None and row["severity"] == "error":
            assert re.search(r"width|eliminate|position-independent", lines[row["where"]["line"] - 1]), row


def test_the_real_document_s_spec_too(portwright: Portwright, tmp_path: Path, shared: Path) -> None:
    text = (shared / "seeds" / "002-veridianos-rust-port.md").read_text()
    found = re.search(r"^```json\n(\{.*?\n\})\n```", text, re.MULTILINE | re.DOTALL)
    assert found
    path = tmp_path / "x86_64-unknown-veridian.json"
    path.write_text(found[1])
    has_all_faults_of_the_document(document(portwright("check", "--json", path)))


OLD = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
NO_PIE = {"position-independent-executables": None, "static-position-independent-executables": None}
LLD = {"linker-flavor": "gnu-lld", "linker": "rust-lld"}
CRT0 = {"static-nopic-exe": ["crt0.o"]}
SOFT = {"arch": "x86-64", "rustc-abi": None, "features": None}
TABLE = [
    ("old data layout", X86, {"data-layout": OLD}, "spec/data-layout", "probe/data-layout"),
    ("arch typo", X86, SOFT, "spec/unknown-arch", "probe/panic"),
    ("unknown cpu", X86, {"cpu": "z80"}, "spec/unknown-cpu", "probe/llvm-error"),
    ("m68k +68030", M68K, {"features": "+68030"}, "spec/unknown-feature", "probe/feature-ignored"),
    ("family unixx", REDOX, {"target-family": ["unixx"]}, "spec/target-family", None),
    ("256-bit atomics", X86, {"max-atomic-width": 256}, "spec/atomic-width", None),
    ("abi SystemV", X86, {"abi": "SystemV"}, "spec/abi-name", None),
    ("unknown OS", X86, {"llvm-target": "x86_64-unknown-myos"}, "spec/llvm-target-os", None),
    ("pic without dynamic linking", X86, NO_PIE, "spec/pic-unused", None),
    (
        "another arch",
        X86,
        {"llvm-target": "aarch64-unknown-none"},
        "spec/llvm-target-cpu",
        "probe/llvm-error",
    ),
    ("no _start", REDOX, LLD, "spec/missing-entry", None),
    (
        "start files under another kind",
        REDOX,
        {**LLD, "pre-link-objects": {"dynamic-pic-exe": ["crt0.o"]}},
        "spec/crt-objects-kind",
        None,
    ),
    (
        "start files twice",
        REDOX,
        {**LLD, "pre-link-args": {"gnu-lld": ["/s/crt0.o"]}, "pre-link-objects": CRT0},
        "spec/start-files",
        None,
    ),
    ("PIE alone with static CRT", REDOX, {"dynamic-linking": None}, "spec/pie-pair", None),
    ("x86 soft float without its ABI", X86, {"rustc-abi": None}, "spec/soft-float", None),
    ("text widths", X86, {"target-pointer-width": "64"}, "spec/width-type", None),
    ("text c-int width", X86, {"target-c-int-width": "32"}, "spec/width-type", None),
    ("inconsistent spec", X86, {"crt-static-default": True}, "spec/crt-static", None),
    ("unstable JSON", X86, {}, "spec/custom-json", None),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_each_row_of_the_tables_is_caught(
    portwright: Portwright,
    facts: RustcFacts,
    tmp_path: Path,
    row: tuple[str, str, dict[str, Any], str, str | None],
) -> None:
    _, like, changes, code, probed = row
    merged = {**facts.need_builtin(like), **changes}
    path = tmp_path / "t.json"
    path.write_text(json.dumps({key: value for key, value in merged.items() if value is not None}))
    value = document(portwright("check", "--json", path))
    assert code in codes(value)
    assert probed is None or probed in codes(value)
    found = next(row for row in value["findings"] if row["code"] == code)
    assert found["why"]
    assert found["since"]


def test_the_faults_of_the_nextstep_plan(portwright: Portwright, facts: RustcFacts, tmp_path: Path) -> None:
    merged = {**facts.need_builtin(M68K)}
    merged |= {
        "llvm-target": "m68k-next-nextstep",
        "data-layout": "E-m:o-p:32:16:32-i8:8:8-i16:16:16-i32:16:32-n8:16:32-a:0:16-S16",
        "os": "nextstep",
        "features": "+68030",
        "code-model": "large",
        "atomic-cas": False,
        "max-atomic-width": 0,
        "late-link-args": {"gnu-cc": ["-lgcc", "-lSystem"]},
    }
    path = tmp_path / "m68k-next-nextstep.json"
    path.write_text(json.dumps(merged))
    value = document(portwright("check", "--no-probe", "--json", path))
    assert codes(value) >= {
        "spec/data-layout",
        "spec/unknown-feature",
        "spec/code-model",
        "spec/atomic-width",
        "spec/host-library",
        "spec/llvm-target-os",
    }
    assert sum(row["code"] == "spec/atomic-width" for row in value["findings"]) == 2
    assert value["probe"] == {"outcome": "skipped", "detail": "--no-probe", "faults": [], "command": ""}
