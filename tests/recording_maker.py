"""Recordings of real commands, made without a recorder: each command is run once, and its files are hashed.

Words are given as a recording holds them (`$SRC/a.c`, `$OUT/a.o`, a dollar sign as `$$`), and commands really run in
`folder/src` and `folder/out`:

    maker = Maker(tmp_path)
    maker.write("$SRC/a.c", "int main(void) { return 0; }")
    maker.run("gcc", "-c", "$SRC/a.c", "-o", "$OUT/a.o", inputs=["$SRC/a.c"], outputs=["$OUT/a.o"])
    maker.copy("$OUT/a.o", "$OUT/lib/a.o")
    maker.save(tmp_path / "a.json")
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from portwright.base.hashing import hash_bytes, hash_file
from portwright.derive.plan import Input, Plan, Step
from portwright.derive.recording import Output, Process, Recording, Seen, Tool, expand, normalise

PATH = "/usr/local/bin:/usr/bin:/bin"


class Maker:
    """A build that is run and written down command by command."""

    def __init__(
        self, folder: Path, *, roots: Mapping[str, Path] | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.roots = {"SRC": str(folder / "src"), "OUT": str(folder / "out")}
        self.roots |= {name: str(path) for name, path in (roots or {}).items()}
        self.env = {"PATH": PATH, "LC_ALL": "C", **(env or {})}
        self.steps: list[Step] = []
        self.seen: dict[str, Seen] = {}
        self.texts: dict[str, str] = {}
        self.tools: dict[str, Tool] = {}
        self.processes: list[Process] = []
        self._maker_of: dict[str, str] = {}
        self._began = time.monotonic()
        for name in ("SRC", "OUT"):
            Path(self.roots[name]).mkdir(parents=True, exist_ok=True)

    def path(self, words: str) -> Path:
        """Where a normalised name lies while the recording is made."""
        return Path(expand(words, self.roots))

    def write(self, words: str, content: str | bytes, mode: int = 0o644) -> str:
        """Write a file that is there before the build."""
        path = self.path(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return words

    def run(
        self,
        *argv: str,
        inputs: Sequence[str] = (),
        outputs: Sequence[str] = (),
        cwd: str = "$SRC",
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        stdout: str = "",
        name: str = "",
        trade: str = "",
        after: Sequence[str] = (),
    ) -> Step:
        """Run a command, whatever it exits with, and write it down as a step."""
        own = {**self.env, **(env or {})}
        read = tuple(self._input(words) for words in dict.fromkeys([*inputs, *([stdin] if stdin else [])]))
        for words in [*outputs, *([stdout] if stdout else [])]:
            self.path(words).parent.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        done = subprocess.run(
            [expand(word, self.roots) for word in argv],
            cwd=self.path(cwd),
            env={key: expand(value, self.roots) for key, value in own.items()},
            input=self.path(stdin).read_bytes() if stdin else b"",
            capture_output=True,
        )
        if stdout:
            self.path(stdout).write_bytes(done.stdout)
        elif done.returncode and done.stderr:
            print(done.stderr.decode(errors="replace"))
        made = tuple(dict.fromkeys([*outputs, *([stdout] if stdout else [])]))
        step = Step(
            name=name or f"step{len(self.steps) + 1:03}",
            argv=argv,
            why="it was recorded",
            env=own,
            cwd=cwd,
            inputs=read,
            outputs=made,
            needs=tuple(dict.fromkeys([*(row.step for row in read if row.step), *after])),
            stdin=stdin,
            stdout=stdout,
            type=trade or Path(argv[0]).name,
        )
        self._tool(argv[0])
        self._add(step, began, done.returncode)
        return step

    def copy(self, source: str, target: str, *, link: bool = False) -> Step:
        """What a driver does itself: a copy of a file, or a symlink whose normalised target is `source`."""
        place = self.path(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        read: tuple[Input, ...] = ()
        began = time.monotonic()
        if link:
            place.symlink_to(expand(source, self.roots))
            self.texts[hash_bytes(os.fsencode(source))] = source
        else:
            shutil.copy(self.path(source), place)
            read = (self._input(source),)
        step = Step(
            name=f"step{len(self.steps) + 1:03}",
            argv=(),
            why="a driver did this itself",
            inputs=read,
            outputs=(target,),
            needs=tuple(row.step for row in read if row.step),
            kind="files",
            type="files",
        )
        self._add(step, began, 0)
        return step

    def text(self, target: str, content: str) -> Step:
        """A file that a driver wrote itself."""
        self.write(target, content)
        self.texts[hash_bytes(content.encode())] = content
        step = Step(
            name=f"step{len(self.steps) + 1:03}",
            argv=(),
            why="a driver did this itself",
            outputs=(target,),
            kind="files",
            type="files",
        )
        self._add(step, time.monotonic(), 0)
        return step

    def recording(self, **changes: Any) -> Recording:
        """The recording, with fields of it as they are named."""
        made = Recording(
            plan=Plan("recording", tuple(self.steps), dict(self.texts), "made"),
            command=("make",),
            cwd="$SRC",
            roots=dict(self.roots),
            seen=dict(self.seen),
            tools=tuple(self.tools.values()),
            processes=tuple(self.processes),
            seconds=round(time.monotonic() - self._began, 3),
            recorders=("maker",),
            host="test",
        )
        return replace(made, **changes)

    def save(self, path: Path, **changes: Any) -> Path:
        """Write the recording to a file."""
        path.write_text(self.recording(**changes).to_json())
        return path

    def _input(self, words: str) -> Input:
        path = self.path(words)
        kind, digest, _ = _content(path, self.roots)
        return Input(Path(path).name, words, digest, self._maker_of.get(words, ""), kind)

    def _tool(self, program: str) -> None:
        found = shutil.which(program, path=self.env["PATH"])
        if found and not program.startswith("$"):
            path = str(Path(found).resolve())
            self.tools[path] = Tool(path, hash_file(Path(path)), Path(path).stat().st_size)

    def _add(self, step: Step, began: float, status: int) -> None:
        outputs = []
        for words in step.outputs:
            kind, digest, size = _content(self.path(words), self.roots)
            outputs.append(Output(words, digest, kind, size))
            self._maker_of[words] = step.name
        ended = time.monotonic()
        self.steps.append(step)
        self.seen[step.name] = Seen(
            tuple(outputs), status, round(began - self._began, 3), round(ended - began, 3)
        )
        if step.argv:
            row = Process(len(self.steps), 1, step.argv, step.name, ("maker",), status)
            self.processes.append(row)


def _content(path: Path, roots: Mapping[str, str]) -> tuple[Any, str, int]:
    """(kind, digest, size) as a recording has them."""
    if path.is_symlink():
        target = os.fsencode(normalise(str(path.readlink()), roots))
        return "symlink", hash_bytes(target), len(target)
    if path.is_dir():
        return "folder", "", 0
    kind = "executable" if path.stat().st_mode & 0o100 else "file"
    return kind, hash_file(path), path.stat().st_size
