"""The code-generation probe: real compilations for right and wrong specs, and objects read by their first bytes."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import MissingTool
from portwright.build import object_kind, probe
from portwright.build.probe import ProbeResult
from portwright.describe import rustc_facts, toolchain
from portwright.describe.rustc_facts import RustcFacts

X86 = "x86_64-unknown-none"
M68K = "m68k-unknown-linux-gnu"


@pytest.fixture(scope="module")
def facts() -> RustcFacts:
    try:
        return rustc_facts.load(toolchain.find(need_source=False))
    except MissingTool as error:
        pytest.skip(f"toolchain: {error.faults[0].what}")


def run(facts: RustcFacts, like: str, changes: dict[str, Any] | None = None, **options: Any) -> ProbeResult:
    merged = {**facts.need_builtin(like), **(changes or {})}
    keys = {key: value for key, value in merged.items() if value is not None}
    return probe.probe(keys, facts.toolchain, **options)


@pytest.mark.toolchain
@pytest.mark.parametrize(
    ("like", "seen"),
    [
        (X86, "elf 64 bits little-endian machine 62"),
        (M68K, "elf 32 bits big-endian machine 4"),
        ("aarch64-unknown-redox", "elf 64 bits little-endian machine 183"),
        ("aarch64-apple-darwin", "mach-o 64 bits little-endian machine 16777228"),
        ("x86_64-pc-windows-gnu", "coff 64 bits little-endian machine 34404"),
        ("wasm32-wasip1", "wasm"),
        ("riscv64gc-unknown-linux-gnu", "elf 64 bits little-endian machine 243"),
    ],
)
def test_it_passes_and_says_what_came_out(facts: RustcFacts, like: str, seen: str) -> None:
    result = run(facts, like)
    assert (result.outcome, result.detail, result.faults) == ("passed", seen, ())


OLD = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
WRONG = [
    (X86, {"data-layout": OLD}, "data-layout", "i64:64-i128:128"),
    (X86, {"arch": "x86-64", "rustc-abi": None, "features": None}, "panic", "panicked"),
    (X86, {"cpu": "z80"}, "cpu-ignored", "`z80`"),
    (X86, {"cpu": "z80"}, "llvm-error", "64-bit code requested"),
    (M68K, {"features": "+68030"}, "feature-ignored", "`+68030`"),
    (X86, {"llvm-target": "aarch64-unknown-none"}, "llvm-error", "code models"),
    (X86, {"llvm-target": "foo-unknown-none"}, "panic", "could not create LLVM TargetMachine"),
    (M68K, {"llvm-target": "m68k-apple-macho"}, "crash", "SIGSEGV"),
    (M68K, {"binary-format": "mach-o"}, "object", "the object is elf, and the spec asks for mach-o"),
    ("aarch64-unknown-redox", {"code-model": "kernel"}, "llvm-error", "code models are allowed"),
]


@pytest.mark.toolchain
@pytest.mark.parametrize(("like", "changes", "kind", "says"), WRONG, ids=lambda value: str(value)[:40])
def test_what_the_compiler_makes_of_a_fault_is_a_finding(
    facts: RustcFacts, like: str, changes: dict[str, Any], kind: str, says: str
) -> None:
    result = run(facts, like, changes)
    assert result.outcome == "failed"
    assert [fault for fault in result.faults if fault.kind == kind and says in fault.what], result.faults
    assert all(fault.why for fault in result.faults)


@pytest.mark.toolchain
def test_an_object_for_another_system_passes_as_what_it_is(facts: RustcFacts) -> None:
    result = run(facts, M68K, {"llvm-target": "m68k-next-nextstep"})
    assert result.outcome == "passed"
    assert result.detail.startswith("elf ")


@pytest.mark.toolchain
def test_a_refused_spec_and_a_missing_code_generator_are_no_pass(facts: RustcFacts) -> None:
    refused = run(facts, X86, {"target-pointer-width": "64"})
    assert refused.outcome == "refused"
    assert "expected u16" in refused.detail
    missing = run(facts, X86, backend="cranelift")
    if missing.outcome == "passed":
        pytest.skip("toolchain: this rustc has Cranelift")
    assert missing.outcome == "not-run"
    assert "`cranelift`" in missing.detail


@pytest.mark.toolchain
def test_thread_locals_are_compiled_where_the_spec_has_them(facts: RustcFacts) -> None:
    assert "#[thread_local]" not in probe.source({})
    assert "#[thread_local]" in probe.source({"has-thread-local": True})
    assert run(facts, X86, {"has-thread-local": True, "tls-model": "local-exec"}).outcome == "passed"


@pytest.mark.toolchain
def test_the_answer_is_remembered(
    facts: RustcFacts, fresh_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(facts, M68K, {"features": "+68030"})

    def refuse(*words: object, **options: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(probe, "run", refuse)
    assert run(facts, M68K, {"features": "+68030"}) == first
    with pytest.raises(AssertionError):
        run(facts, M68K, {"features": "+68020"})


def elf(bits: int, endian: str, machine: int, comment: bytes = b"") -> bytes:
    order = ">" if endian == "big" else "<"
    ident = b"\x7fELF" + bytes([2 if bits == 64 else 1, 2 if endian == "big" else 1, 1]) + bytes(9)
    return ident + struct.pack(order + "HH", 1, machine) + bytes(40) + comment


SPEC = {"arch": "x86_64", "target-pointer-width": 64}


@pytest.mark.parametrize(
    ("data", "spec", "backend", "says"),
    [
        (elf(64, "little", 62), SPEC, "llvm", None),
        (elf(32, "little", 62), SPEC, "llvm", "of 32 bits"),
        (elf(64, "big", 62), SPEC, "llvm", "is big-endian"),
        (elf(64, "little", 183), SPEC, "llvm", "for machine 183"),
        (b"\xfe\xed\xfa\xce" + bytes(28), SPEC, "llvm", "is mach-o"),
        (b"\0asm\1\0\0\0", SPEC, "llvm", "is wasm"),
        (b"nonsense", SPEC, "llvm", "is unknown"),
        (b"BC\xc0\xde", {**SPEC, "obj-is-bitcode": True}, "llvm", None),
        (elf(64, "little", 62, b"\0rustc version 1.96.0 (abc)\0"), SPEC, "llvm", None),
        (elf(64, "little", 62, b"\0rustc version 1.96.0 (abc)\0"), SPEC, "bitcode", None),
        (elf(64, "little", 62, b"\0rustc version 1.96.0 (abc)\0"), SPEC, "cranelift", "made by llvm"),
        (
            elf(64, "little", 62, b"rustc version 1.96 with cranelift 0.130\0"),
            SPEC,
            "llvm",
            "made by cranelift",
        ),
    ],
)
def test_object_kind_tells_how_an_object_differs(
    data: bytes, spec: dict[str, Any], backend: str, says: str | None
) -> None:
    found = list(object_kind.differences(data, spec, backend))
    assert bool(found) == (says is not None)
    assert says is None or says in found[0][0]


@pytest.mark.toolchain
@pytest.mark.slow
def test_most_built_in_specs_pass_the_probe(facts: RustcFacts) -> None:
    # One target of each CPU that this LLVM has, but Xtensa: its specs are for a fork of LLVM with another layout.
    firsts = {arch: min(rows) for arch, rows in facts.by_arch.items() if arch != "xtensa"}
    results = {arch: run(facts, name) for arch, name in firsts.items() if facts.cpus(name)}
    failed = {arch: result for arch, result in results.items() if result.outcome != "passed"}
    assert len(results) >= 25
    assert set(failed) <= {"amdgpu"}, failed
    assert all("leaves the CPU open" in result.detail for result in failed.values())
