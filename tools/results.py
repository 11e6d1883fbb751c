"""Runs `portwright up` for every bundled port on each engine, and writes what was seen: the README's table and demo.

`make results` calls it; nothing in those parts is written by hand.
"""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DEMO_PORT = "x86_64-unknown-veridian"
ENGINES = ("native", "unicorn")
PORTWRIGHT = [sys.executable, "-m", "portwright"]


def up(port: str, engine: str) -> dict[str, Any]:
    """The result document of one `up`; every outcome is a result, wrong ones too."""
    argv = [*PORTWRIGHT, "up", port, "--engine", engine, "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    document: dict[str, Any] = json.loads(done.stdout)
    if "rows" not in document:
        raise SystemExit(f"{' '.join(argv)}\n{done.stdout}{done.stderr}")
    return document


def table(port: str, runs: dict[str, dict[str, Any]]) -> str:
    """One port's criteria, with the verdict on each engine."""
    first = runs[ENGINES[0]]
    passed = {
        engine: sum(r["verdict"]["outcome"] == "passed" for r in run["rows"]) for engine, run in runs.items()
    }
    counts = ", ".join(f"{passed[engine]} of {len(runs[engine]['rows'])} on {engine}" for engine in ENGINES)
    text = f"**{port}**: {counts} ({first['toolchain']}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d})\n\n"
    text += f"| criterion | {' | '.join(ENGINES)} |\n|---|{'---|' * len(ENGINES)}\n"
    for number, row in enumerate(first["rows"]):
        verdicts = [runs[engine]["rows"][number]["verdict"]["outcome"] for engine in ENGINES]
        text += f"| {row['name']}: {row['criterion']} | {' | '.join(verdicts)} |\n"
    return text


def demo() -> str:
    """What `portwright up` prints for a person."""
    argv = [*PORTWRIGHT, "up", DEMO_PORT]
    shown = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    return f"```console\n$ make demo\n...\n{shown.rstrip()}\n```\n"


def main() -> None:
    """Write docs/results/ and the README's demo."""
    folder = ROOT / "docs" / "results"
    folder.mkdir(exist_ok=True)
    for path in sorted((ROOT / "ports").glob("*/abi.toml")):
        port = path.parent.name
        runs = {engine: up(port, engine) for engine in ENGINES}
        (folder / f"{port}.json").write_text(
            json.dumps(runs, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
        (folder / f"{port}.md").write_text(table(port, runs), encoding="utf-8")
    readme = ROOT / "README.md"
    mark = re.compile(r"(<!-- demo\b[^>]*-->\n).*?(?=<!-- /demo -->)", re.DOTALL)
    shown = demo()
    readme.write_text(mark.sub(lambda m: m[1] + shown, readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
