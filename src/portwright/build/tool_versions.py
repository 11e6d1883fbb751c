"""Asks the tools of a build for their versions, once: the answers are remembered by the file's size and time."""

from __future__ import annotations

import json
import re
from pathlib import Path

from portwright.base.files import cache_root, write_atomic
from portwright.base.hashing import hash_file, hash_value
from portwright.base.processes import environment, run
from portwright.describe.toolchain import Toolchain


def versions(toolchain: Toolchain) -> dict[str, str]:
    """The first line that each tool says of itself, by the tool's name."""
    found = {"cargo": version(toolchain.cargo, toolchain)}
    if toolchain.lld is not None:
        found["lld"] = version(toolchain.lld, toolchain)
    return found


def version(tool: Path, toolchain: Toolchain) -> str:
    """What `tool --version` says first, or where a line says a version in that line; `unknown` where it says nothing."""
    lines = whole(tool, toolchain).splitlines()
    return next(
        (line.strip() for line in lines if "version" in line and "LLVM" in line), [*lines, "unknown"][0]
    )


def whole(tool: Path, toolchain: Toolchain) -> str:
    """All that `tool --version` says; empty where it does not end well."""
    memory = cache_root() / "tools" / f"{hash_value(_state(tool))[:32]}.all"
    try:
        return memory.read_text()
    except OSError:
        pass
    changes: dict[str, str | None] = dict(toolchain.variables())
    answer = run([str(tool), "--version"], env=environment(changes), timeout=60)
    said = (answer.text or answer.error_text).strip() if answer.status == 0 else ""
    write_atomic(memory, said)
    return said


def content(tool: Path) -> str:
    """The hash of a program and of LLVM's library under it: a patched one says the same version."""
    memory = cache_root() / "tools" / f"{hash_value(_state(tool))[:32]}.content"
    try:
        known = json.loads(memory.read_text())
        if known["of"] == [_state(Path(path)) for path, *_ in known["of"]]:
            return str(known["hash"])
    except (OSError, ValueError, KeyError):
        pass
    listed = run(["ldd", str(tool)], env=environment({}), timeout=60).text
    files = [tool, *(Path(path) for path in re.findall(r"=> (/\S*LLVM\S*)", listed))]
    of = [_state(path) for path in files]
    digest = hash_value([hash_file(path) for path in files])
    write_atomic(memory, json.dumps({"of": of, "hash": digest}))
    return digest


def _state(path: Path) -> list[str | int]:
    """What changes when another file takes its place."""
    status = path.stat()
    return [str(path), str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ino]
