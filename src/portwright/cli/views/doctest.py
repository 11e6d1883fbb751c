"""What a person sees of `portwright doctest`: what rustdoc would print."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from portwright.jobs.doctest import Result


def view(result: Result, console: Console) -> None:
    """A line for each test, what failed ones said, and the sum."""
    rows = result.outcomes
    lines = ["", f"running {len(rows)} test{'' if len(rows) == 1 else 's'}"]
    lines += [f"test {row.title} ... {row.result}" for row in rows]
    failed = [row for row in rows if row.result == "FAILED"]
    if failed:
        lines += ["", "failures:"]
        for row in failed:
            lines += ["", f"---- {row.title} stdout ----", row.said]
        lines += ["", "failures:", *(f"    {row.title}" for row in failed)]
    counts = {result: sum(row.result == result for row in rows) for result in ("ok", "FAILED", "ignored")}
    lines += [
        "",
        f"test result: {'FAILED' if failed else 'ok'}. {counts['ok']} passed; {counts['FAILED']} failed; "
        f"{counts['ignored']} ignored; 0 measured; {result.filtered_out} filtered out; "
        f"finished in {result.seconds:.2f}s",
        "",
    ]
    console.out("\n".join(lines), highlight=False)
