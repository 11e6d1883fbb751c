"""The rules that say what rustc refuses when it loads a spec: its schema, and how keys must fit together."""

from __future__ import annotations

from typing import Any

import pytest

from describe.rules.rule_checks import M68K, REDOX, X86, Row, found_only_there, mended_by_its_edits

pytestmark = pytest.mark.toolchain

CASES = [
    Row("unknown-key", "`eliminate-frame-pointer`", X86, {"eliminate-frame-pointer": True}, safe=True),
    Row("unknown-key", "`target_family`", X86, {"target_family": ["unix"]}, safe=True),
    Row("unknown-key", "`is-builtin`", X86, {"is-builtin": False}, safe=True),
    Row("unknown-key", "`disable-redzon`", X86, {"disable-redzon": True}),
    Row("unknown-key", "`pre-link-args.gnu-ldd`", X86, {"pre-link-args": {"gnu-ldd": ["-x"]}}, mends=False),
    Row("missing-key", "`data-layout` is missing", X86, {"data-layout": None}),
    Row("missing-key", "`arch` is missing", X86, {"arch": None}, mends=False),
    Row("width-type", "`target-pointer-width` is '64'", X86, {"target-pointer-width": "64"}, safe=True),
    Row("width-type", "`target-c-int-width` is '32'", X86, {"target-c-int-width": "32"}, safe=True),
    Row("wrong-type", "`executables` is of type string", X86, {"executables": "true"}, safe=True),
    Row("wrong-type", "`max-atomic-width` is of type string", X86, {"max-atomic-width": "64"}, safe=True),
    Row("wrong-type", "`supported-sanitizers` is of type", X86, {"supported-sanitizers": "kcfi"}, safe=True),
    Row("wrong-type", "`crt-objects-fallback` is of type", X86, {"crt-objects-fallback": False}, safe=True),
    Row("wrong-type", "`stack-probes` is of type", X86, {"stack-probes": "inline"}, mends=False),
    Row("unknown-value", "`panic-strategy` cannot be 'abrt'", X86, {"panic-strategy": "abrt"}),
    Row("unknown-value", "`panic-strategy` cannot be 'Abort'", X86, {"panic-strategy": "Abort"}, safe=True),
    Row("platform-flag", "`is-like-darwin` must be set", X86, {"vendor": "apple"}, mends=False),
    Row("platform-flag", "`is-like-wasm` must be set", X86, {"is-like-wasm": True}, mends=False),
    Row("platform-flag", "`is-like-msvc` without", X86, {"is-like-msvc": True}, mends=False),
    Row("platform-flag", "flavor of msvc is needed", X86, {"linker-flavor": "msvc"}, mends=False),
    Row(
        "link-arguments",
        "`pre-link-args.gnu-lld` is empty",
        X86,
        {"pre-link-args": {"gnu-lld": []}},
        safe=True,
    ),
    Row(
        "link-arguments",
        "`pre-link-args` has no arguments for the flavor `gnu-lld`",
        X86,
        {"pre-link-args": {"gcc": ["-static"]}},
        {"pre-link-args": {"gnu-lld": ["-static"]}},
        severity="warning",
        mends=False,
    ),
    Row(
        "link-arguments",
        "`pre-link-args` differs for `gnu` and `gnu-lld`",
        X86,
        {"pre-link-args": {"gnu": ["-x"], "gnu-lld": ["-s"]}},
        {"pre-link-args": {"gnu": ["-x"], "gnu-lld": ["-x"]}},
        severity="warning",
        mends=False,
    ),
    Row(
        "fallback-objects",
        "`pre-link-objects-fallback` is given",
        X86,
        {"pre-link-objects-fallback": {"static-nopic-exe": ["crt1.o"]}},
        mends=False,
    ),
    Row("os-name", "`vendor` is empty", X86, {"vendor": ""}, safe=True),
    Row("os-name", "`os` cannot be `unknown`", X86, {"os": "unknown"}),
    Row("crt-static", "`crt-static-default` without", X86, {"crt-static-default": True}, safe=True),
    Row("abi-choice", "`llvm-floatabi` has no meaning", X86, {"llvm-floatabi": "soft"}),
    Row("abi-choice", "`llvm-floatabi` has no meaning", M68K, {"llvm-floatabi": "soft"}, severity="warning"),
    Row("abi-choice", "`rustc-abi` has no meaning", M68K, {"rustc-abi": "softfloat"}),
    Row(
        "abi-choice",
        "`llvm-abiname` is missing",
        "riscv64gc-unknown-linux-gnu",
        {"llvm-abiname": None},
        mends=False,
    ),
    Row("abi-choice", "`abi` is `eabihf`", REDOX, {"abi": "eabihf"}),
    Row("abi-choice", "do not fit together", "armv7a-none-eabi", {"abi": None}),
    Row("abi-choice", "`rustc-abi` is soft-float", X86, {"abi": "uwp"}),
    Row("soft-float", "`features` has `-sse2`", X86, {"rustc-abi": None}, safe=True),
    Row("soft-float", "`features` has `-sse`", X86, {"rustc-abi": None, "features": "-mmx,-sse"}),
    Row("soft-float", "`features` has `-soft-float`", X86, {"features": "-soft-float"}, mends=False),
    Row("soft-float", "`features` has `-neon`", REDOX, {"features": "-neon"}, mends=False),
    Row(
        "feature-syntax",
        "must begin with `+` or `-`",
        M68K,
        {"features": "isa-68030"},
        {"features": "+isa-68030"},
    ),
    Row("feature-syntax", "must begin with `+` or `-`", M68K, {"features": "+isa-68030,"}, safe=True),
    Row("feature-syntax", "both on and off", M68K, {"features": "+isa-68030,-isa-68030"}, mends=False),
    Row("entry-abi", "no calling convention `win64`", REDOX, {"entry-abi": "win64"}, {"entry-abi": "efiapi"}),
    Row("integer-widths", "`c-enum-min-bits` is 0", X86, {"c-enum-min-bits": 0}, mends=False),
    Row("integer-widths", "`min-global-align` is 24", X86, {"min-global-align": 24}, mends=False),
    Row("link-env", "'ZERO'", X86, {"link-env": ["A=1", "ZERO"]}, {"link-env": ["A=1"]}, mends=False),
    Row("codegen-backend", "no code generator `clif`", X86, {"default-codegen-backend": "clif"}),
]


@pytest.mark.parametrize("row", CASES, ids=lambda row: row.id)
def test_the_fault_is_found_and_only_where_it_is(row: Row, make: Any) -> None:
    found_only_there(row, make)


@pytest.mark.parametrize("row", [row for row in CASES if row.mends], ids=lambda row: row.id)
def test_its_edits_mend_it(row: Row, make: Any) -> None:
    mended_by_its_edits(row, make)
