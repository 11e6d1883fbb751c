"""Runs `portwright conformance` for the bundled ports in every way that this machine has, and writes what was seen.

Each port's results go to docs/results/conformance-PORT.json, and the tables of all of them to conformance.md beside
it, from where tools/docs.py takes them into the README. Nothing there is written by hand. Names of ports (and
`--way`) run only these; the tables are always made of everything that lies there.
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "docs" / "results"
PORTWRIGHT = [sys.executable, "-m", "portwright"]
WAYS = {
    "kernel": ["--on", "kernel"],
    "native": ["--engine", "native"],
    "unicorn": ["--engine", "unicorn"],
}
TITLES = {"kernel": "this kernel", "native": "machine, native", "unicorn": "machine, Unicorn"}
GROUPS = {
    "programs": "the port's programs",
    "core": "core (coretests)",
    "alloc": "alloc (alloctests)",
    "std-unit": "std, unit tests",
    "std": "std, integration tests",
}
FAILURES = ("failed", "crashed", "hung", "not_run")
Document = dict[str, Any]


def run(port: str, way: str, more: list[str]) -> Document | None:
    """The result document of one run, None where the port cannot be run so."""
    argv = [*PORTWRIGHT, "conformance", port, *WAYS[way], *more, "--json"]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    document: Document = json.loads(done.stdout)
    if "suites" in document:
        return document
    faults = document.get("faults", [])
    if all(
        str(fault.get("code", "")).startswith(("run/no-host", "run/other", "engine/")) for fault in faults
    ):
        return None
    raise SystemExit(f"{' '.join(argv)}\n{json.dumps(faults, indent=1)}")


def kept(document: Document) -> Document:
    """What of a result is worth keeping: counts, and what did not pass, by name."""
    failures = [
        {key: row[key] for key in ("suite", "test", "result", "reason")} | {"detail": _last(row["detail"])}
        for row in document["failures"]
    ]
    wanted = ("toolchain", "panic", "seed", "suites", "against", "expired")
    return {
        "date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        **{key: document[key] for key in wanted},
        "failures": failures,
    }


def _last(detail: str) -> str:
    lines = [line for line in detail.strip().splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


def add(counts: Iterable[Mapping[str, int]]) -> tuple[int, int]:
    """How many passed of how many that should have."""
    passed = total = 0
    for row in counts:
        passed += row["passed"]
        total += row["passed"] + sum(row[name] for name in FAILURES)
    return passed, total


def cell(passed: int, total: int) -> str:
    """`300/300`, or with a share where it is not all."""
    if not total:
        return "-"
    return f"{passed}/{total}" if passed == total else f"{passed}/{total} ({100 * passed / total:.1f} %)"


def groups(result: Document) -> dict[str, tuple[int, int]]:
    """Passed and run by kind of suite."""
    return {kind: add(s["counts"] for s in result["suites"] if s["kind"] == kind) for kind in GROUPS}


def modules(result: Document) -> dict[str, tuple[int, int]]:
    """Passed and run by module of std, unit and integration tests together."""
    rows: dict[str, list[Mapping[str, int]]] = {}
    for suite in result["suites"]:
        if suite["kind"] == "std-unit":
            for name, counts in suite["modules"].items():
                rows.setdefault(name, []).append(counts)
        elif suite["kind"] == "std":
            rows.setdefault(suite["name"].removeprefix("std-"), []).append(suite["counts"])
    return {name: add(counts) for name, counts in sorted(rows.items())}


def tables(found: Mapping[str, Document]) -> str:
    """Both tables over every port and way."""
    columns = [(port, way) for port, ways in sorted(found.items()) for way in WAYS if way in ways]
    if not columns:
        return ""
    results = [found[port][way] for port, way in columns]
    newest = max(results, key=lambda result: str(result["date"]))
    head = " | ".join(f"{port}, {TITLES[way]}" for port, way in columns)
    text = "**Rust's own tests** (`portwright conformance`; passed/run; "
    text += f"{newest['toolchain']}, {newest['date']})\n\n"
    rows = [(title, [groups(r).get(kind, (0, 0)) for r in results]) for kind, title in GROUPS.items()]
    text += _table(f"suite | {head}", rows)
    names = sorted({name for result in results for name in modules(result)})
    rows = [(f"`{name}`", [modules(result).get(name, (0, 0)) for result in results]) for name in names]
    text += "\n**std by module** (its unit and integration tests)\n\n"
    return text + _table(f"module | {head}", [row for row in rows if any(total for _, total in row[1])])


def _table(head: str, rows: list[tuple[str, list[tuple[int, int]]]]) -> str:
    text = f"| {head} |\n|{'---|' * (head.count('|') + 1)}\n"
    return text + "".join(
        f"| {name} | {' | '.join(cell(*pair) for pair in cells)} |\n" for name, cells in rows
    )


def bundled() -> list[str]:
    """The bundled ports that this Rust can be built for: those with a ledger."""
    found = sorted((ROOT / "ports").glob("*/abi.toml"))
    return [tomllib.loads(path.with_name("port.toml").read_text())["port"]["target"] for path in found]


def main() -> None:
    """Run what was asked for; write the results and the tables."""
    parser = argparse.ArgumentParser(prog="conformance", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ports", nargs="*", help="only these")
    parser.add_argument("--way", action="append", choices=tuple(WAYS), help="only so (repeatable)")
    parser.add_argument("--tables", action="store_true", help="run nothing, write the tables anew")
    arguments, more = parser.parse_known_args()
    RESULTS.mkdir(exist_ok=True)
    for port in [] if arguments.tables else arguments.ports or bundled():
        path = RESULTS / f"conformance-{port}.json"
        ways: dict[str, Document] = json.loads(path.read_text()) if path.is_file() else {}
        for way in arguments.way or WAYS:
            document = run(port, way, more)
            if document is not None:
                ways[way] = kept(document)
        path.write_text(json.dumps(ways, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    found = {
        path.stem.removeprefix("conformance-"): json.loads(path.read_text())
        for path in RESULTS.glob("conformance-*.json")
    }
    (RESULTS / "conformance.md").write_text(tables(found), encoding="utf-8")


if __name__ == "__main__":
    main()
