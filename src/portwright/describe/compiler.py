"""Asks a rustc who it is, once: the answer is remembered by the file's path, size and time."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from portwright.base.errors import Fault, MissingTool
from portwright.base.files import cache_root, write_atomic
from portwright.base.hashing import hash_value
from portwright.base.processes import environment, run


@dataclass(frozen=True, slots=True)
class Identity:
    """What a compiler says of itself, `release` as `rustc -V` prints it; `fingerprint` also covers the size and time
    of its file, not its path."""

    version: str
    commit: str
    llvm_version: str
    host: str
    sysroot: Path
    fingerprint: str
    release: str


def in_front(additions: Mapping[str, str], base: Mapping[str, str]) -> dict[str, str]:
    """Search lists (`PATH`) with additions in front of what `base` has."""
    return {
        name: value + (os.pathsep + base[name] if base.get(name) else "") for name, value in additions.items()
    }


def ask(rustc: Path, additions: Mapping[str, str]) -> Identity:
    """Who the compiler is; `additions` go in front of its search lists. Raises `MissingTool` if it does not run."""
    try:
        status = rustc.stat()
    except OSError as error:
        raise _not_running(f"no compiler at {rustc}: {error.strerror}") from None
    stamp = [status.st_size, status.st_mtime_ns]
    key = hash_value([str(rustc), str(rustc.resolve()), stamp, status.st_ino, dict(additions)])
    memory = cache_root() / "compilers" / f"{key}.json"
    remembered = _recall(memory)
    if remembered is not None:
        return remembered
    identity = _run(rustc, additions, stamp)
    write_atomic(memory, json.dumps(asdict(identity), indent=1, sort_keys=True, default=str))
    return identity


def _recall(memory: Path) -> Identity | None:
    try:
        said = json.loads(memory.read_text())
        identity = Identity(**{**said, "sysroot": Path(said["sysroot"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return identity if identity.sysroot.is_dir() else None


def _run(rustc: Path, additions: Mapping[str, str], stamp: list[int]) -> Identity:
    # A proxy of rustup must not start to download a toolchain because it was asked for its name.
    env = environment({**in_front(additions, os.environ), "RUSTUP_AUTO_INSTALL": "0"})
    answers = [run([str(rustc), *words], env=env, timeout=60) for words in (["-vV"], ["--print", "sysroot"])]
    for answer in answers:
        if answer.status != 0:
            last = (answer.error_text.strip() or f"status {answer.status}").splitlines()[-1]
            raise _not_running(f"{rustc} does not run: {last}")
    said = dict(line.split(": ", 1) for line in answers[0].text.splitlines() if ": " in line)
    for name in ("release", "host"):
        if name not in said:
            raise _not_running(f"{rustc} is no rustc: `rustc -vV` says no `{name}`")
    told = [
        said["release"],
        said.get("commit-hash", "unknown"),
        said.get("LLVM version", "none"),
        said["host"],
    ]
    version, commit, llvm, host = told
    sysroot = Path(answers[1].text.strip())
    release = answers[0].text.splitlines()[0].strip()
    return Identity(version, commit, llvm, host, sysroot, hash_value([told, stamp]), release)


def _not_running(what: str) -> MissingTool:
    return MissingTool([Fault(what, None, "`portwright setup` gets one that runs", "toolchain/rustc")])
