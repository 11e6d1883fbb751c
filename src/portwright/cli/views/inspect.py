"""What a person sees of `inspect`: the facts of each file, a line for each binary inside, the findings, a count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from portwright.jobs.inspect import Result
from portwright.pack.difference import Difference, Growth
from portwright.pack.fault import Finding
from portwright.pack.inspect import Report
from portwright.pack.program import Program

STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}
HEADINGS = ("file", "kind", "machine", "entry", "made by", "faults")


def view(result: Result, console: Console) -> None:
    """Print each report and what was found in all."""
    if result.manuals:
        _manuals(result, console)
        return
    for index, report in enumerate(result.reports):
        if index:
            console.print()
        _report(report, console)
    console.print(_verdict(result))


def _manuals(result: Result, console: Console) -> None:
    if len(result.manuals) == 1:
        (page,) = result.manuals
        console.print(Text(f"{page.name}: {page.title}"))
        for title, text in page.sections.items():
            console.print(Text(f"\n## {title}\n{text}"))
        return
    width = max(len(page.name) for page in result.manuals)
    for page in result.manuals:
        console.print(Text(f"{page.name:{width}}  {page.title}"))


def _report(report: Report, console: Console) -> None:
    kind = f"{report.program.kind}: {report.what}" if report.program else report.what
    _line(console, Text(f"{report.name}: {kind}, {report.size:,} bytes", style="bold"))
    rows = list(_program(report.program)) if report.program else []
    rows += [(name, str(value)) for name, value in report.facts.items()]
    for stamp in report.stamps:
        since = "files were changed since" if stamp.changed else "no file was changed since"
        build = f"{stamp.commit}{' with changes' if stamp.dirty else ''}, {stamp.time}"
        rows.append(("build", f"{build} ({stamp.path}): {since}"))
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        _line(console, Text(f"  {name:{width}}  {value}"))
    for each in report.every():
        for text in each.listing:
            _line(console, Text(text))
    if report.members:
        _table(report, console)
    if report.others:
        files = "1 file is" if report.others == 1 else f"{report.others:,} files are"
        _line(console, Text(f"{files} neither binaries nor images"))
    for each in report.every():
        for finding in each.findings:
            _finding(finding, console, named=bool(report.members))
        if each.difference is not None and (each is report or not each.difference.same):
            _difference(each, each.difference, console)


def _program(program: Program) -> Iterator[tuple[str, str]]:
    entry, tls = program.entry, program.tls
    if program.runs:
        place = f"{entry.symbol} in {entry.section}" if entry.symbol else entry.section or "in no section"
        yield "entry", f"{entry.address:#x}: {place}"
    if program.interpreter:
        yield "interpreter", program.interpreter
    if program.needed:
        yield "needs", ", ".join(program.needed)
    if tls:
        yield "thread-locals", f"{tls.memory_size} bytes, aligned to {tls.alignment}, {tls.model}"
    if program.runs or program.soname:
        yield "protection", f"RELRO {program.relro}, stack {program.stack}"
    if program.relocations:
        yield "relocations", ", ".join(f"{count:,} {name}" for name, count in program.relocations.items())
    if program.sizes:
        yield "sizes", ", ".join(f"{name} {size:,}" for name, size in program.sizes.items() if size)
    parts = [
        name
        for name, there in (("symbols", not program.stripped), ("debug information", program.debug))
        if there
    ]
    yield "stripped", f"no: {' and '.join(parts)}, {program.strippable:,} bytes" if parts else "yes"
    if program.build_id:
        yield "build id", program.build_id
    yield "made by", program.provenance.words


def _table(report: Report, console: Console) -> None:
    rows = [HEADINGS]
    for each in report.every():
        if each is report:
            continue
        bad = sum(row.severity == "error" for row in each.findings)
        other = sum(row.severity == "warning" for row in each.findings)
        said = ", ".join([*([f"{bad} errors"] if bad > 1 else ["1 error"] if bad else []), *_warnings(other)])
        name = each.name.removeprefix(report.name).lstrip("/") or each.name
        rows.append((name, *_cells(each), said or "-"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    for index, row in enumerate(rows):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        _line(console, Text(f"{cells}  {row[-1]}".rstrip(), style="" if index else "bold"))


def _warnings(count: int) -> list[str]:
    return [] if not count else ["1 warning"] if count == 1 else [f"{count} warnings"]


def _cells(report: Report) -> tuple[str, str, str, str]:
    program = report.program
    if program is None:
        machine = str(report.facts.get("machine", "-"))
        entry = str(report.facts.get("entry", "-")).split(" ")[0]
        return report.what, machine, entry, "-"
    entry = f"{program.entry.address:#x}" if program.runs else "-"
    backend = program.provenance.backend if program.code else "-"
    if backend == "unknown" and program.provenance.makers:
        backend = "no Rust"
    return program.kind, program.machine, entry, backend


def _finding(finding: Finding, console: Console, *, named: bool) -> None:
    line = Text(finding.severity, style=STYLES[finding.severity])
    place = f" {finding.file}:" if named else ""
    at = f" (at {finding.address:#x})" if finding.address is not None else ""
    line.append(f"{place} {finding.what}{at} [{finding.fault}]", style="default")
    _line(console, line)
    if finding.hint and finding.severity != "note":
        _line(console, Text(f"    hint: {finding.hint}"))


def _difference(report: Report, difference: Difference, console: Console) -> None:
    title = f"against {difference.good}: {difference.size.before:,} -> {difference.size.now:,} bytes"
    _line(console, Text(f"{report.name} {title}" if report.path != report.name else title, style="bold"))
    for change in difference.changes:
        _line(console, Text(f"  {change.what}: {change.before} -> {change.now}"))
    _growths("sections", difference.sections, console)
    _growths("symbols that grew or shrank", difference.symbols, console)
    _growths(f"new symbols ({difference.new_count:,})", difference.new, console)
    _growths(f"lost symbols ({difference.lost_count:,})", difference.lost, console)
    for words, files in (("new", difference.new_files), ("lost", difference.lost_files)):
        if files:
            _line(console, Text(f"  {words} files: {', '.join(files)}"))
    if difference.same:
        _line(console, Text("  nothing differs that is compared"))


def _growths(title: str, rows: Iterable[Growth], console: Console) -> None:
    shown = list(rows)
    if shown:
        _line(console, Text(f"  {title}"))
    for row in shown:
        _line(console, Text(f"    {row.by:+12,}  {row.name} ({row.before:,} -> {row.now:,})"))


def _verdict(result: Result) -> Text:
    number = sum(each.program is not None for report in result.reports for each in report.every())
    counts = [(result.count(name), name) for name in ("error", "warning", "note")]
    found = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count)
    words = f"{number} ELF file{'' if number == 1 else 's'}: {found or 'no fault found'}"
    if result.built_by:
        other = sorted(
            each.name
            for report in result.reports
            for each in report.every()
            if any(row.fault == "wrong-backend" and row.severity == "error" for row in each.findings)
        )
        words += f"; {len(other)} not built by {result.built_by}" + (f": {', '.join(other)}" if other else "")
    if result.port:
        words += f"; held against {result.port}"
    return Text(words, style="bold red" if result.status else "green")


def _line(console: Console, text: Text) -> None:
    """A line that is as long as it is: columns are for people and for `cut` alike."""
    console.print(text, soft_wrap=True)
