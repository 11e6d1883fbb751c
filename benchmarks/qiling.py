"""The userland machine against Qiling, which runs programs at system-call level too: the same sources, built for each.

Qiling is put into an environment of its own in the cache, in the version named here; without a network, or where it
does not install, its rows are left out, and that is said.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.machine import CALLS, TIMES, Built, build, ours
from benchmarks.row import Row, at_least

from benchmarks import timing
from portwright.base.files import cache_root
from portwright.describe import port as ports

VERSION = "1.4.6"
FASTER = 5.0
ROUNDS = {"calls": 1, "fib": 1, "nothing": 1}
TITLES = {"calls": f"{CALLS:,} system calls", "fib": "fib(30)", "nothing": "a program that does nothing"}

# Run by Qiling's own Python: seconds from asking for a run to its end, the quickest of several.
DRIVER = """
import json, sys, time
from qiling import Qiling
from qiling.const import QL_VERBOSE
taken = []
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    machine = Qiling([sys.argv[1]], sys.argv[3], verbose=QL_VERBOSE.DISABLED)
    machine.run()
    taken.append(time.perf_counter() - began)
    if machine.os.exit_code != 0:
        raise SystemExit(f"status {machine.os.exit_code}")
print(json.dumps(min(taken)))
"""


def python() -> Path | None:
    """The interpreter of an environment that has Qiling, made where it is not there; None with a word why not."""
    folder = cache_root() / "bench" / f"qiling-{VERSION}"
    found = folder / "bin" / "python"
    if (folder / "whole").exists():
        return found
    for argv in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(found), "-m", "pip", "install", "-q", f"qiling=={VERSION}"],
    ):
        done = subprocess.run(argv, capture_output=True, text=True)
        if done.returncode != 0:
            last = (done.stderr.strip() or "it failed").splitlines()[-1]
            print(f"bench: no rows against Qiling: {' '.join(argv[:4])}: {last}", file=sys.stderr)
            return None
    (folder / "whole").touch()
    return found


def rows() -> list[Row]:
    """At least five times as fast with the engine that is used when none is named. To know: Unicorn's numbers, and a
    start where Python and all modules are there already."""
    rival = python()
    if rival is None:
        return []
    port = ports.load(timing.PORT)
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        for work, rounds in ROUNDS.items():
            program = build(port, work, rounds, folder)
            theirs = _theirs(rival, program.host, folder)
            for engine in ("native", "unicorn"):
                mine = ours(port, program.port, engine)
                title = f"{TITLES[work]}, {engine}"
                row = at_least(title, f"Qiling {VERSION}", 1 / mine, 1 / theirs, "/s", times=FASTER)
                if engine == "unicorn" or work == "nothing":
                    row = Row(title, row.rival, row.ours, row.theirs, row.unit, "to know", None)
                found.append(row)
        found.append(_command(rival, build(port, "nothing", 1, folder), folder))
    return found


def _command(interpreter: Path, program: Built, folder: Path) -> Row:
    """A program that does nothing, with everything that a person waits for: both are started from nothing."""
    driver = [str(interpreter), "-c", DRIVER, str(program.host), "1", str(folder)]
    command = [sys.executable, "-m", "portwright", "run", timing.PORT, str(program.port)]
    mine, theirs = timing.best(command, TIMES).seconds, timing.best(driver, TIMES).seconds
    return at_least(
        "`run` of a program that does nothing", f"Qiling {VERSION}", 1 / mine, 1 / theirs, "/s", times=FASTER
    )


def _theirs(interpreter: Path, program: Path, root: Path) -> float:
    argv = [str(interpreter), "-c", DRIVER, str(program), str(TIMES), str(root)]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=root)
    if done.returncode != 0:
        last = (done.stderr.strip() or "it failed").splitlines()[-1]
        raise SystemExit(f"bench: Qiling on {program.name}: {last}")
    return float(json.loads(done.stdout.strip().splitlines()[-1]))
