"""From a port and what was found on the machine to the plan of its build: pure, the same in, the same out.

The steps: `spec` (a text), `view` (std's sources with the overlay), `std` (cargo, in the workspace that rustc's
bootstrap builds), `sysroot` (what rustc and cargo need, collected), `dist` (the same to hand out, see
`dist_plan`), one per crate (two where it is freestanding, see `freestanding_plan`), `programs` for them all, and those
of the images (see `image_plan`).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portwright.base.hashing import hash_bytes, hash_value
from portwright.derive import (
    backend_plan,
    dist_plan,
    freestanding_plan,
    image_plan,
    test_plan,
    unwind_edits,
)
from portwright.derive.backend_plan import BackendFacts
from portwright.derive.edit import Edit, to_json
from portwright.derive.freestanding_plan import Link
from portwright.derive.image_plan import ImageFacts
from portwright.derive.plan import PORTWRIGHT, Input, Plan, Step
from portwright.derive.test_plan import TestFacts
from portwright.describe.cpu import of_arch
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

MEGABYTE = 1_000_000
REMAPPED = "remapped/rustc"
STD_ROOM, SYSROOT_ROOM, CRATE_ROOM = 500 * MEGABYTE, 150 * MEGABYTE, 20 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Crate:
    """A Cargo package folder or a single `.rs` file to build for the port.

    `digest` covers all that the build reads of it; None where that cannot be known without cargo (path
    dependencies, a workspace, a build script): cargo is asked every time. `own` is a crate of the user's: cargo
    runs in its folder and with `environment`, so that its configuration counts; a program of a port is built
    free of either. `host`: it is built for this machine's own OS, to be compared with. `link`: it is a freestanding
    program, and is linked so.
    """

    name: str
    path: Path
    digest: str | None
    own: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    host: bool = False
    link: Link | None = None

    @property
    def step(self) -> str:
        """The name of the step that builds it."""
        return f"host-{self.name}" if self.host else crate_step(self.name)

    @property
    def single(self) -> bool:
        """Whether it is one `.rs` file."""
        return self.path.suffix == ".rs"


@dataclass(frozen=True)
class Facts:
    """What the plan is made from besides the port.

    `spec` is the whole target spec; `edits` the overlay; `source_digest` the hash of std's sources;
    `fingerprints` the hash of the code that each of portwright's own steps runs; `crates` what to build; `tests` which of
    Rust's own, if any: the crates are then what these need in their guests; `images` what the port's images need,
    `backend` what its [backend] does.
    """

    toolchain: Toolchain
    spec: Mapping[str, Any]
    edits: Sequence[Edit]
    source_digest: str
    fingerprints: Mapping[str, str]
    crates: Sequence[Crate] = field(default_factory=tuple)
    tests: TestFacts | None = None
    images: ImageFacts | None = None
    backend: BackendFacts | None = None


def plan(port: Port, facts: Facts) -> Plan:
    """The plan of a port's build."""
    texts = {
        f"{port.target}.json": spec_text(facts.spec, port, facts.toolchain),
        "edits.json": to_json(facts.edits),
        "offline.toml": offline(facts.toolchain),
        REMAPPED: remapped(facts.toolchain),
    }
    texts |= backend_plan.texts(port, facts.backend, facts.spec)
    made_from = {"std": facts.source_digest, "overlay": hash_bytes(texts["edits.json"].encode())}
    dist = facts.backend is None  # a linker that is portwright cannot go to a machine without it
    texts |= dist_plan.texts(port, facts.toolchain, facts.spec, made_from) if dist else {}
    base = [
        _spec(port, texts),
        _view(facts, texts),
        _std(port, facts, texts),
        _sysroot(port, facts, texts),
    ]
    base += [dist_plan.step(port, facts.toolchain, texts, facts.fingerprints["pack-dist"])] if dist else []
    crates = [step for crate in facts.crates for step in _steps(port, facts, crate, texts)]
    programs = Step("programs", (), "every program of the port", needs=tuple(c.step for c in facts.crates))
    tests: tuple[Step, ...] = ()
    if facts.tests is not None:
        texts |= test_plan.texts(facts.tests)
        arch = str(facts.spec.get("arch", ""))
        tests = test_plan.steps(
            port.target,
            port.manifest.std.panic,
            arch,
            facts.toolchain,
            facts.tests,
            facts.fingerprints,
            facts.source_digest,
            [crate.step for crate in facts.crates],
        )
    images: list[Step] = []
    if facts.images is not None:
        texts |= image_plan.texts(port, facts.images)
        built = {crate.name: crate.step for crate in facts.crates if not crate.host}
        images = image_plan.steps(port, facts.images, texts, built)
    return Plan(port.target, (*base, *crates, programs, *images, *tests), texts, identity(port))


