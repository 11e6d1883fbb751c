"""The backend `bitcode`: LLVM IR in, a program that runs out."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path

import pytest

from backend_cases import X86, link, module, run, settings
from no_core import tool
from portwright.base.errors import BadInput, StepFailed
from portwright.build import backend_link, bitcode_modules
from portwright.build.backends import Settings

EXIT = """
declare i32 @answer(i32)
define void @_start() noreturn {
  %code = call i32 @answer(i32 40)
  call void asm sideeffect "syscall", "{rax},{rdi}"(i64 60, i32 %code)
  unreachable
}
"""
ANSWER = """
define i32 @answer(i32 %x) {
  %sum = call i32 @_ZN5inner17h0123456789abcdefE(i32 %x)
  ret i32 %sum
}
define i32 @_ZN5inner17h0123456789abcdefE(i32 %x) noinline {
  %sum = add i32 %x, 2
  ret i32 %sum
}
define i32 @_ZN6unused17h0123456789abcdefE(i32 %x) {
  %sum = call i32 @not_there(i32 %x)
  ret i32 %sum
}
declare i32 @not_there(i32)
"""


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    return settings(tmp_path)


def test_modules_are_linked_and_only_what_is_asked_for_stays(tmp_path: Path, own: Settings) -> None:
    inputs = [module(tmp_path, "start", EXIT), module(tmp_path, "answer", ANSWER)]
    for level in (0, 1, 2, 3):
        report = link(own, [*inputs, f"-plugin-opt=O{level}"], tmp_path / "program")
        assert run(tmp_path / "program").returncode == 42
        assert (report.level, report.modules, report.reused) == (level, ("program",), ())
    symbols = subprocess.check_output([tool("nm"), tmp_path / "program"], text=True)
    assert " T answer" in symbols and "unused" not in symbols


def test_what_was_made_is_not_made_again(tmp_path: Path, own: Settings) -> None:
    inputs = [module(tmp_path, "start", EXIT), module(tmp_path, "answer", ANSWER)]
    assert link(own, inputs, tmp_path / "program").reused == ()
    assert link(own, inputs, tmp_path / "program").reused == ("program",)
    inputs[1] = module(tmp_path, "answer", ANSWER.replace("%x, 2", "%x, 3"))
    assert link(own, inputs, tmp_path / "program").reused == ()
    assert run(tmp_path / "program").returncode == 43


def test_archives_of_bitcode_and_native_objects(tmp_path: Path, own: Settings) -> None:
    native = tmp_path / "native.o"
    source = tmp_path / "native.s"
    source.write_text(".globl answer\nanswer: call _ZN5inner17h0123456789abcdefE\n inc %eax\n ret\n")
    subprocess.run([tool("as"), source, "-o", native], check=True)
    inner = module(tmp_path, "inner", ANSWER.replace("@answer", "@_ZN5other17h0123456789abcdefE"))
    (tmp_path / "lib.rmeta").write_bytes(b"metadata")
    archive = tmp_path / "libinner-1.rlib"
    subprocess.run([tool("ar"), "rc", archive, inner, tmp_path / "lib.rmeta"], check=True)
    report = link(own, [module(tmp_path, "start", EXIT), native, archive], tmp_path / "program")
    assert run(tmp_path / "program").returncode == 43
    assert report.native == ("native.o",)


def test_the_runtime_is_a_module_of_its_own_whose_names_stay(tmp_path: Path, own: Settings) -> None:
    runtime = tmp_path / "libcompiler_builtins-1.rlib"
    text = ANSWER.replace("_ZN6unused17h0123456789abcdefE", "memcpy").replace(
        "call i32 @not_there(i32 %x)", "add i32 %x, 1"
    )
    subprocess.run([tool("ar"), "rc", runtime, module(tmp_path, "answer", text)], check=True)
    report = link(own, [module(tmp_path, "start", EXIT), runtime], tmp_path / "program")
    assert report.modules == ("runtime", "program")
    assert run(tmp_path / "program").returncode == 42
    assert "memcpy" in subprocess.check_output([tool("nm"), tmp_path / "program"], text=True)


def test_what_is_wrong_is_said(tmp_path: Path, own: Settings) -> None:
    with pytest.raises(BadInput, match="not there") as caught:
        link(own, [tmp_path / "a.o", tmp_path / "b.o"], tmp_path / "program")
    assert len(caught.value.faults) == 2
    with pytest.raises(BadInput, match="nothing to link"):
        link(own, [], tmp_path / "program")
    with pytest.raises(StepFailed, match="undefined reference to `answer'"):
        link(own, [module(tmp_path, "start", EXIT)], tmp_path / "program")
    broken = tmp_path / "broken.o"
    broken.write_bytes(b"BC\xc0\xdethis is no bitcode")
    with pytest.raises(StepFailed, match="does not link"):
        link(own, [broken], tmp_path / "program")


def test_a_name_that_is_the_same_in_two_modules(tmp_path: Path, own: Settings) -> None:
    twice = [module(tmp_path, name, ANSWER) for name in ("one", "two")]
    with pytest.raises(StepFailed, match="symbol multiply defined"):
        link(own, twice, tmp_path / "program")


def test_this_machines_cpu_is_the_one_of_the_tests(own: Settings) -> None:
    assert own.triple == X86[1]


def test_a_member_of_an_archive_that_is_nothing_is_named(tmp_path: Path, own: Settings) -> None:
    (tmp_path / "cut.o").write_bytes(b"BC\xc0")
    archive = tmp_path / "lib.rlib"
    members = [module(tmp_path, "answer", ANSWER), tmp_path / "cut.o"]
    subprocess.run([tool("ar"), "rc", archive, *members], check=True, capture_output=True)
    with pytest.raises(BadInput, match=r"lib.rlib: cut.o in it is neither LLVM bitcode nor an ELF object"):
        link(own, [module(tmp_path, "start", EXIT), archive], tmp_path / "program")


def test_where_nothing_can_be_written_is_one_line(tmp_path: Path, own: Settings) -> None:
    (tmp_path / "link.json").write_text(json.dumps(dataclasses.asdict(own)))
    words = [str(module(tmp_path, "start", EXIT)), str(module(tmp_path, "answer", ANSWER))]
    with pytest.raises(SystemExit, match=r"error: .*No such file"):
        backend_link.main([str(tmp_path / "link.json"), *words, "-o", str(tmp_path / "none" / "program")])


def test_a_large_module_is_made_in_parts(
    tmp_path: Path, own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bitcode_modules, "LARGE", 0)
    monkeypatch.setattr(bitcode_modules, "PART", 600)
    inputs = [module(tmp_path, "start", EXIT), module(tmp_path, "answer", ANSWER)]
    report = link(own, [*inputs, "-plugin-opt=O1"], tmp_path / "program")
    assert run(tmp_path / "program").returncode == 42 and report.modules == ("program",)
    kept = [path.name for path in (tmp_path / "cache" / "modules").rglob("*.s")]
    assert len(kept) > 1 and set(kept) == {f"{number}-module.s" for number in range(len(kept))}
    # Without the tool it stays whole, and that is another module to the cache.
    monkeypatch.setattr(bitcode_modules, "splitter", lambda tools: None)
    assert link(own, [*inputs, "-plugin-opt=O1"], tmp_path / "program").reused == ()
    assert run(tmp_path / "program").returncode == 42
