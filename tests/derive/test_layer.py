"""std's layer as text: the edits find their places in the real tree, and the layer knows no system by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import std_oracle as oracles
from portwright.base.errors import PortwrightError
from portwright.build import view
from portwright.derive import std_edits
from portwright.derive.edit import ArmFirst, NewFile
from portwright.describe import port as ports
from portwright.describe.operation import vocabulary
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain
from std_oracle import BUNDLED

VERIDIAN = ports.load("x86_64-unknown-veridian")
FILE_LINES = 400  # the law's bound for the tool's own files
FILES = sorted(std_edits.LAYER.rglob("*.rs"))


def test_every_operation_has_its_function() -> None:
    """Of the files that hold operations: those beside std's own modules, which only use them."""
    texts = {path.name: path.read_text() for path in std_edits.LAYER.glob("*.rs")}
    for name in vocabulary():
        found = [file for file, text in texts.items() if re.search(rf"pub (unsafe )?fn {name}\(", text)]
        assert found, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(std_edits.LAYER).as_posix())
def test_layer_file(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("//! "), "a module opens with what it does"
    for name in [*ports.bundled(), "veridian", "linux", "redox", "nextstep"]:
        assert name not in text.lower(), "the layer is written once, for no system"
    if path.parent.name != "cpus":
        assert "x86" not in text.lower(), "what is a CPU's own is in cpus/"
    assert len(text.splitlines()) <= FILE_LINES
    unsafe_blocks = re.findall(r"^.*unsafe \{", text, re.MULTILINE)
    assert text.count("// SAFETY:") >= (1 if unsafe_blocks else 0)


@pytest.mark.toolchain
@pytest.mark.parametrize("variant", [None, "document"])
def test_edits_find_their_places(variant: str | None, toolchain: Toolchain) -> None:
    assert toolchain.source is not None
    port = ports.load("x86_64-unknown-veridian", variant)
    edits = std_edits.edits(port)
    library = toolchain.source / "library"
    texts = view.edited_texts(library, edits)
    assert set(texts) == {edit.path for edit in edits}
    for edit in edits:
        assert edit.why
        if isinstance(edit, NewFile):
            assert texts[edit.path] == edit.text
        else:
            assert 'target_os = "veridian"' in texts[edit.path] or "veridian" in texts[edit.path]
            assert len(texts[edit.path]) > len((library / edit.path).read_text())


@pytest.mark.toolchain
def test_no_new_file_is_forgotten(toolchain: Toolchain) -> None:
    """Each module of the layer is declared by an arm or by another module of the layer."""
    edits = std_edits.edits(VERIDIAN)
    arms = {
        Path(e.path).parent if e.path.endswith("mod.rs") else Path(e.path)
        for e in edits
        if isinstance(e, ArmFirst)
    }
    new = [edit for edit in edits if isinstance(edit, NewFile)]
    pal = next(edit.text for edit in new if edit.path.endswith("pal/portwright/mod.rs"))
    for edit in new:
        path = Path(edit.path)
        root = next((e.text for e in new if e.path == str(path.parent / "mod.rs")), None)
        if root is not None and path.stem != "mod":
            assert re.search(rf"^(pub )?mod {path.stem};", root, re.MULTILINE), path
        elif path.parent.name == VERIDIAN.os:  # std::os::NAME, declared beside those of other systems
            said = [
                edit for edit in edits if edit.path == "std/src/os/mod.rs" and not isinstance(edit, NewFile)
            ]
            assert any(f"mod {VERIDIAN.os};" in str(edit) for edit in said), path
        else:
            owner = path.parent if path.stem == "portwright" else path.parent.parent
            assert owner in arms or owner.parent in arms, path  # a block of its own in the module above
    assert "pub mod abi;" in pal


def test_same_port_same_edits() -> None:
    assert std_edits.edits(VERIDIAN) == std_edits.edits(ports.load("x86_64-unknown-veridian"))


def test_edits_name_the_ports_own_system() -> None:
    edits = std_edits.edits(ports.load(BUNDLED))
    arms = [edit for edit in edits if isinstance(edit, ArmFirst)]
    assert len(arms) >= 14
    assert all('target_os = "portwright"' in edit.arm for edit in arms)


def test_thread_locals_need_a_thread_pointer() -> None:
    assert std_edits.needs_thread_local(VERIDIAN)
    assert std_edits.needs_thread_local(ports.load("x86_64-unknown-veridian", "document"))
    assert not std_edits.needs_thread_local(oracles.load("poor"))


def test_cpu_without_start_code_says_which_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for path in FILES:
        if path.parent.name != "cpus":
            copy = tmp_path / path.relative_to(std_edits.LAYER)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(path.read_text())
    monkeypatch.setattr(std_edits, "LAYER", tmp_path)
    with pytest.raises(PortwrightError) as caught:
        std_edits.edits(VERIDIAN)
    assert "derive/layer/cpus/x86_64.rs" in (caught.value.faults[0].hint or "")


def test_port_is_all_that_edits_depend_on() -> None:
    other = Port(VERIDIAN.folder, VERIDIAN.manifest, ports.load("x86_64-unknown-veridian", "document").ledger)
    differing = [
        edit.path
        for edit, own in zip(std_edits.edits(other), std_edits.edits(VERIDIAN), strict=True)
        if edit != own
    ]
    assert differing == ["std/src/sys/pal/portwright/abi.rs"]
