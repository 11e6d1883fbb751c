"""The plan of a port's probe: core for a target without floating point, and the probe with nothing else under it.

Neither std nor the port's own target takes part: what the probe reports must not depend on what it checks.
"""

from __future__ import annotations

from portwright.base.hashing import hash_bytes, hash_value
from portwright.derive.generators import probe
from portwright.derive.plan import Input, Plan, Step
from portwright.describe.cpu import cpu
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

GOAL, CORE = "probe", "bare-core"
SOURCE = "probe.rs"
CORE_ROOM, PROBE_ROOM = 100_000_000, 1_000_000


def plan(port: Port, toolchain: Toolchain, source_digest: str) -> Plan:
    """Two steps; the first is the same for every port on a CPU."""
    text = probe.generate(port)
    probing = cpu(port.ledger.abi.cpu).probing
    assert probing is not None and toolchain.source is not None  # `generate` has said so where there is none
    compiler = Input("rustc", str(toolchain.rustc), toolchain.fingerprint or toolchain.commit)
    library = str(toolchain.source / "library")
    env = {**toolchain.environment, "RUSTC_BOOTSTRAP": "1"}
    common = ("--edition=2024", "--target", probing.bare_target, "-Cpanic=abort", "--cap-lints=allow")
    core = Step(
        CORE,
        (
            *(str(toolchain.rustc), *common, "--crate-type=rlib", "--crate-name=core", "-Copt-level=1"),
            *("-Zforce-unstable-if-unmarked", f"--remap-path-prefix={library}=/library"),
            *("-o", "{out}/libcore.rlib", f"{library}/core/src/lib.rs"),
        ),
        "core without floating point, which a kernel may not have made ready",
        env=env,
        inputs=(compiler, Input("source", library, source_digest)),
        outputs=("libcore.rlib",),
        room=CORE_ROOM,
    )
    linker = () if toolchain.lld is None else (f"-Clinker={toolchain.lld}",)
    program = Step(
        GOAL,
        (
            *(str(toolchain.rustc), *common, "--crate-type=bin", "--crate-name=probe", "-Copt-level=s"),
            *("-Crelocation-model=static", *linker, "--extern", "core={bare-core}/libcore.rlib"),
            *("-o", "{out}/probe", f"{{texts}}/{SOURCE}"),
        ),
        "the program that reports what the ledger says",
        env=env,
        inputs=(compiler, Input(SOURCE, f"{{texts}}/{SOURCE}", hash_bytes(text.encode()))),
        outputs=("probe",),
        needs=(CORE,),
        room=PROBE_ROOM,
    )
    identity = f"{port.target}-probe-{hash_value([str(port.folder), port.variant])[:8]}"
    return Plan(port.target, (core, program), {SOURCE: text}, identity)
