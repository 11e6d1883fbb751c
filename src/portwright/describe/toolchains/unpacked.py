"""The same packages, unpacked in the user's cache without root by `portwright setup --rootless`."""

from __future__ import annotations

import json
from pathlib import Path

from portwright.base.files import cache_root
from portwright.describe.toolchain import Candidate

NAME = "unpacked"
RANK = 40
SUMMARY = "Debian's packages, unpacked in the user's cache without root"

RECORD = "unpacked.json"
"""What setup writes beside `root/` when all is unpacked: {"origin": ..., "libraries": [folders in root]}."""


def folder() -> Path:
    """Where setup unpacks; one folder per version."""
    return cache_root() / "debs"


def candidates(wanted: str | None) -> list[Candidate]:
    """Every whole set in the cache, newest name first; or the one whose folder is given."""
    records = sorted(folder().glob(f"*/{RECORD}"), reverse=True)
    found = [_candidate(record) for record in records]
    if wanted is None:
        return [c for c in found if c is not None]
    path = Path(wanted)
    return [c for c in found if c is not None and path in (c.rustc, *c.rustc.parents[:4])]


def _candidate(record: Path) -> Candidate | None:
    try:
        said = json.loads(record.read_text())
        origin, libraries = str(said["origin"]), [str(name) for name in said["libraries"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    usr = record.parent / "root" / "usr"
    environment = {
        "PATH": str(usr / "bin"),
        "LD_LIBRARY_PATH": ":".join(str(record.parent / "root" / name) for name in libraries),
    }
    return Candidate(NAME, origin, usr / "bin" / "rustc", environment=environment)
