"""Records of runs as jobs keep them, with what a hostile guest would print; and the report made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portwright.base.spans import Span
from portwright.judge import report_maker
from portwright.judge.report import Report
from portwright.judge.report_maker import Read
from portwright.judge.run_records import Record

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"
HOSTILE = "\x1b[31mred\x1b[0m </script><script>alert(1)</script> ]]> &amp; `tick` | @somebody #1 \x00\x07￿\udc80 ![x](y)"
COUNTS = {"passed": 0, "failed": 0, "crashed": 0, "hung": 0, "not_run": 0, "ignored": 0}


def up(at: str, outcomes: Mapping[str, str], *, evidence: str = "", **others: Any) -> Record:
    """A run of `up`: name -> outcome."""
    rows = [
        {
            "name": name,
            "criterion": f"what {name} must do",
            "seconds": 0.25,
            "verdict": {
                "outcome": outcome,
                "detail": "as expected" if outcome == "passed" else "line 1 differs",
                "evidence": "" if outcome == "passed" else evidence,
            },
        }
        for name, outcome in outcomes.items()
    ]
    result = {
        "port": "x",
        "summary": "s",
        "toolchain": "rustc 1.96.0",
        "engine": "native",
        "seed": 7,
        "rows": rows,
        "seconds": 3.5,
        "ran": [],
        "ledger": None,
    }
    bad = any(outcome not in ("passed", "not-run") for outcome in outcomes.values())
    spans = (Span("check", 0.0, 0.5, "passed"), Span("sysroot", 0.5, 2.0, "built"))
    return Record("up", at, others.pop("status", int(bad)), result=result, spans=spans, **others)


def conformance(at: str, *, failures: list[dict[str, Any]], **others: Any) -> Record:
    """A run of two suites, and one that could not be built where `error` is given."""
    bad = len(failures)
    suites = [
        {
            "name": "core",
            "kind": "core",
            "counts": {**COUNTS, "passed": 40, "failed": bad, "ignored": 2},
            "modules": {
                "char": {**COUNTS, "passed": 30, "ignored": 2},
                "fmt": {**COUNTS, "passed": 10, "failed": bad},
            },
            "seconds": 1.5,
            "error": None,
        },
        {"name": "std-env", "kind": "std", "counts": {**COUNTS, "passed": 6}, "modules": {}, "seconds": 0.5},
    ]
    if error := others.pop("error", None):
        suites.append({"name": "std-unit", "kind": "std", "counts": COUNTS, "modules": {}, "error": error})
    result = {
        "toolchain": "rustc 1.96.0",
        "on": "native",
        "panic": "unwind",
        "seed": 7,
        "suites": suites,
        "failures": failures,
        "expired": others.pop("expired", []),
        "against": [{"suite": "core", "host_passed": 41, "passed": 40, "missing": ["fmt::x"], "absent": []}],
        "compared": {"worse": ["core fmt::x"], "mended": ["core char::y"], "new": 0, "gone": 0},
        "seconds": 2.5,
        "ledger": None,
    }
    wrong = bool(error) or any(row["reason"] is None for row in failures)
    return Record("conformance", at, int(wrong), result=result, **others)


def failure(test: str, result: str = "failed", detail: str = "", reason: str | None = None) -> dict[str, Any]:
    """A test that did not pass."""
    return {"suite": "core", "test": test, "result": result, "detail": detail, "reason": reason}


def boot(at: str, outcome: str = "passed", *, says: str = "", **others: Any) -> Record:
    """A boot with two milestones, of which a bad one reaches one; its console shows `says`."""
    good = outcome == "passed"
    reached = [{"name": "kernel", "at": 0.8}, {"name": "prompt", "at": 2.4}]
    verdict = {"outcome": outcome, "detail": "2 milestones in 2.4 s" if good else says, "evidence": says}
    rows = [
        {"name": "boot", "verdict": verdict, "seconds": 2.9, "output": ""},
        {"name": "ls", "verdict": {"outcome": "not-run", "detail": "needs an image with ls"}, "seconds": 0},
    ]
    run = {
        "rows": rows,
        "milestones": reached if good else reached[:1],
        "missing": [] if good else ["prompt"],
        "seconds": 2.9,
        "how": others.pop("how", "QEMU, emulated"),
        "transcript": "/x",
        "known": []
        if good
        else [
            {
                "name": "stack",
                "line": says,
                "cause": "too small",
                "cure": "a larger one",
                "confidence": "sure",
            }
        ],
        "divergence": None if good else {"common": "a", "line": says, "missing": "b"},
    }
    result = {"port": "x", "machine": "qemu", "verdict": verdict, "runs": [run]}
    lines = [{"at": 0.8, "text": "entry"}, {"at": 0.9, "text": says}]
    more = {"consoles": {"0": {"head": lines, "tail": [], "left_out": 0}}}
    return Record("boot", at, 0 if good else 1, result=result, more=more, **others)


def runs(said: str = HOSTILE) -> dict[str, Read]:
    """All verbs, with something good and something bad of each."""
    good = {"check": "passed", "hello": "passed", "files": "wrong"}
    bad = {"check": "passed", "hello": "crashed", "files": "passed", "time": "not-run"}
    failures = [failure("fmt::x", "failed", said), failure("fmt::known", "crashed", said, "no such thing")]
    return {
        "up": Read([up("2026-11-27T10:00:00Z", bad, evidence=said), up("2026-11-26T10:00:00Z", good)]),
        "conformance": Read(
            [
                conformance(
                    "2026-11-27T11:00:00Z", failures=failures, error=said or "no", expired=[f"a:1: {said}"]
                ),
                conformance("2026-11-26T11:00:00Z", failures=[]),
            ]
        ),
        "boot": Read([boot("2026-11-27T12:00:00Z", "panicked", says=said), boot("2026-11-26T12:00:00Z")]),
    }


def report(said: str = HOSTILE, **others: Read) -> Report:
    """A report on all of them, or on others."""
    chosen: dict[str, Read] = {**runs(said), **others}
    return report_maker.make("x86_64-unknown-x", "An OS for tests", "ports/x", chosen, ["qemu"])


def only(**chosen: list[Record]) -> Report:
    """A report on these records; a verb that is not named was never run."""
    read = {verb: Read(chosen.get(verb, [])) for verb in ("up", "conformance", "boot")}
    return report_maker.make("x86_64-unknown-x", "An OS for tests", "ports/x", read, ["qemu"])


def real() -> Report:
    """Of the recorded results in docs/results: a whole run of Rust's own tests."""
    found = json.loads((RESULTS / "x86_64-unknown-veridian.json").read_text())["native"]
    tests = json.loads((RESULTS / "conformance-x86_64-portwright-linux.json").read_text())["kernel"]
    tests = {**tests, "on": "kernel", "toolchain": found["toolchain"], "seconds": 100.0, "compared": None}
    at = "2026-11-21T00:00:00Z"
    return only(
        up=[Record("up", at, 0, result=found)], conformance=[Record("conformance", at, 0, result=tests)]
    )
