"""Asks the tools of a build for their versions, once: the answers are remembered by the file's size and time."""

from __future__ import annotations

from pathlib import Path

from portwright.base.files import cache_root, write_atomic
from portwright.base.hashing import hash_value
from portwright.base.processes import environment, run
from portwright.describe.toolchain import Toolchain


def versions(toolchain: Toolchain) -> dict[str, str]:
    """The first line that each tool says of itself, by the tool's name."""
    found = {"cargo": version(toolchain.cargo, toolchain)}
    if toolchain.lld is not None:
        found["lld"] = version(toolchain.lld, toolchain)
    return found


def version(tool: Path, toolchain: Toolchain) -> str:
    """What `tool --version` says first; `unknown` where it says nothing."""
    status = tool.stat()
    key = hash_value([str(tool), str(tool.resolve()), status.st_size, status.st_mtime_ns, status.st_ino])
    memory = cache_root() / "tools" / key[:32]
    try:
        return memory.read_text()
    except OSError:
        pass
    changes: dict[str, str | None] = dict(toolchain.variables())
    answer = run([str(tool), "--version"], env=environment(changes), timeout=60)
    lines = (answer.text or answer.error_text).strip().splitlines()
    said = lines[0] if answer.status == 0 and lines else "unknown"
    write_atomic(memory, said)
    return said
