"""What replays of one build keep in the cache: contents, the result of each step by all that went into it, and rooms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from portwright.base import files
from portwright.base.hashing import hash_bytes
from portwright.build.contents import Content, Contents
from portwright.derive.recording import Recording

SCHEMA = 1
KEPT_RUNS = 3
"""The results and contents of how many runs are kept."""


@dataclass(frozen=True, slots=True)
class Action:
    """A step's run that ended as it was recorded to end: what it made, its exit status, and how it was shut in."""

    outputs: Mapping[str, Content]
    hidden: bool
    status: int
    seconds: float = 0.0
    strays: tuple[str, ...] = ()


class ReplayStore:
    """The folder of one build: the same command, folder and roots, however often it is recorded."""

    def __init__(self, recording: Recording) -> None:
        named = [SCHEMA, recording.command, recording.cwd, sorted(recording.roots.items())]
        self.folder = files.cache_root() / "replays" / hash_bytes(json.dumps(named).encode())[:16]
        self.contents = Contents(self.folder / "contents")
        self.hashes = self.folder / "hashes.json"
        self.lock_file = self.folder / "lock"
        self.rooms = self.folder / "rooms"
        self._count = 0

    def sweep(self) -> None:
        """Remove what a killed run left (hold the lock)."""
        if self.rooms.exists():
            for left in self.rooms.iterdir():
                files.remove_tree(left)

    def room(self) -> Path:
        """A fresh folder for one step."""
        self._count += 1
        folder = self.rooms / str(self._count)
        folder.mkdir(parents=True)
        return folder

    def action(self, key: str) -> Action | None:
        """The result for a key, where it and the contents that it speaks of are there."""
        try:
            value = json.loads((self.folder / "actions" / key[:2] / key).read_text())
            outputs = {words: Content(**row) for words, row in value["outputs"].items()}
            strays = tuple(value["strays"])
            found = Action(
                outputs, bool(value["hidden"]), int(value["status"]), float(value["seconds"]), strays
            )
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return found if all(self.contents.has(content) for content in outputs.values()) else None

    def keep(self, key: str, action: Action) -> None:
        """Keep a result: from here on an interrupted run has it."""
        files.write_atomic(self.folder / "actions" / key[:2] / key, json.dumps(asdict(action)))

    def parts(self, name: str) -> dict[str, Any] | None:
        """What went into a step when it was last looked at."""
        try:
            value = json.loads((self.folder / "steps" / f"{name}.json").read_text())
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def keep_parts(self, name: str, parts: Mapping[str, Any]) -> None:
        """Keep what went into a step, for the next run's explanation."""
        files.write_atomic(self.folder / "steps" / f"{name}.json", json.dumps(parts))

    def keep_few(self, keys: list[str], digests: set[str]) -> None:
        """Forget what the last few runs did not use; called at the end of a run."""
        memory = self.folder / "recent.json"
        try:
            runs = [(list(row[0]), set(row[1])) for row in json.loads(memory.read_text())]
        except (OSError, ValueError, TypeError, IndexError):
            runs = []
        if runs and runs[0] == (keys, digests):
            return
        runs = [(keys, digests), *(run for run in runs if run != (keys, digests))][:KEPT_RUNS]
        files.write_atomic(memory, json.dumps([[run[0], sorted(run[1])] for run in runs]))
        self.contents.keep_only(set().union(*(run[1] for run in runs)))
        kept = {key for run in runs for key in run[0]}
        for path in (self.folder / "actions").glob("??/*"):
            if path.name not in kept:
                path.unlink(missing_ok=True)


def say_parts(last: Mapping[str, Any] | None, now: Mapping[str, Any], makers: Mapping[str, str]) -> list[str]:
    """Why a step is to run: what of all that goes into it is not as it was the last time."""
    if last is None:
        return ["it was not replayed before"]
    words = {
        "command": "its command is another",
        "environment": "its environment is another",
        "tools": "the tools are others",
    }
    found = [text for name, text in words.items() if last.get(name) != now[name]]
    before, after = last.get("inputs", {}), now["inputs"]
    for path in sorted({*before, *after}):
        if before.get(path) == after.get(path):
            continue
        maker = f" of {makers[path]}" if makers.get(path) else ""
        what = "is new" if path not in before else "is no longer read" if path not in after else "changed"
        found.append(f"{path}{maker} {what}")
    return found


def hash_of(value: Any) -> str:
    """A hash over a JSON-able value whose texts may hold bytes that are no UTF-8."""
    return hash_bytes(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())
