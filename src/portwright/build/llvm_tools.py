"""Runs LLVM's tools, and reads out of what a crashed one says which function it was at and in which pass."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portwright.base.errors import Fault, StepFailed, Where
from portwright.base.processes import Completed, paste, run

PATIENCE = 1800.0
"""Seconds after which a tool hangs, which is a crash of another kind."""
_PASS = re.compile(r"Running pass [\"'](.+?)[\"'] on (?:function|basic block) [\"'](.+?)[\"']")
_SELECTING = re.compile(r"In function: (\S+)")


@dataclass(frozen=True, slots=True)
class Crash:
    """How a tool ended: `function` and `stage` (a pass) where it said them, and its own words."""

    function: str
    stage: str
    said: str


class Tools:
    """The programs that a backend calls, by what they do."""

    def __init__(self, paths: Mapping[str, str], patience: float = PATIENCE) -> None:
        self.paths, self.patience = paths, patience

    def run(self, name: str, words: Sequence[str], *, cwd: Path | None = None) -> Completed:
        """Run one to its end, however that is."""
        return run([self.paths[name], *words], cwd=cwd, timeout=self.patience)

    def need(self, name: str, words: Sequence[str], what: str, *, cwd: Path | None = None) -> Completed:
        """Run one that must end well; raises `StepFailed` with its words."""
        done = self.run(name, words, cwd=cwd)
        if done.status == 0:
            return done
        where = crash(done)
        at = f" at the function {where.function} in {where.stage}" if where.function else ""
        hint = f"run it again: {paste(done.argv, cwd=cwd)}"
        how = f"status {done.status}" if done.status > 0 else f"signal {-done.status}"
        tool = Where(self.paths[name])
        raise StepFailed([Fault(f"{what}: {how}{at}\n{where.said}", tool, hint, f"backend/{name}")])


FATAL = (signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGBUS, signal.SIGFPE, signal.SIGTRAP)
"""By which a program ends that is at fault itself."""


def crashed(done: Completed) -> bool:
    """Whether a tool ended by its own fault, and not because somebody stopped it or something was missing."""
    number = -done.status if done.status < 0 else done.status - 128  # a shell between says it so
    own = any(word in done.error_text for word in ("LLVM ERROR", "Assertion", "PLEASE submit a bug report"))
    return number in FATAL or (own and "No space left" not in done.error_text)


def crash(done: Completed) -> Crash:
    """What a tool that did not end well says of it."""
    text = done.error_text
    selecting, passes = _SELECTING.search(text), _PASS.findall(text)
    stage, function = passes[-1] if passes else ("", "")
    if selecting is not None and not function:
        function = selecting[1]
    return Crash(function.lstrip("@"), stage, _words(text, done.status))


def _words(text: str, status: int) -> str:
    """The sentence that matters of what a tool said: without addresses, which change from run to run."""
    if status == -9:
        return "it ran too long, or was killed"
    lines = [line for line in text.splitlines() if not line.startswith(("PLEASE submit", "Stack dump", " #"))]
    told = [line for line in lines if "Assertion" in line or "LLVM ERROR" in line or "error:" in line]
    chosen = told or [line for line in lines if line.strip() and not re.match(r"\d+\.\s|#\d+ ", line)]
    return re.sub(r"0x[0-9a-f]{6,}", "0x...", "\n".join(chosen[:12])) or f"signal {-status}"
