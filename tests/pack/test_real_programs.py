"""`inspect` over programs that rustc and real linkers make, good and bad, with readelf, file and strip as oracles."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from elf_maker import CRANELIFT
from fault_case import held
from no_core import START, compiled, linked, lld, tool
from portwright.pack.inspect import Report, Wanted, inspect

pytestmark = pytest.mark.toolchain
NONE, LINUX, ARM = "x86_64-unknown-none", "x86_64-unknown-linux-gnu", "aarch64-unknown-none"
POINTERS = (
    START
    + """
pub static ONE: u32 = 1;
#[unsafe(no_mangle)] pub static TABLE: &'static u32 = &ONE;
"""
)
STATIC = "-Crelocation-model=static"


def names(report: Report, *severities: str) -> set[str]:
    return {row.fault for row in report.findings if not severities or row.severity in severities}


def looked(path: Path, **fields: object) -> Report:
    return inspect(path, Wanted(**fields))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    folder = tmp_path_factory.mktemp("real")

    def make(name: str, source: str, target: str, *link: str, flags: tuple[str, ...] = (STATIC,)) -> Path:
        obj = compiled(folder, source, target, *flags, name=name.replace("-", "_"))
        return linked(folder, lld(), [*link, obj], name)

    return make


def oracle(path: Path) -> dict[str, str]:
    """What readelf says."""
    said = subprocess.run([tool("readelf"), "-hldnW", path], capture_output=True, text=True).stdout
    rows = {
        "type": r"Type:\s+(\w+)",
        "machine": r"Machine:\s+(.+)",
        "entry": r"Entry point address:\s+(\S+)",
        "interpreter": r"interpreter: (.+)\]",
        "build id": r"Build ID: (\w+)",
        "stack": r"GNU_STACK .* (\S+)\s+0\S*\n",
    }
    found = {key: match[1] for key, text in rows.items() if (match := re.search(text, said))}
    return {**found, "needed": ", ".join(re.findall(r"NEEDED.*\[(.+)\]", said))}


@pytest.mark.parametrize(
    ("target", "link", "kind"),
    [
        (NONE, [], "static executable"),
        (LINUX, ["--build-id"], "static executable"),
        (LINUX, ["-pie", "--no-dynamic-linker"], "static PIE"),
        (LINUX, ["-pie", "-dynamic-linker", "/lib64/ld-linux-x86-64.so.2"], "dynamic PIE"),
        (LINUX, ["-shared", "-soname", "libx.so", "--build-id"], "shared library"),
        (ARM, [], "static executable"),
    ],
)
def test_readelf_agrees(build: Callable[..., Path], target: str, link: list[str], kind: str) -> None:
    flags = () if "-pie" in link or "-shared" in link else (STATIC,)
    path = build("oracle", POINTERS, target, *link, flags=flags)
    program, said = looked(path).program, oracle(path)
    assert program is not None and program.kind == kind
    assert said["type"] == ("EXEC" if kind == "static executable" else "DYN")
    assert program.entry.address == int(said["entry"], 16)
    assert program.entry.symbol == "_start" or not program.runs
    assert (program.interpreter or "") == said.get("interpreter", "")
    assert ", ".join(program.needed) == said["needed"]
    assert (program.build_id or "") == said.get("build id", "")
    assert program.machine.replace("-", "").lower() in said["machine"].replace("-", "").lower()
    assert program.provenance.backend == "llvm" and program.provenance.of("LLD")
    assert not names(looked(path), "error")


def relocations(path: Path) -> int:
    """How many readelf counts."""
    said = subprocess.run([tool("readelf"), "-rW", path], capture_output=True, text=True).stdout
    return said.count("R_X86_64_RELATIVE")


def test_file_agrees_on_the_hosts_own_programs() -> None:
    for path in (Path("/bin/ls"), Path(tool("readelf")), Path(tool("rustc"))):
        program = looked(path.resolve()).program
        said = subprocess.run([tool("file"), "-bL", path], capture_output=True, text=True).stdout
        if program is None:
            continue
        assert program.stripped == ("not stripped" not in said)
        assert ("dynamically linked" in said) == bool(program.interpreter)
        assert (program.build_id or "no id") in said or program.build_id is None


def test_without_a_start_lld_links_and_the_entry_is_zero(build: Callable[..., Path]) -> None:
    path = build("no-start", '#[unsafe(no_mangle)] pub extern "C" fn begin() -> usize { 7 }', NONE)
    assert oracle(path)["entry"] == "0x0"
    assert {"entry-zero", "missing-start"} <= names(looked(path), "error")


def test_without_a_start_gnu_ld_takes_what_comes_first(tmp_path: Path) -> None:
    obj = compiled(tmp_path, '#[unsafe(no_mangle)] pub extern "C" fn begin() -> usize { 7 }', NONE, STATIC)
    path = linked(tmp_path, tool("ld"), [obj])
    assert names(looked(path), "error", "warning") == {"missing-start"}


def test_a_static_pie_for_a_loader_that_relocates_nothing(build: Callable[..., Path]) -> None:
    path = build("static-pie", POINTERS, LINUX, "-pie", "--no-dynamic-linker", flags=())
    report = looked(path, port=held("elf-exec"))
    assert names(report, "error") == {"pie-loader", "unapplied-relocations"}
    assert report.program is not None and report.program.relocations == {"relative": relocations(path)}
    assert not names(looked(path, port=held("elf-exec", "elf-pie")), "error")


def test_flags_of_the_linker_that_cost_protection(build: Callable[..., Path]) -> None:
    path = build("careless", POINTERS, LINUX, "-N", "-z", "execstack")
    assert {"writable-code", "executable-stack"} <= names(looked(path), "warning")


def test_segments_on_one_page(build: Callable[..., Path]) -> None:
    path = build("packed", POINTERS, NONE, "-z", "max-page-size=64", "-z", "separate-code")
    assert "shared-page" in names(looked(path, port=held("elf-exec")), "error")


def test_thread_locals_of_an_odd_size(tmp_path: Path) -> None:
    source = START + (
        "#[thread_local] #[unsafe(no_mangle)] pub static A: usize = 5;\n"
        "#[thread_local] #[unsafe(no_mangle)] pub static B: u8 = 6;\n"
    )
    obj = compiled(tmp_path, source, LINUX, STATIC)
    path = linked(tmp_path, lld(), [obj])
    port = held("elf-exec", **{"tls-padding": "size-multiple-of-alignment"})
    report = looked(path, port=port)
    assert report.program is not None and report.program.tls is not None
    assert (report.program.tls.memory_size, report.program.tls.model) == (9, "local-exec")
    assert names(report, "error") == {"tls-size"}
    obj = compiled(tmp_path, source.replace("u8 = 6", "usize = 6"), LINUX, STATIC)
    assert names(looked(linked(tmp_path, lld(), [obj]), port=port), "error") == set()


def test_thread_locals_of_a_shared_library_are_general_dynamic(build: Callable[..., Path]) -> None:
    source = START + (
        "#[thread_local] #[unsafe(no_mangle)] pub static A: usize = 5;\n"
        '#[unsafe(no_mangle)] pub extern "C" fn a() -> usize { A }\n'
    )
    path = build("lib-tls", source, LINUX, "-shared", flags=())
    program = looked(path).program
    assert program is not None and program.tls is not None and program.tls.model == "general-dynamic"


def test_two_copies_of_a_runtime_behind_muldefs(tmp_path: Path) -> None:
    runtime = (
        '#[unsafe(no_mangle)] pub extern "C" fn setup() -> usize { fork() }\n'
        "#[inline(never)] pub fn fork() -> usize { 7 }\n"
    )
    parts = [
        compiled(
            tmp_path,
            runtime,
            NONE,
            STATIC,
            "--crate-name=redox_rt",
            f"-Cmetadata={mark}",
            "-Csymbol-mangling-version=v0",
            name=f"redox_rt_{mark}",
        )
        for mark in ("one", "two")
    ]
    start = compiled(tmp_path, START, NONE, STATIC, name="start")
    path = linked(tmp_path, lld(), ["-z", "muldefs", start, *parts])
    report = looked(path)
    assert names(report, "error") == {"duplicate-runtime"}
    assert "2 copies of the crate redox_rt" in report.findings[0].what
    assert not names(looked(linked(tmp_path, lld(), [start, parts[0]])), "error")


def as_cranelift(obj: Path) -> Path:
    """The object with the `.comment` that rustc_codegen_cranelift writes: a zero, its name, a zero."""
    comment = obj.with_suffix(".comment")
    comment.write_bytes(b"\0" + CRANELIFT.encode() + b"\0")
    subprocess.run([tool("objcopy"), "--update-section", f".comment={comment}", obj], check=True)
    return obj


def test_which_code_generator(tmp_path: Path) -> None:
    ours = as_cranelift(compiled(tmp_path, START, NONE, STATIC, name="ours"))
    other = compiled(tmp_path, "#[unsafe(no_mangle)] pub static X: usize = 1;", NONE, STATIC, name="other")
    program = compiled(tmp_path, START, NONE, STATIC, name="program")
    folder = tmp_path / "bin"
    folder.mkdir()
    linked(folder, lld(), [ours], "good")
    linked(folder, lld(), [ours, other], "mixed")
    linked(folder, lld(), [program], "llvm")
    report = looked(folder, built_by="cranelift")
    wrong = {row.path for row in report.members if "wrong-backend" in names(row, "error")}
    assert wrong == {"mixed", "llvm"}
    backends = {row.path: row.program.provenance.backend for row in report.members if row.program}
    assert backends == {"good": "cranelift", "mixed": "mixed", "llvm": "llvm"}
    stripped = folder / "good"
    subprocess.run([tool("strip"), stripped], check=True)
    assert looked(stripped).program.provenance.backend == "cranelift"  # type: ignore[union-attr]
    subprocess.run([tool("objcopy"), "-R", ".comment", stripped], check=True)  # as llvm-strip does
    assert names(looked(stripped, built_by="cranelift"), "error") == {"wrong-backend"}


def test_another_cpu(build: Callable[..., Path]) -> None:
    path = build("arm", START, ARM)
    assert names(looked(path, port=held("elf-exec")), "error") == {"wrong-machine"}
    assert not names(looked(path, port=held("elf-exec", cpu_name="aarch64")), "error")


def test_objects_of_an_archive_have_their_own_makers(tmp_path: Path) -> None:
    ours = as_cranelift(compiled(tmp_path, START, NONE, STATIC, name="ours"))
    other = compiled(tmp_path, START, NONE, STATIC, name="other")
    subprocess.run([tool("ar"), "rcs", tmp_path / "lib.a", ours, other], check=True)
    report = looked(tmp_path / "lib.a", built_by="cranelift")
    assert [(row.path, sorted(names(row, "error"))) for row in report.members] == [
        ("ours.o", []),
        ("other.o", ["wrong-backend"]),
    ]


def test_against_the_last_good_one(tmp_path: Path) -> None:
    old = START + '#[unsafe(no_mangle)] pub extern "C" fn gone() -> usize { 1 }\n'
    new = START + "#[unsafe(no_mangle)] pub static TABLE: [u8; 9000] = [3; 9000];\n"
    good = linked(tmp_path, lld(), [compiled(tmp_path, old, NONE, STATIC, name="old")], "good")
    now = linked(tmp_path, lld(), [compiled(tmp_path, new, NONE, STATIC, name="new")], "now")
    report = inspect(now, Wanted(), good)
    difference = report.difference
    assert difference is not None and not difference.same
    assert [row.name for row in difference.lost] == ["gone"]
    assert [(row.name, row.by) for row in difference.new] == [("TABLE", 9000)]
    assert difference.sections[0].name == ".rodata" and difference.sections[0].by >= 9000
    assert "grown" in names(report, "warning")
    same = inspect(good, Wanted(), good).difference
    assert same is not None and same.same
