"""The rules about linking and loading: entry points, start files, libraries, and what the OS's loader takes."""

from __future__ import annotations

from typing import Any

import pytest

from describe.rules.rule_checks import EXEC, M68K, NEW, REDOX, X86, Row, found_only_there, mended_by_its_edits
from portwright.describe import rule

pytestmark = pytest.mark.toolchain

PIE = {"position-independent-executables": True}
STATIC_PIE = {"static-position-independent-executables": True}
PIC = {"relocation-model": "pic"}
STATIC_CRT = {"crt-static-default": True, "crt-static-respected": True}
CRT0 = {"pre-link-objects": {"dynamic-nopic-exe": ["crt0.o"]}}
NEXT = {"loads": ["macho-exec"], "page-size": 8192, "crt-objects": "std"}
WITH_STD = {**EXEC, "crt-objects": "std"}

CASES = [
    Row(
        "missing-entry",
        "nothing brings `_start`",
        REDOX,
        {"linker-flavor": "gnu-lld", "linker": "rust-lld"},
        {"linker-flavor": "gnu-lld", "pre-link-objects": {"static-nopic-exe": ["crt0.o"]}},
        mends=False,
    ),
    Row("missing-entry", "nothing brings", X86, {**NEW, "pre-link-objects": None}, NEW, mends=False, os=EXEC),
    Row(
        "missing-entry",
        "nothing brings `_start`: the linker `gnu-lld`",
        X86,
        {**NEW, "pre-link-objects": None},
        NEW,
        severity="warning",
        mends=False,
    ),
    Row(
        "missing-entry",
        "nothing brings `_start`: `-nostdlib`",
        X86,
        {**NEW, "pre-link-objects": None, "linker-flavor": "gcc", "pre-link-args": {"gcc": ["-nostdlib"]}},
        {**NEW, "pre-link-objects": None, "linker-flavor": "gcc", "pre-link-args": {"gcc": ["-static"]}},
        severity="warning",
        mends=False,
    ),
    Row(
        "crt-objects-kind",
        "linked as `static-nopic-exe`",
        REDOX,
        {"pre-link-objects": {"dynamic-pic-exe": ["crt0.o"]}},
        {"pre-link-objects": {"static-nopic-exe": ["crt0.o"]}},
    ),
    Row(
        "start-files",
        "`crt0.o` is linked twice",
        X86,
        {**NEW, "pre-link-args": {"gnu-lld": ["sysroot/crt0.o"]}},
        NEW,
        mends=False,
    ),
    Row(
        "start-files",
        "std brings `_start` itself",
        X86,
        NEW,
        {**NEW, "pre-link-objects": None},
        mends=False,
        os=WITH_STD,
    ),
    Row(
        "start-files",
        "the C compiler that links adds start files",
        X86,
        {**NEW, "pre-link-objects": None, "linker-flavor": "gcc"},
        {
            **NEW,
            "pre-link-objects": None,
            "linker-flavor": "gcc",
            "pre-link-args": {"gcc": ["-nostartfiles"]},
        },
        mends=False,
        os=WITH_STD,
    ),
    Row(
        "host-library",
        "`-lgcc`",
        X86,
        {**NEW, "late-link-args": {"gnu-lld": ["-lgcc"]}},
        NEW,
        severity="warning",
    ),
    Row(
        "host-library",
        "`-lm`",
        X86,
        {**NEW, "linker-flavor": "gcc", "post-link-args": {"gcc": ["-lc", "-Wl,-x", "-lm"]}},
        NEW,
        severity="warning",
    ),
    Row("host-library", "`-lSystem`", M68K, {"late-link-args": {"gnu-cc": ["-lSystem"]}}),
    Row(
        "pie-pair",
        "does nothing while `crt-static-default`",
        X86,
        {**PIE, **STATIC_CRT, "static-position-independent-executables": None},
        severity="warning",
        mends=False,
    ),
    Row(
        "pie-pair",
        "does nothing with the relocation model `static`",
        X86,
        {**NEW, **PIE},
        NEW,
        severity="warning",
    ),
    Row(
        "pie-pair",
        "only statically linked programs",
        X86,
        {**NEW, **STATIC_PIE},
        NEW,
        severity="warning",
        mends=False,
    ),
    Row("loader-pie", "executables are dynamic-pic-exe", X86, {**NEW, **PIE, **PIC}, NEW, safe=True, os=EXEC),
    Row(
        "loader-pie",
        "executables are static-pic-exe",
        X86,
        {**NEW, **PIE, **STATIC_PIE, **PIC, **STATIC_CRT},
        NEW,
        safe=True,
        os=EXEC,
    ),
    Row(
        "loader-pie",
        "with `-C target-feature=-crt-static`",
        X86,
        {**NEW, **PIE, **PIC, **STATIC_CRT},
        NEW,
        safe=True,
        os=EXEC,
    ),
    Row(
        "loader-dynamic",
        "`dynamic-linking` is on",
        X86,
        {**NEW, "dynamic-linking": True},
        NEW,
        safe=True,
        os=EXEC,
    ),
    Row(
        "loader-dynamic",
        "`dll-suffix` names",
        X86,
        {**NEW, "dll-suffix": ".so"},
        NEW,
        severity="warning",
        os=NEXT,
    ),
    Row(
        "loader-dynamic",
        "`has-rpath` is about",
        X86,
        {**NEW, "has-rpath": True},
        NEW,
        severity="warning",
        os=EXEC,
    ),
    Row(
        "loader-format",
        "programs are elf, and the loader takes only macho-exec",
        M68K,
        {},
        {"binary-format": "mach-o"},
        severity="note",
        mends=False,
        os=NEXT,
    ),
    Row(
        "loader-format",
        "programs are elf",
        X86,
        NEW,
        {**NEW, "binary-format": "mach-o"},
        mends=False,
        os=NEXT,
    ),
    Row(
        "tls-model",
        "the TLS model is `global-dynamic`, and the OS serves local-exec (it is the default)",
        X86,
        {**NEW, **PIC},
        NEW,
        safe=True,
        os=EXEC,
    ),
    Row(
        "tls-model",
        "is `initial-exec`",
        X86,
        {**NEW, **PIC, "tls-model": "initial-exec"},
        {**NEW, **PIC, "tls-model": "local-exec"},
        safe=True,
        os=EXEC,
    ),
    Row(
        "thread-local",
        "the OS serves thread-local storage",
        X86,
        {**NEW, "has-thread-local": None},
        NEW,
        severity="warning",
        os=EXEC,
    ),
    Row(
        "page-size",
        "the linker is told pages of 4096 bytes",
        X86,
        {**NEW, "pre-link-args": {"gnu-lld": ["-z", "max-page-size=4096"]}},
        {**NEW, "pre-link-args": {"gnu-lld": ["-z", "max-page-size=0x2000"]}},
        mends=False,
        os=NEXT,
    ),
    Row(
        "page-size",
        "linkers align to 4096 bytes",
        X86,
        NEW,
        {**NEW, "linker-flavor": "gcc", "pre-link-args": {"gcc": ["-Wl,-z,max-page-size=8192"]}},
        mends=False,
        os=NEXT,
    ),
    Row(
        "panic-unwinder",
        "a panic unwinds (it is the default)",
        X86,
        {**NEW, "panic-strategy": None},
        NEW,
        safe=True,
        os=EXEC,
    ),
    Row(
        "panic-unwinder",
        "a panic unwinds,",
        X86,
        {**NEW, "panic-strategy": "unwind"},
        NEW,
        safe=True,
        os=EXEC,
    ),
]


@pytest.mark.parametrize("row", CASES, ids=lambda row: row.id)
def test_the_fault_is_found_and_only_where_it_is(row: Row, make: Any) -> None:
    found_only_there(row, make)


@pytest.mark.parametrize("row", [row for row in CASES if row.mends], ids=lambda row: row.id)
def test_its_edits_mend_it(row: Row, make: Any) -> None:
    mended_by_its_edits(row, make)


def test_a_loader_that_relocates_takes_what_moves(make: Any) -> None:
    case = make(X86, {**NEW, **PIE, **PIC}, {**EXEC, "loads": ["elf-exec", "elf-pie"]})
    assert not rule.examine(case, ["loader-pie"])


def test_start_files_of_redox_s_own_kind_are_right(make: Any) -> None:
    objects = {"static-nopic-exe": ["crt0.o", "crti.o"]}
    case = make(REDOX, {"linker-flavor": "gnu-lld", "pre-link-objects": objects})
    assert case.link_kind() == "static-nopic-exe"
    assert case.link_kind(static=False) == "dynamic-pic-exe"
    assert not rule.examine(case, ["crt-objects-kind", "missing-entry"])