def identity(port: Port) -> str:
    """The name of the folder for what is updated in place: the target, which folder and ledger describe it, and
    what a panic does: the sysroots of both ways exist side by side."""
    return f"{port.target}-{hash_value([str(port.folder), port.variant, port.manifest.std.panic])[:8]}"


def spec_text(spec: Mapping[str, Any], port: Port, toolchain: Toolchain) -> str:
    """The target spec as rustc reads it.

    A linker that the port names stays. One that only comes from the built-in spec it is like becomes the LLD
    that was found: `rust-lld` is not in every set.
    """
    keys = backend_plan.spec_keys(port, spec)
    inherited = "linker" not in port.manifest.target
    if inherited and toolchain.lld is not None and "lld" in str(keys.get("linker-flavor", "")):
        keys["linker"] = str(toolchain.lld)
    return json.dumps(keys, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def offline(toolchain: Toolchain) -> str:
    """Cargo's configuration that takes std's own dependencies from the tree."""
    vendor = json.dumps(str(toolchain.vendor))
    return (
        '[source.crates-io]\nreplace-with = "std-vendor"\n\n'
        f"[source.std-vendor]\ndirectory = {vendor}\n\n[net]\noffline = true\n"
    )


def remapped(toolchain: Toolchain) -> str:
    """A rustc by whose paths nobody can tell where the view lay, in panic messages and debug information.

    A flag would say the view's path to cargo, which would then take nothing over from another plan's folder.
    """
    rustc = shlex.quote(str(toolchain.rustc))
    prefix = f'"--remap-path-prefix=$PORTWRIGHT_VIEW=/rustc/{toolchain.commit}/library"'
    return f'#!/bin/sh\nexec {rustc} "$@" {prefix}\n'


def _text(texts: Mapping[str, str], name: str) -> Input:
    return Input(name, f"{{texts}}/{name}", hash_bytes(texts[name].encode()))


def _compiler(toolchain: Toolchain) -> Input:
    """The compiler is an input by what it is, not by where it lies."""
    return Input("rustc", str(toolchain.rustc), toolchain.fingerprint or toolchain.commit)


def _library(toolchain: Toolchain) -> str:
    assert toolchain.source is not None
    return str(toolchain.source / "library")


def _spec(port: Port, texts: Mapping[str, str]) -> Step:
    why = "rustc learns the target from this file"
    return Step("spec", (), why, inputs=(_text(texts, f"{port.target}.json"),))


def _view(facts: Facts, texts: Mapping[str, str]) -> Step:
    library = _library(facts.toolchain)
    return Step(
        "view",
        (PORTWRIGHT, "lay-view", "--source", library, "--edits", "{texts}/edits.json"),
        "std's sources as cargo shall see them: symlinks to the tree, copies of what the overlay edits",
        inputs=(Input("source", library, facts.source_digest), _text(texts, "edits.json")),
        outputs=("sysroot/Cargo.toml",),
        fingerprint=facts.fingerprints["lay-view"],
        kind="portwright",
        place="view",
    )


def _std(port: Port, facts: Facts, texts: Mapping[str, str]) -> Step:
    toolchain, std = facts.toolchain, port.manifest.std
    features = ["compiler-builtins-mem", *unwind_edits.features(std)]
    flags = [
        "-Zunstable-options",
        "-Zforce-unstable-if-unmarked",
        # As the std that Rust gives out: a program with `lto = true` takes it from here.
        "-Cembed-bitcode=yes",
        # As for the view, see `remapped`.
        f"--remap-path-prefix={toolchain.vendor}=/rustc/{toolchain.commit}/library/vendor",
        *(backend_plan.FLAGS if port.manifest.backend else ()),
    ]
    argv = [str(toolchain.cargo), "build", "--manifest-path", "{view}/sysroot/Cargo.toml"]
    argv += ["--config", "{texts}/offline.toml", "--config", f"build.rustflags={json.dumps(flags)}"]
    argv += ["--target", port.target, "--release", "--offline", "--locked", "-Zavoid-dev-deps"]
    argv += ["--no-default-features", "--features", ",".join(features)]
    argv += ["--message-format=json-render-diagnostics"]
    env = {
        "CARGO_HOME": "{out}/cargo-home",
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": std.optimize,
        "CARGO_TARGET_DIR": "{out}/target",
        "PORTWRIGHT_VIEW": "{view}",
        "RUSTC": f"{{texts}}/{REMAPPED}",
        "RUSTC_BOOTSTRAP": "1",
        "RUST_TARGET_PATH": "{texts}",
        **toolchain.environment,
    }
    spec = _text(texts, f"{port.target}.json")
    return Step(
        "std",
        tuple(argv),
        "core, alloc, std and test for the target, through the workspace that rustc's bootstrap builds",
        env=env,
        cwd="/",  # cargo reads configuration from every folder above; there is none above this one
        inputs=(_compiler(toolchain), spec, _text(texts, "offline.toml"), _text(texts, REMAPPED)),
        outputs=("messages.json",),
        needs=("spec", "view"),
        place="std",
        # Cargo sees neither a changed spec (it knows the target by name) nor old files with new content.
        start_over=hash_value([spec.digest, facts.source_digest, toolchain.fingerprint]),
        stdout="messages.json",
        room=STD_ROOM,
    )


def _sysroot(port: Port, facts: Facts, texts: Mapping[str, str]) -> Step:
    toolchain = facts.toolchain
    argv = [PORTWRIGHT, "collect-sysroot", "--messages", "{std}/messages.json", "--target", port.target]
    argv += ["--spec", f"{{texts}}/{port.target}.json", "--rustc", str(toolchain.rustc)]
    argv += ["--host", toolchain.host, "--host-sysroot", str(toolchain.sysroot)]
    linker = backend_plan.inputs(texts)
    argv += ["--linker", linker[0].path] if linker else []
    cpu = of_arch(str(facts.spec.get("arch", "")))
    if cpu is not None and cpu.rust_asm.experimental:
        argv += ["--allow-features", "asm_experimental_arch"]
    return Step(
        "sysroot",
        tuple(argv),
        "what `rustc --sysroot` and cargo need: std's crates, the spec, the host's own std for build scripts",
        env=dict(toolchain.environment),
        inputs=(_compiler(toolchain), _text(texts, f"{port.target}.json"), *linker),
        outputs=("lib", "bin"),
        needs=("spec", "std"),
        fingerprint=facts.fingerprints["collect-sysroot"],
        kind="portwright",
        room=SYSROOT_ROOM,
    )


def crate_step(name: str) -> str:
    """The step that builds a crate of that name."""
    return f"program-{name}"


def _steps(port: Port, facts: Facts, crate: Crate, texts: Mapping[str, str]) -> tuple[Step, ...]:
    if crate.link is None:
        return (_crate(port, facts, crate),)
    source = (_crate_name(crate.name), crate.path, crate.digest or "")
    inputs = [_compiler(facts.toolchain), _text(texts, f"{port.target}.json")]
    linker = backend_plan.inputs(texts)
    return freestanding_plan.steps(port, facts.toolchain, source, crate.step, crate.link, inputs, linker)


def _crate(port: Port, facts: Facts, crate: Crate) -> Step:
    toolchain = facts.toolchain
    rustc = str(toolchain.rustc) if crate.host else "{sysroot}/bin/rustc"
    target = [] if crate.host else ["--target", port.target]
    env = {**toolchain.environment, **crate.environment, "RUSTC": rustc}
    if crate.single:
        argv = [rustc, *target, "--edition=2021", "-O"]
        argv += ["-Cdebuginfo=line-tables-only", "--crate-name", _crate_name(crate.name)]
        argv += ["-o", f"{{out}}/bin/{crate.name}", str(crate.path)]
    else:
        argv = [str(toolchain.cargo), "build", "--manifest-path", str(crate.path / "Cargo.toml")]
        argv += [*target, "--release", "--message-format=json-render-diagnostics"]
        env |= {"CARGO_TARGET_DIR": "{out}/target", "CARGO_PROFILE_RELEASE_DEBUG": "line-tables-only"}
        env |= {} if crate.own else {"CARGO_HOME": "{out}/cargo-home"}
    return Step(
        crate.step,
        tuple(argv),
        f"the program `{crate.name}` for {'this machine, to compare with' if crate.host else 'the target'}",
        env=env,
        cwd=str(crate.path) if crate.own and not crate.single else "/",
        inputs=(
            *([_compiler(toolchain)] if crate.host else []),
            Input("source", str(crate.path), crate.digest or ""),
        ),
        outputs=(f"bin/{crate.name}",) if crate.single else ("messages.json",),
        needs=() if crate.host else ("sysroot",),
        cached=crate.digest is not None,
        place=f"{'hosts' if crate.host else 'crates'}/{crate.name}-{hash_value(str(crate.path))[:8]}",
        stdout="" if crate.single else "messages.json",
        room=CRATE_ROOM,
    )


def _crate_name(name: str) -> str:
    """A name that rustc takes for a crate."""
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name)
    return kept if not kept[:1].isdigit() else f"_{kept}"
