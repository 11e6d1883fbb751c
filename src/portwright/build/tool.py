"""One running command of a plan: started in a clean environment, its words followed, its end judged."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from portwright.base import processes
from portwright.base.errors import Fault
from portwright.base.events import Advanced, Event
from portwright.build.store import Store
from portwright.derive.plan import Step

SEARCH_LISTS = ("PATH", "LD_LIBRARY_PATH")
KEPT_LINES = 400
RECORDING = "PORTWRIGHT_RECORD_DIR"
"""The variable that is there below a recording, and only there."""
_COMPILING = re.compile(r"^\s*(?:Compiling|Building) (\S+) v")


class Tool:
    """A command that runs; a context whose end stops it and its children if they still run."""

    def __init__(self, store: Store, step: Step, jobs: int, lock: int) -> None:
        self.step = step
        self.final = store.out(step)
        self.out = self.final if step.place else _fresh(self.final)
        for folder in [self.out, *((self.out / name).parent for name in step.outputs)]:
            folder.mkdir(parents=True, exist_ok=True)
        self.argv = tuple(store.fill_in(word, self.out) for word in step.argv)
        self.cwd = store.fill_in(step.cwd, self.out)
        self.env = environment({k: store.fill_in(v, self.out) for k, v in step.env.items()}, jobs)
        self.began = time.monotonic()
        self.seconds = 0.0
        self.ended = False
        self._compiled = 0
        self._rest = b""
        self._lines: list[str] = []
        # The output appears under its name only when it is whole.
        self._partial = self.out / f".{step.stdout}.partial" if step.stdout else None
        self._stdout: IO[bytes] | None = self._partial.open("wb") if self._partial else None
        self._process = self._start(lock)
        assert self._process.stderr is not None
        self.errors = self._process.stderr
        os.set_blocking(self.errors.fileno(), False)

    def _start(self, lock: int) -> Any:
        pipe = processes.PIPE
        return processes.start(
            self.argv,
            cwd=self.cwd,
            env=self.env,
            stdout=self._stdout or processes.DEVNULL,
            stderr=pipe,
            pass_fds=(lock,),
        )

    def __enter__(self) -> Tool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        processes.stop(self._process)
        self.errors.close()
        if self._stdout is not None:
            self._stdout.close()

    def read(self) -> Iterator[Event]:
        """Take what the command said since last time; sets `ended` at its end."""
        data = self.errors.read()
        if data:
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                yield from self._hear(line.decode(errors="replace"))
        elif data == b"":
            if self._rest:
                yield from self._hear(self._rest.decode(errors="replace"))
            self._process.wait()
            self.seconds = time.monotonic() - self.began
            self.ended = True

    def _hear(self, line: str) -> Iterator[Event]:
        found = _COMPILING.match(line)
        if found:
            self._compiled += 1
            yield Advanced(self.step.name, self._compiled, found[1])
        else:
            self._lines = [*self._lines[-KEPT_LINES:], line]

    def remarks(self) -> str:
        """The warnings of a command that ended well, as it said them."""
        if self._process.returncode != 0 or not any(line.startswith("warning") for line in self._lines):
            return ""
        return "\n".join(self._lines)

    def fault(self) -> Fault | None:
        """What went wrong, or None; puts the command's printed output in its place where all went well."""
        status = self._process.returncode
        if self._stdout is not None:
            self._stdout.close()
        if status == 0:
            absent = [name for name in self.step.outputs if not self._settle(name)]
            if not absent:
                self._keep()
                return None
            return Fault(f"`{self.step.name}` ended well but made no {', '.join(absent)}", None, self.paste())
        how = f"status {status}" if status > 0 else f"signal {-status}"
        said = "\n".join(self._last_words())
        hint = f"run it again: {self.paste()}"
        return Fault(f"`{self.step.name}` failed ({how}):\n{said}", None, hint, "build/step-failed")

    def _settle(self, name: str) -> bool:
        if name == self.step.stdout and self._partial is not None:
            self._partial.replace(self.out / name)
        return (self.out / name).exists()

    def _keep(self) -> None:
        """Give a folder that is named by its key that name: from now on it is there, and whole."""
        if self.out != self.final:
            shutil.rmtree(self.final, ignore_errors=True)
            self.out.rename(self.final)

    def _last_words(self) -> list[str]:
        """From the first error on; the end of what was said, where no line says that it is one."""
        lines = self._lines
        first = next((at for at, line in enumerate(lines) if re.match(r"error(\[|:)", line)), None)
        return lines[-30:] if first is None else lines[first : first + 60]

    def paste(self) -> str:
        """The command as a person can run it, in the environment in which it ran."""
        clean = ["env", "-i", *(f"{name}={value}" for name, value in sorted(self.env.items()))]
        return processes.paste([*clean, *self.argv], cwd=self.cwd)


def _fresh(final: Path) -> Path:
    """An empty folder beside the final one; what a killed run left of its own is swept away."""
    final.parent.mkdir(parents=True, exist_ok=True)
    for left in final.parent.glob(f".new-{final.name}-*"):
        shutil.rmtree(left, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".new-{final.name}-", dir=final.parent))
    fresh.chmod(0o755)
    return fresh


def _recorders() -> tuple[str, ...]:
    """The variables through which a recording that we run below reaches compilers."""
    if RECORDING not in os.environ:
        return ()
    return ("RUSTC_WRAPPER", *(name for name in os.environ if name.startswith("PORTWRIGHT_RECORD_")))


def environment(own: Mapping[str, str], jobs: int) -> dict[str, str]:
    """The whole environment of a step: its own variables and the few that every program needs.

    The caller's RUSTFLAGS, CARGO_* and the like do not reach it; below a recording, its wrapper does. Search lists of
    the step go in front of the caller's PATH; nothing else of the caller's lists is taken.
    """
    kept = ("HOME", "PATH", "TMPDIR", *_recorders())
    result = {name: os.environ[name] for name in kept if name in os.environ}
    result.setdefault("PATH", os.defpath)
    result.setdefault("HOME", str(Path("/")))
    for name, value in own.items():
        front = name in SEARCH_LISTS and name in result
        result[name] = f"{value}{os.pathsep}{result[name]}" if front else value
    result |= {"LC_ALL": "C.UTF-8", "CARGO_TERM_COLOR": "never", "CARGO_TERM_PROGRESS_WHEN": "never"}
    return {**result, "CARGO_BUILD_JOBS": str(jobs), "TERM": "dumb"}
