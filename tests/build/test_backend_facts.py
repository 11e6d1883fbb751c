"""What a [backend] calls: every missing tool and every one of another LLVM at once, and a patched one is another."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from no_core import tool
from portwright.base.errors import BadInput, MissingTool
from portwright.build import backend_facts, tool_versions
from portwright.describe import port as ports
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain


@pytest.fixture
def llvm(tmp_path: Path) -> Path:
    """A folder with LLVM's tools, as somebody's own build has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in backend_facts.LLVM:
        (folder / name).symlink_to(tool(f"{name}-22"))
    for name in ("as", "ld"):
        tool(f"m68k-linux-gnu-{name}")
    return folder


def port(llvm: Path) -> Port:
    plain = ports.load("m68k-next-nextstep")
    assert plain.manifest.backend is not None
    backend = plain.manifest.backend.model_copy(update={"llvm": str(llvm)})
    return dataclasses.replace(plain, manifest=plain.manifest.model_copy(update={"backend": backend}))


def script(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_tools_of_another_llvm_are_named(llvm: Path, toolchain: Toolchain) -> None:
    for name in ("opt", "llvm-link"):
        script(llvm / name, "echo LLVM version 7.1.0")
    with pytest.raises(BadInput) as caught:
        backend_facts.gather(port(llvm), toolchain)
    said = str(caught.value)
    assert f"{llvm}/opt is of 7" in said and f"{llvm}/llvm-link is of 7" in said and "/llc " not in said


def test_tools_that_are_not_there_are_named(llvm: Path, toolchain: Toolchain) -> None:
    for name in ("llc", "opt"):
        (llvm / name).unlink()
    with pytest.raises(MissingTool) as caught:
        backend_facts.gather(port(llvm), toolchain)
    assert len(caught.value.faults) == 2 and "llvm =" not in str(caught.value.faults[0].what)


def test_a_patched_tool_is_another_though_it_says_the_same_version(llvm: Path, toolchain: Toolchain) -> None:
    before = backend_facts.gather(port(llvm), toolchain)
    again = backend_facts.gather(port(llvm), toolchain)
    script(llvm / "llc", f'exec {tool("llc-22")} "$@"')
    after = backend_facts.gather(port(llvm), toolchain)
    assert before is not None and again is not None and after is not None and before == again
    was, now = before.tools["llc"][1], after.tools["llc"][1]
    assert was != now and was.partition(", content")[0] == now.partition(", content")[0]


def test_llvms_library_is_part_of_its_tools(tmp_path: Path) -> None:
    one, two = (tmp_path / name for name in ("one", "two"))
    for path in (one, two):
        script(path, "true")
    assert (
        tool_versions.content(one)
        == tool_versions.content(two)
        != tool_versions.content(Path(tool("llc-22")))
    )
