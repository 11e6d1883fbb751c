"""Finds what a port's [backend] calls: LLVM's tools of the right version, assembler, linker; and the hash of our code."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import portwright
from portwright.base import rooms
from portwright.base.errors import Fault, MissingTool, PortwrightError, raise_if
from portwright.base.files import cache_root
from portwright.base.hashing import hash_tree, hash_value
from portwright.base.processes import which
from portwright.build import tool_versions
from portwright.derive.backend_plan import BackendFacts
from portwright.describe.backend import BackendTable
from portwright.describe.port import Port
from portwright.describe.toolchain import Toolchain

ROOM = "portwright.build.backends"
ROOMS = ("base", "formats", "build")
"""The rooms whose code links a program."""
LLVM = ("llvm-link", "llvm-as", "llvm-dis", "llvm-extract", "llvm-nm", "opt", "llc")
INSTALL = "`portwright setup --all` gets what Debian has of them"


def gather(port: Port, toolchain: Toolchain) -> BackendFacts | None:
    """The facts of a port's backend, None where it has none; raises with every tool that is missing or of another
    version."""
    backend = port.manifest.backend
    if backend is None:
        return None
    rooms.load(ROOM, backend.kind)
    package = Path(portwright.__file__).resolve().parent
    return BackendFacts(
        (sys.executable, "-m", "portwright.build.backend_link"),
        {"PYTHONPATH": str(package.parent)},
        fingerprint(package),
        tools(port, backend, toolchain),
        str(cache_root() / "backend"),
    )


@cache
def fingerprint(package: Path) -> str:
    """The hash of the code that links a program."""
    return hash_value(
        [hash_tree(package / room, keep=lambda name: "__pycache__" not in name) for room in ROOMS]
    )


def tools(port: Port, backend: BackendTable, toolchain: Toolchain) -> dict[str, tuple[str, str]]:
    """The path and the version of each program."""
    found: dict[str, tuple[str, str]] = {}
    missing: list[Fault] = []
    wanted = {name: _llvm(backend.llvm, name) for name in LLVM}
    wanted |= {"as": backend.assembler, "ld": backend.linker}
    for name, called in wanted.items():
        path = which(called)
        if path is None:
            key = {"as": "assembler", "ld": "linker"}.get(name, "llvm")
            what = f"`{called}`, which [backend] {key} asks for, is not on this machine"
            missing.append(Fault(what, port.places("backend", key), INSTALL, "backend/no-tool"))
        else:
            said = tool_versions.version(path, toolchain)
            found[name] = (str(path), f"{said}, content {tool_versions.content(path)[:16]}")
    if missing:
        raise MissingTool(missing)
    _same_llvm(port, found, toolchain)
    return found


def _llvm(where: str, name: str) -> str:
    return f"{name}-{where}" if where.isdigit() else str(Path(where) / name)


def _same_llvm(port: Port, found: Mapping[str, tuple[str, str]], toolchain: Toolchain) -> None:
    """Raise where the tools do not read what this rustc writes."""
    wanted = toolchain.llvm_version.split(".")[0]
    faults: list[Fault] = []
    for name in LLVM:
        said = llvm_major(found[name][0], toolchain)
        if said != wanted:
            what = f"rustc {toolchain.version} writes bitcode of LLVM {wanted}, and {found[name][0]} is of {said}"
            hint = f'write llvm = "{wanted}", or name a folder with tools of that version'
            faults.append(Fault(what, port.places("backend", "llvm"), hint, "backend/llvm-version"))
    raise_if(faults)


def llvm_major(tool: str, toolchain: Toolchain) -> str:
    """The major version of an LLVM tool."""
    said = tool_versions.whole(Path(tool), toolchain)
    version = re.search(r"LLVM version (\d+)", said)
    if version is None:
        raise PortwrightError(
            [Fault(f"{tool} does not say which LLVM it is of: {said[:80]!r}", None, INSTALL)]
        )
    return version[1]
