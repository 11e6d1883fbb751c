"""The texts of a new port: TOML that says what was chosen, for every ELF target of a CPU that is described."""

from __future__ import annotations

import tomllib

import pytest

from portwright.base.errors import MissingTool
from portwright.derive import new_target
from portwright.derive.generators import new_port
from portwright.describe import rule, rustc_facts, spec, toolchain
from portwright.describe.cpu import cpu
from portwright.describe.port import Manifest
from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec_case import Case


@pytest.fixture(scope="module")
def facts() -> RustcFacts:
    try:
        return rustc_facts.load(toolchain.find(need_source=False))
    except MissingTool as error:
        pytest.skip(f"toolchain: {error.faults[0].what}")


@pytest.mark.toolchain
def test_the_target_is_sound_like_any_elf_target_of_the_cpu(facts: RustcFacts) -> None:
    rows = {name: facts.need_builtin(name) for name in facts.by_arch["x86_64"]}
    likes = {name: keys for name, keys in rows.items() if keys.get("binary-format", "elf") == "elf"}
    assert len(likes) > 25
    # Programs of this ABI have 32-bit pointers, which the CPU's description does not have.
    likes.pop("x86_64-unknown-linux-gnux32")
    for name, keys in likes.items():
        texts = new_port.files(
            "x86_64-unknown-new",
            name,
            new_target.choices("x86_64-unknown-new", keys),
            cpu("x86-64"),
            4096,
            "1.96",
        )
        manifest = Manifest.model_validate(tomllib.loads(texts["port.toml"]))
        whole = spec.overlay("x86_64-unknown-new", manifest.target, facts, None, None)
        found = rule.examine(Case(whole, facts, manifest.os, manifest))
        assert not [(finding.severity, finding.what) for finding in found], name


def test_values_are_spelled_as_toml() -> None:
    given = {"a": [1, "x\n"], "b": True, "c": {"value": 0}}
    text = "".join(f"{key} = {new_port.value(inner)}\n" for key, inner in given.items())
    assert tomllib.loads(text) == given


@pytest.mark.parametrize(
    ("triple", "name"),
    [("x86_64-unknown-myos", "myos"), ("m68k-next-nextstep-elf", "nextstep"), ("avr-none", "none")],
)
def test_the_system_s_name_is_the_third_part(triple: str, name: str) -> None:
    assert new_target.system(triple) == name
    assert f"Hello from {name}!" in new_port.hello(triple)["programs/hello/src/main.rs"]
