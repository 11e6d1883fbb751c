"""The plan of a port's probe: core for a target without floating point, and the probe with nothing else under it.

Neither std nor the port's own target takes part: what the probe reports must not depend on what it checks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from portwright.base.hashing import hash_bytes, hash_value
from portwright.derive import backend_plan
from portwright.derive.backend_plan import BackendFacts
from portwright.derive.generators import probe
from portwright.derive.plan import Input, Plan, Step
from portwright.describe.cpu import cpu
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

GOAL, CORE = "probe", "bare-core"
SOURCE, BARE = "probe.rs", "bare.json"
CORE_ROOM, PROBE_ROOM = 100_000_000, 1_000_000


def plan(
    port: Port,
    toolchain: Toolchain,
    source_digest: str,
    backend: BackendFacts | None = None,
    bare: Mapping[str, Any] | None = None,
) -> Plan:
    """Two steps; the first is the same for every port on a CPU.

    `backend` is that of a port with [backend], through which the probe goes, too, because rustc's own code for such a
    CPU is not to be trusted; `bare` is then the spec of the CPU's target without an OS.
    """
    texts = {SOURCE: probe.generate(port)}
    probing = cpu(port.ledger.abi.cpu).probing
    assert probing is not None and toolchain.source is not None  # `generate` has said so where there is none
    target, own = probing.bare_target, tuple[Input, ...]()
    if backend is not None and bare is not None:
        texts |= backend_plan.texts(port, backend, bare)
        texts[BARE] = json.dumps(backend_plan.spec_keys(port, bare), indent=2, sort_keys=True) + "\n"
        target = f"{{texts}}/{BARE}"
        own = (Input(BARE, target, hash_bytes(texts[BARE].encode())), *backend_plan.inputs(texts))
    compiler = Input("rustc", str(toolchain.rustc), toolchain.fingerprint or toolchain.commit)
    common = ["--edition=2024", "--target", target, "-Cpanic=abort", "--cap-lints=allow"]
    common += [*backend_plan.FLAGS, "-Zunstable-options"] if own else []
    env = {**toolchain.environment, "RUSTC_BOOTSTRAP": "1"}
    core = _core(toolchain, source_digest, common, env, (compiler, *own[:1]))
    linker = () if toolchain.lld is None else (f"-Clinker={toolchain.lld}",)
    linker = (f"-Clinker={own[1].path}",) if own else linker
    program = Step(
        GOAL,
        (
            *(str(toolchain.rustc), *common, "--crate-type=bin", "--crate-name=probe", "-Copt-level=s"),
            *("-Crelocation-model=static", *linker, "--extern", "core={bare-core}/libcore.rlib"),
            *("-o", "{out}/probe", f"{{texts}}/{SOURCE}"),
        ),
        "the program that reports what the ledger says",
        env=env,
        inputs=(compiler, Input(SOURCE, f"{{texts}}/{SOURCE}", hash_bytes(texts[SOURCE].encode())), *own),
        outputs=("probe",),
        needs=(CORE,),
        room=PROBE_ROOM,
    )
    identity = f"{port.target}-probe-{hash_value([str(port.folder), port.variant])[:8]}"
    return Plan(port.target, (core, program), texts, identity)


def _core(
    toolchain: Toolchain,
    source_digest: str,
    common: Sequence[str],
    env: Mapping[str, str],
    inputs: tuple[Input, ...],
) -> Step:
    library = f"{toolchain.source}/library"
    return Step(
        CORE,
        (
            *(str(toolchain.rustc), *common, "--crate-type=rlib", "--crate-name=core", "-Copt-level=1"),
            *("-Zforce-unstable-if-unmarked", f"--remap-path-prefix={library}=/library"),
            *("-o", "{out}/libcore.rlib", f"{library}/core/src/lib.rs"),
        ),
        "core without floating point, which a kernel may not have made ready",
        env=env,
        inputs=(*inputs, Input("source", library, source_digest)),
        outputs=("libcore.rlib",),
        room=CORE_ROOM,
    )
