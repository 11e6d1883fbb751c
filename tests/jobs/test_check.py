"""`portwright check` from outside: the documents' specs, each row of the known tables, ports, and `--fix`."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from portwright.base.errors import MissingTool
from portwright.describe import port as ports
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


def document(done: CompletedProcess[str]) -> dict[str, Any]:
    """The JSON document that a run printed."""
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    assert done.returncode == value["status"]
    return value


def rows(value: dict[str, Any]) -> set[tuple[str, str]]:
    """(severity, code) of each finding."""
    return {(row["severity"], row["code"]) for row in value["findings"]}


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


def test_fix_mends_what_is_safe_shows_it_and_the_rest_compiles(
    portwright: Portwright, tmp_path: Path
) -> None:
    path = tmp_path / "x86_64-unknown-veridian.json"
    path.write_text(json.dumps(DOCUMENT, indent=4))
    path.chmod(0o640)
    value = document(portwright("check", "--fix", "--json", path))
    assert value["status"] == 0
    assert value["probe"]["outcome"] == "passed"
    assert value["probe"]["detail"] == "elf 64 bits little-endian machine 62"
    assert '-    "target-pointer-width": "64",\n' in value["fixed"]
    assert '+    "target-pointer-width": 64,\n' in value["fixed"]
    mended = json.loads(path.read_text())
    assert mended["frame-pointer"] == "may-omit"
    assert mended["has-thread-local"] is True
    assert mended["position-independent-executables"] is False
    assert "abi" not in mended
    assert mended["post-link-args"] == DOCUMENT["post-link-args"]
    assert path.stat().st_mode & 0o777 == 0o640
    before = path.read_bytes()
    assert document(portwright("check", "--fix", "--json", path))["fixed"] == ""
    assert path.read_bytes() == before


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
    codes = {code for _, code in rows(value)}
    assert code in codes
    assert probed is None or probed in codes
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
    said = {code for _, code in rows(value)}
    assert said >= {
        "spec/data-layout",
        "spec/unknown-feature",
        "spec/code-model",
        "spec/atomic-width",
        "spec/host-library",
        "spec/llvm-target-os",
    }
    assert sum(row["code"] == "spec/atomic-width" for row in value["findings"]) == 2
    assert value["probe"] == {"outcome": "skipped", "detail": "--no-probe", "faults": [], "command": ""}


@pytest.mark.parametrize("name", ports.bundled())
def test_a_bundled_port_passes(portwright: Portwright, name: str) -> None:
    value = document(portwright("check", "--json", name))
    assert value["status"] == 0, value["findings"]
    assert value["kind"] == "port"
    assert value["ledger"] == "checked"
    assert value["probe"]["outcome"] in ("passed", "not-run")


def test_a_port_s_faults_stand_at_their_lines_and_are_fixed_in_place(
    portwright: Portwright, tmp_path: Path
) -> None:
    folder = tmp_path / "port"
    shutil.copytree(ports.find("x86_64-unknown-veridian"), folder)
    manifest = folder / "port.toml"
    text = manifest.read_text()
    wrong = text.replace(
        "position-independent-executables = false", "position-independent-executables = true  # ASLR", 1
    )
    wrong = wrong.replace('tls-model = "local-exec"', 'tls-model = "local-exec"\nabi = "SystemV"', 1)
    assert wrong != text
    manifest.write_text(wrong)
    value = document(portwright("check", "--no-probe", "--json", folder))
    found = {row["code"]: row["where"] for row in value["findings"]}
    lines = wrong.splitlines()
    assert "ASLR" in lines[found["spec/loader-pie"]["line"] - 1]
    assert "SystemV" in lines[found["spec/abi-name"]["line"] - 1]
    assert found["spec/abi-name"]["file"] == str(manifest)
    fixed = document(portwright("check", "--fix", "--json", folder))
    assert fixed["status"] == 0, fixed["findings"]
    assert "+position-independent-executables = false  # ASLR" in fixed["fixed"]
    assert manifest.read_text().count("#") == wrong.count("#")


def test_the_ledger_s_faults_are_in_the_same_pass(portwright: Portwright, tmp_path: Path) -> None:
    folder = tmp_path / "port"
    shutil.copytree(ports.find("x86_64-unknown-veridian"), folder)
    ledger = folder / "abi.toml"
    text = ledger.read_text()
    broken = re.sub(r'^number = "rax"$', 'number = "eggs"', text, count=1, flags=re.MULTILINE)
    assert broken != text
    ledger.write_text(broken)
    (folder / "port.toml").write_text(
        (folder / "port.toml").read_text().replace("[target]", '[target]\ncpu = "z80"', 1)
    )
    value = document(portwright("check", "--no-probe", "--json", folder))
    codes = {code for _, code in rows(value)}
    assert "spec/unknown-cpu" in codes
    assert any(code.startswith("ledger/") for code in codes)


def test_explain_gives_a_reason_for_each_choice(portwright: Portwright) -> None:
    done = portwright("check", "--no-probe", "--explain", "x86_64-unknown-veridian")
    assert 'panic-strategy = "abort"' in done.stdout
    assert "its libc has no unwinder" in done.stdout
    assert "[x86_64-unknown-none]" in done.stdout


def test_what_cannot_be_checked_is_said_with_the_closest_name(portwright: Portwright) -> None:
    done = portwright("check", "x86_64-unknown-nome")
    assert done.returncode == 2
    assert "did you mean `x86_64-unknown-none`?" in done.stderr
    assert portwright("check").returncode == 2
    assert portwright("check", "/nowhere/x.json").returncode == 2
    builtin = portwright("check", "--fix", "x86_64-unknown-none", "--no-probe")
    assert builtin.returncode == 2
    assert "rustc's own" in builtin.stderr


def test_rules_lists_every_rule(portwright: Portwright) -> None:
    from portwright.base import rooms

    done = portwright("check", "--rules")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(
        rooms.names("portwright.describe.rules")
    )
