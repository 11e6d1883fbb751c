"""The plan of a build, held against a recorded text: the same description gives the same plan on every machine.

PORTWRIGHT_BLESS=1 records it anew; read the difference before you commit it.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest

from portwright.base.errors import BadInput
from portwright.build.emitters import text
from portwright.derive import build_plan
from portwright.derive.build_plan import Crate, Facts
from portwright.derive.edit import ArmFirst, NewFile
from portwright.derive.freestanding_plan import Link
from portwright.derive.plan import from_json
from portwright.describe import port as ports
from portwright.describe.port import Port, StdTable
from portwright.describe.toolchain import Toolchain

RECORDED = Path(__file__).with_name("build_plan.txt")


def port_at(folder: Path, **std: str) -> Port:
    """A bundled port as if it lay in another folder."""
    found = ports.load("x86_64-unknown-veridian")
    manifest = found.manifest.model_copy(update={"std": StdTable.model_validate(std)})
    return Port(folder, manifest, found.ledger)


def facts() -> Facts:
    """Facts as a made-up machine would give them."""
    toolchain = Toolchain(
        finder="placeholder",
        origin="nowhere",
        rustc=Path("/toolchain/bin/rustc"),
        cargo=Path("/toolchain/bin/cargo"),
        version="1.96.0",
        commit="c0ffee",
        llvm_version="22.1",
        host="x86_64-unknown-linux-gnu",
        sysroot=Path("/toolchain"),
        source=Path("/toolchain/src"),
        vendor=Path("/toolchain/src/library/vendor"),
        lld=Path("/toolchain/bin/ld.lld"),
        environment={"LD_LIBRARY_PATH": "/toolchain/lib"},
        fingerprint="f" * 64,
        release="rustc 1.96.0 (c0ffee 2026-05-25)",
    )
    return Facts(
        toolchain=toolchain,
        spec={"arch": "x86_64", "os": "veridian", "linker": "rust-lld", "linker-flavor": "gnu-lld"},
        edits=[ArmFirst("std/src/a.rs", 1, 1, "x => {}", "why"), NewFile("std/src/b.rs", "// b\n", "why")],
        source_digest="5" * 64,
        fingerprints={"lay-view": "a" * 64, "collect-sysroot": "b" * 64, "pack-dist": "d" * 64},
        crates=[
            Crate("hello", Path("/ports/p/programs/hello"), "1" * 64),
            Crate("single", Path("/home/u/single file.rs"), "2" * 64, own=True),
            Crate("own", Path("/home/u/own"), None, own=True, environment={"CARGO_HOME": "/home/u/.cargo"}),
        ],
    )


def test_the_plan_is_as_recorded() -> None:
    said = text.emit(build_plan.plan(port_at(Path("/ports/p")), facts()))
    if os.environ.get("PORTWRIGHT_BLESS"):
        RECORDED.write_text(said)
    assert said == RECORDED.read_text(), "run again with PORTWRIGHT_BLESS=1 if the plan is meant to change"


def test_the_plan_is_the_same_each_time_and_survives_json() -> None:
    port = port_at(Path("/ports/p"))
    made = build_plan.plan(port, facts())
    assert made.to_json() == build_plan.plan(port, facts()).to_json()
    back = from_json(made.to_json())
    assert back == dataclasses.replace(made, texts=dict(made.texts))
    assert back.keys() == made.keys()


def test_keys_change_with_what_matters_and_only_where_it_matters() -> None:
    port, found = port_at(Path("/ports/p")), facts()
    first = build_plan.plan(port, found).keys()

    def changed(other: Facts | None = None, where: Port | None = None) -> set[str]:
        keys = build_plan.plan(where or port, other or found).keys()
        return {name for name in first if keys[name] != first[name]}

    programs = {name for name in first if name.startswith("program")}
    above_std = {"std", "sysroot", "dist", *programs}
    assert changed() == set()
    assert changed(dataclasses.replace(found, source_digest="6" * 64)) == {"view", *above_std}
    assert changed(dataclasses.replace(found, edits=[])) == {"view", *above_std}
    assert changed(dataclasses.replace(found, spec={"os": "other"})) == {"spec", *above_std}
    assert changed(where=port_at(Path("/ports/p"), panic="unwind")) == above_std
    assert changed(where=port_at(Path("/ports/p"), optimize="s")) == above_std
    other_compiler = dataclasses.replace(found.toolchain, fingerprint="e" * 64)
    assert changed(dataclasses.replace(found, toolchain=other_compiler)) == above_std
    crates = [dataclasses.replace(found.crates[0], digest="9" * 64), *found.crates[1:]]
    assert changed(dataclasses.replace(found, crates=crates)) == {"program-hello", "programs"}
    code = {**found.fingerprints, "collect-sysroot": "c" * 64}
    assert changed(dataclasses.replace(found, fingerprints=code)) == {"sysroot", "dist", *programs}


def test_std_starts_over_for_what_cargo_cannot_see() -> None:
    port, found = port_at(Path("/ports/p")), facts()

    def epoch(other: Facts) -> str:
        return build_plan.plan(port, other).step("std").start_over

    assert epoch(found) != epoch(dataclasses.replace(found, source_digest="6" * 64))
    assert epoch(found) != epoch(dataclasses.replace(found, spec={"os": "other"}))
    assert epoch(found) == epoch(dataclasses.replace(found, edits=[])), "an edit is rebuilt, not all of std"


def test_two_folders_ledgers_or_ways_to_panic_of_one_target_do_not_share_what_is_updated_in_place() -> None:
    port = port_at(Path("/ports/p"))
    names = {
        build_plan.identity(port),
        build_plan.identity(port_at(Path("/ports/q"))),
        build_plan.identity(dataclasses.replace(port, variant="document")),
        build_plan.identity(port.with_panic("unwind")),
    }
    assert len(names) == 4


def test_a_linker_that_the_port_names_stays() -> None:
    port, found = port_at(Path("/ports/p")), facts()
    assert (
        json.loads(build_plan.spec_text(found.spec, port, found.toolchain))["linker"]
        == "/toolchain/bin/ld.lld"
    )
    named = port.manifest.model_copy(update={"target": {**port.manifest.target, "linker": "my-ld"}})
    own = dataclasses.replace(port, manifest=named)
    assert (
        json.loads(build_plan.spec_text({**found.spec, "linker": "my-ld"}, own, found.toolchain))["linker"]
        == "my-ld"
    )
    other = {**found.spec, "linker": "cc", "linker-flavor": "gnu-cc"}
    assert json.loads(build_plan.spec_text(other, port, found.toolchain))["linker"] == "cc"


def test_a_step_comes_after_all_it_needs_and_a_closure_is_whole() -> None:
    made = build_plan.plan(port_at(Path("/ports/p")), facts())
    seen: set[str] = set()
    for step in made.steps:
        assert set(step.needs) <= seen, step.name
        seen.add(step.name)
    assert [step.name for step in made.closure("sysroot")] == ["spec", "view", "std", "sysroot"]
    with pytest.raises(KeyError):
        made.step("nothing")


def test_a_freestanding_program_is_an_object_and_what_lld_makes_of_it() -> None:
    """Nothing of std is waited for, and a changed script links again without compiling again."""
    link = Link(Path("/ports/p/bare.ld"), "3" * 64)
    crate = Crate("bare", Path("/ports/p/bare.rs"), "1" * 64, link=link)
    given = dataclasses.replace(facts(), crates=[crate])
    made = build_plan.plan(port_at(Path("/ports/p")), given)
    assert [step.name for step in made.closure("programs")] == [
        "spec",
        "object-bare",
        "program-bare",
        "programs",
    ]
    compiled, linked = made.step("object-bare"), made.step("program-bare")
    assert "{texts}/x86_64-unknown-veridian.json" in compiled.argv and compiled.outputs == ("bare.o",)
    assert linked.argv[0] == "/toolchain/bin/ld.lld" and "{object-bare}/bare.o" in linked.argv
    other = dataclasses.replace(crate, link=Link(link.script, "4" * 64))
    again = build_plan.plan(port_at(Path("/ports/p")), dataclasses.replace(given, crates=[other]))
    assert again.key("object-bare") == made.key("object-bare")
    assert again.key("program-bare") != made.key("program-bare")
    without = dataclasses.replace(given.toolchain, lld=None)
    with pytest.raises(BadInput) as caught:
        build_plan.plan(port_at(Path("/ports/p")), dataclasses.replace(given, toolchain=without))
    assert "no LLD was found" in caught.value.faults[0].what
