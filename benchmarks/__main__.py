"""Runs every benchmark, prints a table of the goals, and writes bench.json.

A benchmark is a module of this folder with a function `rows()`; name some to run only these. The status is 1 where
a goal is not met. Nothing here is part of the test suite: a busy machine is no defect.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

from benchmarks.row import Row


def collect(wanted: list[str]) -> dict[str, ModuleType]:
    """The benchmarks by name."""
    folder = Path(__file__).parent
    modules = {
        info.name: importlib.import_module(f"benchmarks.{info.name}")
        for info in pkgutil.iter_modules([str(folder)])
        if not info.name.startswith("_")
    }
    found = {name: module for name, module in modules.items() if hasattr(module, "rows")}
    unknown = sorted(set(wanted) - set(found))
    if unknown:
        raise SystemExit(f"bench: no benchmark {', '.join(unknown)}; there are: {', '.join(sorted(found))}")
    return {name: module for name, module in found.items() if not wanted or name in wanted}


def table(rows: list[Row]) -> str:
    """The rows for people."""
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("goal", "rival", "ours", "theirs", "ratio", "wanted", ""):
        shown.add_column(title, justify="right" if title in ("ours", "theirs", "ratio") else "left")
    for row in rows:
        mark = {True: "met", False: "NOT MET", None: ""}[row.met]
        amounts = [
            f"{amount:,.3g} {row.unit}" if amount < 1000 else f"{amount:,.0f} {row.unit}"
            for amount in (row.ours, row.theirs)
        ]
        shown.add_row(row.name, row.rival, *amounts, f"{row.ratio:.2f}", row.goal, mark)
    console = Console(width=140, file=sys.stdout)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def document(rows: list[Row]) -> str:
    """The rows for tools, with the machine that they were measured on."""
    machine = {
        "system": platform.platform(),
        "cpu": _cpu(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
    }
    goals = [{**asdict(row), "ratio": round(row.ratio, 4)} for row in rows]
    return json.dumps({"machine": machine, "goals": goals}, indent=2) + "\n"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def main() -> int:
    """Run them."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="where to write the document")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for name, module in collect(arguments.names).items():
        print(f"bench: {name}: {(module.__doc__ or '').splitlines()[0]}", file=sys.stderr, flush=True)
        rows += module.rows()
    print(table(rows), end="")
    arguments.json.write_text(document(rows))
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
