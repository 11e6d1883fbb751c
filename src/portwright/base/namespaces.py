"""A view of this machine's files for one command: folders hidden, others laid in their place, nothing else writable.

Linux lets anybody do that in namespaces of his own; some machines forbid it, and `refused` says so.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portwright.base import inside, processes
from portwright.base.errors import MissingTool

NEEDED = ("/bin", "/dev", "/etc", "/lib", "/lib64", "/nix", "/opt", "/proc", "/sbin", "/sys", "/usr")
"""What no command can be without: these, and what they lie in, are never hidden."""


@dataclass(frozen=True, slots=True)
class View:
    """`hide`: folders that are empty in the view. `show`: (folder or file, where it is to be seen, may it be written);
    all else is read-only."""

    hide: tuple[str, ...] = ()
    show: tuple[tuple[str, str, bool], ...] = ()


def view(hide: Sequence[str], show: Sequence[tuple[str, str, bool]]) -> View:
    """A view that can be laid out: only folders that are there, none within another, none that all else lies in."""
    folders = sorted({os.path.realpath(folder) for folder in hide})
    kept: list[str] = []
    for folder in folders:
        needed = any(below(place, folder) or below(folder, place) for place in NEEDED)
        if not needed and Path(folder).is_dir() and not any(below(folder, other) for other in kept):
            kept.append(folder)
    return View(tuple(kept), tuple(sorted(show, key=lambda row: row[1].count("/"))))


def below(path: str, folder: str) -> bool:
    """Whether a path is a folder or in it, by its words."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def command(
    argv: Sequence[str], *, cwd: str, env: Mapping[str, str], view: View | None, folder: Path
) -> tuple[list[str], Path]:
    """The command that runs `argv` in a view, and the file that says why where it could not.

    `folder` takes two small files; it must be shown for writing or not hidden.
    """
    given, trouble = folder / ".begin", folder / ".trouble"
    laid = None if view is None else {"hide": view.hide, "show": view.show}
    value: dict[str, object] = {"argv": list(argv), "cwd": cwd, "env": dict(env), "view": laid}
    value |= {"trouble": str(trouble), "parent": os.getpid()}
    given.write_text(json.dumps(value))
    return [sys.executable, "-I", "-S", "-X", "utf8", inside.__file__, str(given)], trouble


@cache
def refused() -> str:
    """Why this machine lets nobody lay out a view; empty where it does."""
    with tempfile.TemporaryDirectory(prefix="portwright-view-") as name:
        folder = Path(name)
        tried = view([name], [])
        argv, trouble = command(["true"], cwd="/", env=dict(os.environ), view=tried, folder=folder)
        try:
            done = processes.run(argv, env={"PATH": os.defpath})
        except MissingTool as error:
            return error.faults[0].what
        if done.status == 0:
            return ""
        words = trouble.read_text(errors="replace") if trouble.exists() else ""
        return words or done.error_text.strip() or f"status {done.status}"
