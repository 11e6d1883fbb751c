"""Where the outputs of a plan's steps lie in the cache, the record of each, and what says that one is done.

A folder named by a step's key is there whole or not at all; a folder updated in place is right for the key in
its record, which is taken back before the folder is touched.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from portwright.base.files import cache_root, write_atomic
from portwright.base.hashing import hash_file
from portwright.derive.plan import NOT_IN_KEY, Plan, Step

KEPT = 3
"""How many outputs of one step, each of another key, a plan's folder keeps."""

KEPT_CRATES = 100
"""How many crates that are no program of the port it keeps: a file that was run once is not worth a folder for ever."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a step's last run: the step as it was then, its key, and whether it got to its end."""

    key: str
    done: bool
    step: Mapping[str, Any]
    needs: Mapping[str, str]
    argv: tuple[str, ...] = ()
    seconds: float = 0.0
    outputs: Mapping[str, str] | None = None
    start_over: str = ""


class Store:
    """The cache as one plan sees it."""

    def __init__(self, plan: Plan, root: Path | None = None) -> None:
        self.plan = plan
        self.keys = plan.keys()
        self.root = cache_root() if root is None else root
        self.folder = self.root / "ports" / (plan.identity or plan.target)
        self.texts = self.folder / "texts"
        self.lock_file = self.folder / "lock"

    def out(self, step: Step) -> Path:
        """The step's output folder."""
        if step.place:
            return self.folder / step.place
        return self.root / "steps" / f"{step.name}-{self.keys[step.name][:16]}"

    def record_file(self, step: Step) -> Path:
        """Where the step's last run in this plan's folder is recorded."""
        return self.folder / "records" / f"{step.name}.json"

    def record(self, step: Step) -> Record | None:
        """The step's last run, or None where there is none that can be read."""
        try:
            value = json.loads(self.record_file(step).read_text())
            return Record(**{**value, "argv": tuple(value["argv"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def is_done(self, step: Step) -> bool:
        """Whether the step's output is there and right."""
        if not step.argv:
            return all(self.is_done(self.plan.step(need)) for need in step.needs)
        if not step.cached:
            return False
        out = self.out(step)
        if step.place:
            record = self.record(step)
            if record is None or not record.done or record.key != self.keys[step.name]:
                return False
        return out.is_dir() and all((out / name).exists() for name in step.outputs)

    def write_texts(self) -> None:
        """Put the plan's texts where its steps look for them; one that begins as a script does can be executed."""
        for name, text in self.plan.texts.items():
            write_atomic(self.texts / name, text, mode=0o755 if text.startswith("#!") else None)

    def texts_are_there(self) -> bool:
        """Whether the texts are what the plan says."""
        try:
            return all((self.texts / name).read_text() == text for name, text in self.plan.texts.items())
        except OSError:
            return False

    def begin(self, step: Step) -> None:
        """Take back the record of a folder that is about to be updated, and empty it where it must start over."""
        last = self.record(step)
        if last is not None and last.start_over != step.start_over:
            # First, so that nobody copies what is being emptied; with the old `start_over`, so that a run after a kill
            # empties the rest.
            void = json.dumps(asdict(replace(last, done=False)), indent=1, sort_keys=True)
            write_atomic(self.record_file(step), void + "\n")
            shutil.rmtree(self.out(step), ignore_errors=True)
        self.write_record(step, done=False)

    def forget(self, step: Step) -> None:
        """Take back that a step is done."""
        self.record_file(step).unlink(missing_ok=True)
        if not step.place:
            shutil.rmtree(self.out(step), ignore_errors=True)

    def write_record(
        self, step: Step, *, done: bool, argv: tuple[str, ...] = (), seconds: float = 0.0
    ) -> None:
        """Record a run of the step."""
        record = Record(
            key=self.keys[step.name],
            done=done,
            step={name: value for name, value in asdict(step).items() if name not in NOT_IN_KEY},
            needs={need: self.keys[need] for need in step.needs},
            argv=argv,
            seconds=round(seconds, 3),
            outputs=self.output_hashes(step) if done else None,
            start_over=step.start_over,
        )
        write_atomic(self.record_file(step), json.dumps(asdict(record), indent=1, sort_keys=True) + "\n")

    def output_hashes(self, step: Step) -> dict[str, str]:
        """The content hash of every file of the step's outputs."""
        out = self.out(step)
        found: dict[str, str] = {}
        for name in step.outputs:
            top = out / name
            for path in sorted(top.rglob("*")) if top.is_dir() and not top.is_symlink() else [top]:
                if path.is_file() and not path.is_symlink():
                    found[path.relative_to(out).as_posix()] = hash_file(path)
        return found

    def keep_few(self, step: Step) -> None:
        """Forget outputs of the step that were made for older keys, all but the last few."""
        if step.place or not step.argv:
            return
        memory = self.folder / "recent" / f"{step.name}.json"
        try:
            names = [str(name) for name in json.loads(memory.read_text())]
        except (OSError, ValueError):
            names = []
        own = self.out(step).name
        names = [own, *(name for name in names if name != own)]
        write_atomic(memory, json.dumps(names[:KEPT]))
        for name in names[KEPT:]:
            if re.fullmatch(rf"{re.escape(step.name)}-[0-9a-f]{{16}}", name):
                shutil.rmtree(self.root / "steps" / name, ignore_errors=True)

    def keep_few_crates(self) -> None:
        """Forget crates that are no step of the plan and were not built for the longest time."""
        own = {self.out(step) for step in self.plan.steps}
        folders = [path for path in (self.folder / "crates").glob("*") if path not in own]
        folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in folders[KEPT_CRATES:]:
            shutil.rmtree(path, ignore_errors=True)

    def fill_in(self, words: str, out: Path) -> str:
        """The words with `{out}`, `{texts}` and `{STEP}` replaced by folders."""

        def folder(found: re.Match[str]) -> str:
            name = found[1]
            if name == "out":
                return str(out)
            if name == "texts":
                return str(self.texts)
            return str(self.out(self.plan.step(name)))

        names = "|".join(map(re.escape, ["out", "texts", *(step.name for step in self.plan.steps)]))
        return re.sub(rf"\{{({names})\}}", folder, words)

    def free_bytes(self) -> int:
        """How much room the cache's disk has."""
        place = self.root
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def used_bytes(self, step: Step) -> int:
        """How much room the step's folder takes already."""
        out = self.out(step)
        return sum(
            os.lstat(os.path.join(folder, name)).st_blocks * 512  # noqa: PTH118 (thousands of files)
            for folder, _, names in os.walk(out)
            for name in names
        )
