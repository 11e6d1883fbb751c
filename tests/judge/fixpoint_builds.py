"""Builds pairs by real tools and has them compared: what the tests of fixpoint share."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from portwright.judge import fixpoint
from portwright.judge.difference import Bounds, Finding
from portwright.judge.fixpoint import Report

PROGRAM = """\
#[inline(never)]
fn twice(x: u64) -> u64 { x * 2 + 1 }
fn main() {
    let count = std::env::args().count() as u64;
    println!("{}", twice(count));
    assert!(count < 50, "too many arguments");
}
"""
LIBRARY = """\
pub mod texts { pub fn upper(s: &str) -> String { s.to_uppercase() } pub fn at(x: &[u32], i: usize) -> u32 { x[i] } }
pub mod sums { pub fn all(x: &[u16]) -> usize { super::texts::at(&[x.len() as u32], x.len()) as usize + 3 } }
pub fn joined(v: Vec<String>) -> String { v.join(&texts::upper("-")) + &sums::all(&[1]).to_string() }
"""


def tool(name: str) -> str:
    """The path of a tool; skips by name where it is not there."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name}: not on this machine")
    return found


def run(*argv: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Run a tool that must succeed."""
    done = subprocess.run(
        [tool(str(argv[0])), *map(str, argv[1:])],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def rustc(rustc: Path, source: Path, out: Path, *words: str) -> Path:
    """Compile one file, with the path of the source as the caller gives it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    argv = [str(rustc), "-C", "opt-level=1", "-C", "strip=none", *words, str(source), "-o", str(out)]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


def compared(left: Path, right: Path, bounds: Bounds | None = None) -> Report:
    """The report on two builds."""
    walk = fixpoint.compare(left, right, bounds)
    while True:
        try:
            next(walk)
        except StopIteration as stop:
            report: Report = stop.value
            return report


def names(report: Report, role: str = "") -> set[str]:
    """The causes that a report names."""
    return {row.cause for row in report.causes if role in ("", row.role)}


def of(report: Report, cause: str) -> list[Finding]:
    """The findings of one cause; there must be some."""
    found = [row for row in report.findings if row.cause == cause]
    assert found, f"no {cause} among {names(report)}"
    return found


def c_pair(
    folder: Path, sources: Sequence[str], words: Callable[[int], list[str]] = lambda side: []
) -> list[Path]:
    """Two objects made by gcc out of two texts (or twice the same one)."""
    found: list[Path] = []
    for side, text in enumerate([*sources, sources[0]][:2]):
        place = folder / "ab"[side]
        place.mkdir(parents=True, exist_ok=True)
        source = folder / "c.c"
        source.write_text(text)
        found.append(place / "c.o")
        run("gcc", "-O1", "-c", "c.c", "-o", found[-1], *words(side), cwd=folder)
    return found
