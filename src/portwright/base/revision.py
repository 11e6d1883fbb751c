"""Which revision of its sources a folder is: git's commit, whether files were changed since, and the commit's time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from portwright.base import processes

NONE = "none"


@dataclass(frozen=True, slots=True)
class Revision:
    """The commit (`none` where there is no git), whether the folder differs from it, and when it was made."""

    commit: str
    dirty: bool
    time: int


def of(folder: Path) -> Revision:
    """The revision of a folder; its time is SOURCE_DATE_EPOCH where that is set."""
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    epoch = int(said) if said.isdecimal() else None
    commit, _, time = _git(folder, "log", "-1", "--format=%H %ct").strip().partition(" ")
    if not commit or not time.isdecimal():
        return Revision(NONE, False, epoch or 0)
    dirty = bool(_git(folder, "status", "--porcelain", "--", ".").strip())
    return Revision(commit, dirty, int(time) if epoch is None else epoch)


def _git(folder: Path, *words: str) -> str:
    if processes.which("git") is None:
        return ""
    done = processes.run(["git", "-C", str(folder), *words])
    return done.text if done.status == 0 else ""
