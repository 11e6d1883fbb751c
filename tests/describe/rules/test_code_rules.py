"""The rules about code: what the back end has, and how a spec says it."""

from __future__ import annotations

from typing import Any

import pytest

from describe.rules.rule_checks import M68K, NEW, REDOX, X86, Row, found_only_there, mended_by_its_edits

pytestmark = pytest.mark.toolchain

OLD_X86 = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
MACHO_M68K = "E-m:o-p:32:16:32-i8:8:8-i16:16:16-i32:16:32-n8:16:32-a:0:16-S16"

CASES = [
    Row("data-layout", "it lacks i128:128", X86, {"data-layout": OLD_X86}, safe=True),
    Row("data-layout", "it lacks m:e and has m:o", M68K, {"data-layout": MACHO_M68K}, safe=True),
    Row(
        "data-layout",
        "it lacks m:e and has m:o",
        M68K,
        {"data-layout": MACHO_M68K, "binary-format": "mach-o"},
        {"binary-format": "mach-o"},
        safe=True,
    ),
    Row("layout-agreement", "is big-endian and the spec is little-endian", M68K, {"target-endian": None}),
    Row("layout-agreement", "has pointers of 64 bits", X86, {"target-pointer-width": 32}, mends=False),
    Row("unknown-arch", "for the arch `x86-64`", X86, {"arch": "x86-64"}, safe=True),
    Row("unknown-cpu", "knows no CPU `x86_64`", X86, {"cpu": "x86_64"}),
    Row("unknown-cpu", "knows no CPU `m68030`", M68K, {"cpu": "m68030"}),
    Row(
        "unknown-feature",
        "no feature `68030`",
        M68K,
        {"features": "+68030"},
        {"features": "+isa-68030"},
        safe=True,
    ),
    Row("unknown-feature", "no feature `ssee2`", X86, {"features": "+soft-float,-ssee2"}),
    Row("llvm-target-cpu", "is for `aarch64`", X86, {"llvm-target": "aarch64-unknown-none"}),
    Row("llvm-target-cpu", "begins with `foo`", X86, {"llvm-target": "foo-unknown-none"}, severity="warning"),
    Row("llvm-target-cpu", "is empty", X86, {"llvm-target": ""}, mends=False),
    Row(
        "llvm-target-os",
        "knows no OS `veridian`",
        X86,
        {"llvm-target": "x86_64-unknown-veridian"},
        {"llvm-target": "x86_64-unknown-none-elf"},
        severity="warning",
    ),
    Row(
        "llvm-target-os", "no OS `nextstep`", M68K, {"llvm-target": "m68k-next-nextstep"}, severity="warning"
    ),
    Row("llvm-target-os", "cannot write mach-o", M68K, {"llvm-target": "m68k-next-macho"}, mends=False),
    Row("llvm-target-os", "cannot write mach-o", M68K, {"binary-format": "mach-o"}, mends=False),
    Row("target-family", "`unixx`", REDOX, {"target-family": ["unixx"]}),
    Row("target-family", "`unixx`", REDOX, {"target-family": "unixx"}),
    Row("target-family", "`plan9`", REDOX, {"target-family": ["plan9"]}, severity="warning", mends=False),
    Row(
        "target-family",
        "no `target-family`",
        X86,
        {**NEW, "target-family": None},
        NEW,
        severity="note",
        mends=False,
    ),
    Row("atomic-width", "atomics of 256 bits", REDOX, {"max-atomic-width": 256}),
    Row("atomic-width", "at most 32 bits, not 64", M68K, {"max-atomic-width": 64}),
    Row("atomic-width", "atomics are given up", REDOX, {"max-atomic-width": 0}, severity="warning"),
    Row("atomic-width", "compare-and-swap is given up", M68K, {"atomic-cas": False}, severity="warning"),
    Row(
        "atomic-width",
        "Cranelift has atomics of at most 64 bits",
        REDOX,
        {},
        {"max-atomic-width": 64},
        safe=True,
        backend="cranelift",
    ),
    Row(
        "abi-name",
        "`SystemV` sets no calling convention",
        X86,
        {"abi": "SystemV"},
        severity="warning",
        safe=True,
    ),
    Row("code-model", "no code model `kernel` for `aarch64`", REDOX, {"code-model": "kernel"}),
    Row("code-model", "`large` does nothing", M68K, {"code-model": "large"}, severity="warning"),
    Row("code-model", "programs lie below 2 GiB", X86, {**NEW, "code-model": "kernel"}, NEW),
    Row(
        "kernel-settings",
        "`rustc-abi` is the soft-float ABI",
        X86,
        {**NEW, "rustc-abi": "softfloat", "features": "+soft-float"},
        NEW,
        severity="warning",
    ),
    Row("kernel-settings", "no red zone", X86, {**NEW, "disable-redzone": True}, NEW, severity="note"),
    Row(
        "cranelift-format",
        "cannot tell the object format of `aarch64-unknown-new`",
        REDOX,
        {"llvm-target": "aarch64-unknown-new"},
        backend="cranelift",
    ),
    Row(
        "thread-local",
        "`tls-model` is `local-exec`",
        X86,
        {**NEW, "tls-model": "local-exec", "has-thread-local": None},
        {**NEW, "tls-model": "local-exec"},
        severity="warning",
    ),
    Row(
        "pic-unused",
        "no library is ever moved",
        X86,
        {**NEW, "relocation-model": "pic"},
        NEW,
        severity="warning",
    ),
    Row(
        "pic-unused",
        "(`pic` is the default)",
        X86,
        {**NEW, "relocation-model": None},
        NEW,
        severity="warning",
    ),
]


@pytest.mark.parametrize("row", CASES, ids=lambda row: row.id)
def test_the_fault_is_found_and_only_where_it_is(row: Row, make: Any) -> None:
    found_only_there(row, make)


@pytest.mark.parametrize("row", [row for row in CASES if row.mends], ids=lambda row: row.id)
def test_its_edits_mend_it(row: Row, make: Any) -> None:
    mended_by_its_edits(row, make)


def test_a_layout_that_is_any_built_in_target_s_own_is_right(make: Any, facts: Any) -> None:
    from portwright.describe import rule

    for name, spec in facts.specs.items():
        assert not rule.examine(make(name, {}), ["data-layout"]), (name, spec["data-layout"])
