"""The set that Debian's packages install in /usr: rustc-web, cargo-web and the whole source tree, rust-web-src."""

from __future__ import annotations

import re
from pathlib import Path

from portwright.describe.toolchain import Candidate

RANK = 20
SUMMARY = "Debian's packages rustc-web, cargo-web and rust-web-src, installed in /usr"

PREFIX = Path("/usr")
STATUS = Path("/var/lib/dpkg/status")
PACKAGES = ("rustc-web", "rustc")


def candidates(wanted: str | None) -> list[Candidate]:
    """The compiler in /usr/bin where a package of Debian put it; nothing for a name other than its path."""
    rustc = PREFIX / "bin" / "rustc"
    if not rustc.is_file() or (wanted is not None and Path(wanted) not in (rustc, PREFIX)):
        return []
    package = _installed()
    return [Candidate("debian", f"Debian {package}", rustc)] if package else []


def _installed() -> str | None:
    """Name and version of the installed package that owns the compiler, read from dpkg's own table."""
    try:
        table = STATUS.read_bytes()
    except OSError:
        return None
    for name in PACKAGES:
        entry = re.search(rb"^Package: " + name.encode() + rb"\n(?:.+\n)*", table, re.MULTILINE)
        if entry and b"\nStatus: install ok installed\n" in entry[0]:
            version = re.search(rb"^Version: (.+)$", entry[0], re.MULTILINE)
            return f"{name} {version[1].decode()}" if version else name
    return None
