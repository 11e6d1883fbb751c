"""Runs `portwright up` for every bundled port on each engine that serves it, and writes what was seen: the README's
tables and demo.

`make results` calls it; nothing in those parts is written by hand. Names of ports run only these, and no demo.
"""

from __future__ import annotations

import argparse
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


def up(port: str, engine: str) -> dict[str, Any] | None:
    """The result document of one `up`, None where the engine cannot run such guests; every outcome is a result, wrong
    ones too."""
    argv = [*PORTWRIGHT, "up", port, "--engine", engine, "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    document: dict[str, Any] = json.loads(done.stdout)
    if "rows" in document:
        return document
    if {fault["code"] for fault in document["faults"]} == {"engine/unfit"}:
        return None
    raise SystemExit(f"{' '.join(argv)}\n{done.stdout}{done.stderr}")


def table(port: str, runs: dict[str, dict[str, Any]]) -> str:
    """One port's criteria, with the verdict on each engine that serves it."""
    first = next(iter(runs.values()))
    passed = {
        engine: sum(r["verdict"]["outcome"] == "passed" for r in run["rows"]) for engine, run in runs.items()
    }
    counts = ", ".join(f"{passed[engine]} of {len(runs[engine]['rows'])} on {engine}" for engine in runs)
    text = f"**{port}**: {counts} ({first['toolchain']}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d})\n\n"
    text += f"| criterion | {' | '.join(runs)} |\n|---|{'---|' * len(runs)}\n"
    for number, row in enumerate(first["rows"]):
        verdicts = [runs[engine]["rows"][number]["verdict"]["outcome"] for engine in runs]
        text += f"| {row['name']}: {row['criterion']} | {' | '.join(verdicts)} |\n"
    return text


def demo() -> str:
    """What `portwright up` prints for a person."""
    argv = [*PORTWRIGHT, "up", DEMO_PORT]
    shown = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    return f"```console\n$ make demo\n...\n{shown.rstrip()}\n```\n"


def bundled() -> list[str]:
    """The bundled ports that this Rust can be built for: those with a ledger."""
    return [path.parent.name for path in sorted((ROOT / "ports").glob("*/abi.toml"))]


def main() -> None:
    """Write docs/results/ and the README's demo."""
    parser = argparse.ArgumentParser(prog="results", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ports", nargs="*", help="only these, and no demo")
    ports = parser.parse_args().ports
    folder = ROOT / "docs" / "results"
    folder.mkdir(exist_ok=True)
    for port in ports or bundled():
        found = {engine: up(port, engine) for engine in ENGINES}
        runs = {engine: run for engine, run in found.items() if run is not None}
        (folder / f"{port}.json").write_text(
            json.dumps(runs, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
        (folder / f"{port}.md").write_text(table(port, runs), encoding="utf-8")
    if ports:
        return
    readme = ROOT / "README.md"
    mark = re.compile(r"(<!-- demo\b[^>]*-->\n).*?(?=<!-- /demo -->)", re.DOTALL)
    shown = demo()
    readme.write_text(mark.sub(lambda m: m[1] + shown, readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
