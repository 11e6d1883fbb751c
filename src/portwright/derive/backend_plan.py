"""What a port's [backend] adds to its plan: the program that rustc calls as linker, and how rustc is told.

With `obj-is-bitcode` in the target spec every crate's object is bitcode, compiler_builtins' too, which
`-Clinker-plugin-lto` alone leaves native; that flag makes rustc say to the linker which optimisation was asked for.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portwright.base.hashing import hash_bytes
from portwright.derive.plan import Input
from portwright.describe.port import Port

LINK = "backend/link"
"""The text that is the linker; its settings lie beside it, in a file of its name with `.json`."""
FLAGS = ("-Clinker-plugin-lto",)


@dataclass(frozen=True)
class BackendFacts:
    """`command` starts the linker of this portwright in `environment`; `fingerprint` is the hash of its code, `tools`
    the path and the version of each program that it calls, by what it does. `cache` is where it keeps what it made."""

    command: Sequence[str]
    environment: Mapping[str, str]
    fingerprint: str
    tools: Mapping[str, tuple[str, str]]
    cache: str


def spec_keys(port: Port, keys: Mapping[str, Any]) -> dict[str, Any]:
    """The target spec as the backend needs it."""
    backend = port.manifest.backend
    if backend is None:
        return dict(keys)
    own: dict[str, Any] = {"obj-is-bitcode": True, "linker-flavor": "gnu"}
    if backend.cpu is not None:
        own["cpu"] = backend.cpu
    return {name: value for name, value in keys.items() if name != "linker"} | own


def texts(port: Port, facts: BackendFacts | None, spec: Mapping[str, Any]) -> dict[str, str]:
    """The linker and its settings; none where the port has no [backend]."""
    if facts is None:
        return {}
    return {LINK: _script(facts), f"{LINK}.json": settings(port, facts, spec)}


def _script(facts: BackendFacts) -> str:
    """The linker: this portwright, with its settings from the file beside it."""
    names = " ".join(f"{name}={shlex.quote(value)}" for name, value in facts.environment.items())
    command = " ".join(shlex.quote(word) for word in facts.command)
    return f'#!/bin/sh\n# code: {facts.fingerprint}\n{names} exec {command} "$0.json" "$@"\n'


def settings(port: Port, facts: BackendFacts, spec: Mapping[str, Any]) -> str:
    """What the linker does, as JSON."""
    backend = port.manifest.backend
    assert backend is not None
    value = {
        "kind": backend.kind,
        "target": port.target,
        "arch": str(spec.get("arch", "")),
        "triple": str(spec.get("llvm-target", "")),
        "cpu": backend.cpu or str(spec.get("cpu", "")),
        "features": str(spec.get("features", "")),
        "relocation_model": str(spec.get("relocation-model", "static")),
        "code_model": str(spec.get("code-model", "")),
        "errata": backend.errata,
        "inline_assembly": backend.inline_assembly,
        "output": backend.output,
        "assembler_args": list(backend.assembler_args),
        "link_args": list(backend.link_args),
        "tools": {name: path for name, (path, _) in facts.tools.items()},
        "versions": {name: version for name, (_, version) in facts.tools.items()},
        "cache": facts.cache,
        "code": facts.fingerprint,
    }
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def inputs(every: Mapping[str, str]) -> tuple[Input, ...]:
    """The linker as a step's inputs."""
    return tuple(
        Input(name, f"{{texts}}/{name}", hash_bytes(every[name].encode()))
        for name in (LINK, f"{LINK}.json")
        if name in every
    )
