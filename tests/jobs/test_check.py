"""`portwright check` from outside: ports, built-in targets, `--fix`, `--explain`, and what cannot be checked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from jobs.check_result import codes, document
from port_copies import copied
from portwright.base.errors import MissingTool
from portwright.describe import port as ports
from portwright.describe import rustc_facts, toolchain
from portwright.describe.rustc_facts import RustcFacts

pytestmark = pytest.mark.toolchain
Portwright = Callable[..., CompletedProcess[str]]
X86 = "x86_64-unknown-none"
M68K = "m68k-unknown-linux-gnu"
REDOX = "aarch64-unknown-redox"

DOCUMENT: dict[str, Any] = {
    "llvm-target": "x86_64-unknown-veridian",
    "data-layout": "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
    "arch": "x86_64",
    "target-pointer-width": "64",
    "os": "veridian",
    "linker-flavor": "gcc",
    "pre-link-args": {"gcc": ["-static", "-nostdlib"]},
    "post-link-args": {"gcc": ["-lc", "-lm", "-lgcc"]},
    "position-independent-executables": True,
    "tls-model": "local-exec",
    "eliminate-frame-pointer": True,
    "abi": "SystemV",
    "panic-strategy": "abort",
    "max-atomic-width": 64,
}


@pytest.fixture(scope="module")
def facts() -> RustcFacts:
    try:
        return rustc_facts.load(toolchain.find(need_source=False))
    except MissingTool as error:
        pytest.skip(f"toolchain: {error.faults[0].what}")


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


@pytest.mark.parametrize("name", ports.bundled())
def test_a_bundled_port_passes(portwright: Portwright, name: str) -> None:
    value = document(portwright("check", "--json", name))
    assert value["status"] == 0, value["findings"]
    assert value["kind"] == "port"
    assert value["ledger"] == ("checked" if ports.load(name).abi else "none")
    assert value["probe"]["outcome"] in ("passed", "not-run")


def test_a_port_s_faults_stand_at_their_lines_and_are_fixed_in_place(
    portwright: Portwright, tmp_path: Path
) -> None:
    folder = tmp_path / "port"
    copied("x86_64-unknown-veridian", folder)
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
    copied("x86_64-unknown-veridian", folder)
    ledger = folder / "abi.toml"
    text = ledger.read_text()
    broken = re.sub(r'^number = "rax"$', 'number = "eggs"', text, count=1, flags=re.MULTILINE)
    assert broken != text
    ledger.write_text(broken)
    (folder / "port.toml").write_text(
        (folder / "port.toml").read_text().replace("[target]", '[target]\ncpu = "z80"', 1)
    )
    value = document(portwright("check", "--no-probe", "--json", folder))
    assert "spec/unknown-cpu" in codes(value)
    assert any(code.startswith("ledger/") for code in codes(value))


def test_a_misspelled_key_does_not_hide_the_target_s_faults(portwright: Portwright, tmp_path: Path) -> None:
    folder = tmp_path / "port"
    copied("x86_64-unknown-veridian", folder)
    text = (folder / "port.toml").read_text()
    broken = text.replace("[target] ", '[target]\ncpu = "z80" ', 1).replace("\npage-size", "\npagesize", 1)
    (folder / "port.toml").write_text(broken)
    (folder / "abi.toml").write_text((folder / "abi.toml").read_text().replace("map-base", "map-bse", 1))
    done = portwright("check", folder)
    assert done.returncode == 2
    for said in ("os.pagesize", "memory.map-bse", "no CPU `z80`"):
        assert said in done.stderr
    (folder / "port.toml").write_text("[target]\nlike = 3\n")
    assert portwright("check", folder).returncode == 2


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


def test_a_rule_s_manual_can_be_read(portwright: Portwright) -> None:
    done = portwright("check", "--rules", "width-type")
    assert "## Why is this bad?" in done.stdout
    assert "since 1.91" in done.stdout
    wrong = portwright("check", "--rules", "width-tipe")
    assert wrong.returncode == 2
    assert "did you mean `width-type`?" in wrong.stderr


def test_fix_keeps_line_ends_and_links(portwright: Portwright, facts: RustcFacts, tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    keys = {**facts.need_builtin(X86), "target-pointer-width": "64"}
    real.write_bytes(json.dumps(keys, indent=2).replace("\n", "\r\n").encode())
    link.symlink_to(real)
    value = document(portwright("check", "--fix", "--no-probe", "--json", link))
    assert value["status"] == 0
    assert link.is_symlink()
    data = real.read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n") > 10
    assert value["fixed"].count("\n-") == 1


def test_a_contradiction_between_a_port_s_files_is_in_the_same_pass(
    portwright: Portwright, tmp_path: Path
) -> None:
    folder = tmp_path / "port"
    copied("x86_64-unknown-veridian", folder)
    manifest = folder / "port.toml"
    manifest.write_text(manifest.read_text().replace("page-size = 4096", "page-size = 8192"))
    value = document(portwright("check", "--no-probe", "--json", folder))
    assert codes(value) >= {"port/page-size", "spec/page-size"}


def test_a_spec_can_be_held_against_another_rustc(
    portwright: Portwright, facts: RustcFacts, tmp_path: Path
) -> None:
    others = [found.toolchain for found in toolchain.survey() if found.toolchain is not None]
    other = next((found for found in others if found.version != facts.toolchain.version), None)
    if other is None:
        pytest.skip("toolchain: one version of rustc only on this machine")
    path = tmp_path / "t.json"
    path.write_text(json.dumps(facts.need_builtin(M68K)))
    value = document(portwright("check", "--json", "--toolchain", other.rustc, path))
    assert value["rustc"] == other.version
    assert value["status"] == 0, value["findings"]


def test_a_spec_s_own_code_generator_is_the_one_it_is_held_against(
    portwright: Portwright, facts: RustcFacts, tmp_path: Path
) -> None:
    spec = {**facts.need_builtin(REDOX), "max-atomic-width": 128, "default-codegen-backend": "cranelift"}
    path = tmp_path / "clif.json"
    path.write_text(json.dumps(spec))
    value = document(portwright("check", path, "--json"))
    assert "Cranelift has atomics of at most 64 bits, not 128" in {row["what"] for row in value["findings"]}
    # Most builds of rustc have no Cranelift; what is said of the probe must at least be about it.
    assert value["probe"]["outcome"] in ("passed", "not-run")
    assert "llvm" not in value["probe"]["detail"]


# --for-rust


def test_a_spec_for_another_rustc(portwright: Portwright, tmp_path: Path) -> None:
    """The spec alone on standard output, what was done on standard error; written to a file on wish."""
    ran = portwright("check", "x86_64-unknown-none", "--for-rust", "1.85")
    assert ran.returncode == 0, ran.stderr
    spec = json.loads(ran.stdout)
    assert spec["target-pointer-width"] == "64" and "rustc-abi" not in spec
    assert "rust#144443" in ran.stderr and "x86_64-unknown-none for rustc 1.85: " in ran.stderr
    file = tmp_path / "old.json"
    wrote = portwright("check", "x86_64-unknown-none", "--for-rust", "1.85", "--output", file)
    assert wrote.stdout == f"wrote {file}\n" and json.loads(file.read_text()) == spec
    back = portwright("check", file, "--for-rust", "1.96", "--json")
    document = json.loads(back.stdout)
    assert document["translated"]["proof"]["outcome"] in ("accepted", "not-run")
    keys = json.loads(document["translated"]["text"])
    assert keys["target-pointer-width"] == 64 and keys["rustc-abi"] == "softfloat"


def test_a_version_that_is_none_and_a_file_that_is_the_spec(portwright: Portwright, tmp_path: Path) -> None:
    """Status 2, and the spec stays."""
    assert portwright("check", "x86_64-unknown-none", "--for-rust", "new").returncode == 2
    file = tmp_path / "own.json"
    portwright("check", "x86_64-unknown-none", "--for-rust", "1.90", "--output", file)
    before = file.read_bytes()
    ran = portwright("check", file, "--for-rust", "1.96", "--output", file)
    assert ran.returncode == 2 and "overwrite" in ran.stderr and file.read_bytes() == before
