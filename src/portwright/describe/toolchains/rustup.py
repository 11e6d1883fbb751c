"""Toolchains of rustup, called directly and not through its proxies; their sources are the component rust-src."""

from __future__ import annotations

import os
from pathlib import Path

from portwright.describe.toolchain import Candidate

RANK = 10
SUMMARY = "a toolchain of rustup that has the component rust-src"


def candidates(wanted: str | None) -> list[Candidate]:
    """All toolchains of rustup, newest channel name last; or those that a name (`nightly`) or folder means."""
    home = _home()
    if home is None:
        return []
    folders = sorted(home.glob("toolchains/*/bin/rustc"))
    found = [_candidate(rustc) for rustc in folders]
    if wanted is None:
        return found
    if os.sep in wanted:
        return [c for c in found if _toolchain(c.rustc).resolve() == Path(wanted).resolve()]
    return [c for c in found if _is_named(_toolchain(c.rustc).name, wanted)]


def _home() -> Path | None:
    named = os.environ.get("RUSTUP_HOME")
    if named:
        return Path(named)
    try:
        return Path.home() / ".rustup"
    except RuntimeError:  # no HOME, and no entry in the password file
        return None


def _toolchain(rustc: Path) -> Path:
    return rustc.parent.parent


def _is_named(name: str, wanted: str) -> bool:
    return name == wanted or name.startswith((wanted + "-", wanted + "."))


def _candidate(rustc: Path) -> Candidate:
    name = _toolchain(rustc).name
    add = f"rustup component add rust-src --toolchain {name}"
    return Candidate("rustup", f"rustup {name}", rustc, get_source=add)
