"""The step that makes of a port's sysroot a toolchain to hand out, and the texts that go into it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from portwright.base.hashing import hash_bytes, hash_value
from portwright.derive.generators import dist_texts
from portwright.derive.generators.dist_texts import Dist
from portwright.derive.plan import PORTWRIGHT, Input, Step
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

ROOM = 200_000_000
"""Bytes that the folder and the tarball take."""


def texts(
    port: Port, toolchain: Toolchain, spec: Mapping[str, Any], made_from: Mapping[str, str]
) -> dict[str, str]:
    """The texts below the plan's `dist/`, and the spec as it is handed out.

    `spec` is the port's, in which the linker is not yet one of this machine; `made_from` goes into the stamp.
    """
    lld = "linker" not in port.manifest.target and "lld" in str(spec.get("linker-flavor", ""))
    text = json.dumps(dict(spec), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    stamp = {
        "target": port.target,
        "rustc": toolchain.release,
        "spec": hash_bytes(text.encode()),
        "panic": port.manifest.std.panic,
        **made_from,
    }
    stamp["sysroot"] = hash_value(sorted(stamp.items()))
    dist = Dist(port, toolchain, toolchain.release, str(spec["linker-flavor"]) if lld else None, stamp)
    found = {f"dist/{path}": content for path, content in dist_texts.texts(dist).items()}
    return {**found, "dist.json": text}


def step(port: Port, toolchain: Toolchain, every: Mapping[str, str], fingerprint: str) -> Step:
    """The step `dist`; `every` are all texts of the plan."""
    name = f"rust-{toolchain.version}-{port.target}"
    own = [path for path in every if path.startswith("dist/") or path == "dist.json"]
    argv = [PORTWRIGHT, "pack-dist", "--sysroot", "{sysroot}", "--target", port.target, "--name", name]
    argv += ["--spec", "{texts}/dist.json", "--texts", "{texts}/dist", "--source", str(toolchain.source)]
    return Step(
        "dist",
        tuple(argv),
        "the toolchain as a folder and a tarball, for a machine without portwright",
        inputs=tuple(Input(path, f"{{texts}}/{path}", hash_bytes(every[path].encode())) for path in own),
        outputs=(name, f"{name}.tar.gz"),
        needs=("sysroot",),
        fingerprint=fingerprint,
        kind="portwright",
        room=ROOM,
    )
