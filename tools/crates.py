"""Runs `portwright crates` for the ports that it is said of, and writes what was seen into docs/results/crates/.

The table of all that lies there goes into docs/other-versions.md by tools/docs.py; nothing of it is written by hand.
Names of ports run only these; `--from PORT=FILE` takes the document of a run that was made already.
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "docs" / "results" / "crates"
PORTS = ("x86_64-portwright-linux", "x86_64-unknown-veridian")
Document = dict[str, Any]


def run(port: str) -> Document:
    """The result document of one run; what does not pass is a result, too."""
    argv = [sys.executable, "-m", "portwright", "crates", port, "--seed", "1", "--json"]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    try:
        document: Document = json.loads(done.stdout)
        assert "crates" in document
    except (ValueError, AssertionError):
        raise SystemExit(f"{' '.join(argv)}: status {done.returncode}\n{done.stdout}") from None
    return document


def kept(document: Document) -> Document:
    """What of a result is worth keeping: how each crate fared, without backtraces and names of folders."""
    crates = [
        {key: row[key] for key in ("name", "version", "builds", "counts", "lacks", "patched")}
        | {"failures": [[name, (why.strip().splitlines() or [""])[0][:200]] for name, why in row["failures"]]}
        for row in document["crates"]
    ]
    return {"date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}", "on": document["on"], "crates": crates}


def cell(row: Document) -> str:
    """How a crate fared, in a few words."""
    if row["counts"] is None:
        what = "builds; its tests do not:" if row["builds"] else "does not build:"
        return f"{what} {'; '.join(row['lacks']) or 'no reason is known'}".replace("|", "\\|")
    run = row["counts"]["passed"] + len(row["failures"])
    failed = ", ".join(f"`{name.split(': ')[-1]}`" for name, _ in row["failures"][:3])
    why = f" ({'; '.join(row['lacks'])})" if failed and row["lacks"] else ""
    return f"{row['counts']['passed']}/{run} tests" + (f", not {failed}{why}" if failed else "")


def table(found: Mapping[str, Document]) -> str:
    """A row per crate, a column per port."""
    if not found:
        return ""
    ports = sorted(found)
    rows = {port: {row["name"]: row for row in found[port]["crates"]} for port in ports}
    names = sorted({name for each in rows.values() for name in each})
    text = "Seen on " + ", ".join(f"{port} ({found[port]['on']}, {found[port]['date']})" for port in ports)
    text += f":\n\n| crate | {' | '.join(ports)} |\n|{'---|' * (len(ports) + 1)}\n"
    for name in names:
        version = next(each[name]["version"] for each in rows.values() if name in each)
        cells = [cell(rows[port][name]) if name in rows[port] else "-" for port in ports]
        text += f"| {name} {version} | {' | '.join(cells)} |\n"
    return text


def main() -> None:
    """Run what was asked for, and keep it."""
    parser = argparse.ArgumentParser(prog="crates", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ports", nargs="*", help="only these")
    parser.add_argument("--from", action="append", default=[], dest="made", metavar="PORT=FILE")
    arguments = parser.parse_args()
    made = {port: Path(file) for port, _, file in (each.partition("=") for each in arguments.made)}
    RESULTS.mkdir(parents=True, exist_ok=True)
    for port in arguments.ports or made or PORTS:
        document = json.loads(made[port].read_text()) if port in made else run(port)
        text = json.dumps(kept(document), indent=1, sort_keys=True) + "\n"
        (RESULTS / f"{port}.json").write_text(text, encoding="utf-8")
    found = {path.stem: json.loads(path.read_text()) for path in RESULTS.glob("*.json")}
    (RESULTS / "table.md").write_text(table(found), encoding="utf-8")


if __name__ == "__main__":
    main()
