"""Every fault of a port, a JSON spec or a built-in target at once, each with its fix; ends with a real compilation.

The rules (`describe/rules/`) judge the target spec, `describe/ledger_check.py` the ledger, and
`build/probe.py` proves what the compiler makes of it.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from portwright.base.errors import BadInput, Fault, PortwrightError, Where, closest
from portwright.base.events import Begun, Ended, Event, Note
from portwright.build import spec_translation
from portwright.build.probe import ProbeFault, ProbeResult, probe
from portwright.describe import rule, rustc_facts, spec_fix
from portwright.describe import toolchain as toolchains
from portwright.describe.rule import Severity
from portwright.describe.spec import Spec, load_spec
from portwright.describe.spec_case import Case
from portwright.jobs import Arg

if TYPE_CHECKING:
    from portwright.describe.port import OsTable, Port

VERB = "check"
NOT_ASKED = ProbeResult("skipped", "not asked for")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What `portwright check` can be told."""

    subject: Annotated[
        str | None,
        Arg("A port (folder or bundled name), a SPEC.json, or a built-in triple.", positional=True),
    ] = None
    fix: Annotated[bool, Arg("Make the safe edits, and show them as a diff.")] = False
    explain: Annotated[
        bool, Arg("Say for each choice where it comes from and why; for each finding, why it matters.")
    ] = False
    no_probe: Annotated[bool, Arg("Do not compile: the answer rests on the rules alone.")] = False
    rules: Annotated[bool, Arg("List the rules; with a rule's name, its manual.")] = False
    ledger: Annotated[
        str | None, Arg("A second ledger of the port (`abi.VARIANT.toml`).", metavar="VARIANT")
    ] = None
    toolchain: Annotated[
        str | None, Arg("A finder, a rustup toolchain, or the path of a rustc or a source tree.")
    ] = None
    for_rust: Annotated[
        str | None, Arg("Write the spec as that version of rustc takes it.", metavar="VERSION")
    ] = None
    output: Annotated[Path | None, Arg("With --for-rust: the JSON file to write.", metavar="SPEC.json")] = (
        None
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One finding, of whatever part; `edits` in words, `fixable` where `--fix` makes them."""

    severity: Severity
    code: str
    what: str
    where: Where | None = None
    hint: str | None = None
    why: str = ""
    since: str = ""
    edits: tuple[str, ...] = ()
    fixable: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One key of the spec: its value, where it comes from (`port`, or the built-in it is like), and why."""

    key: str
    value: Any
    origin: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What the check found. `fixed` is the diff that `--fix` made; `held_against` the port whose [os] was used."""

    subject: str
    kind: Literal["port", "json", "built-in", "rules", "translation"]
    target: str = ""
    rustc: str = ""
    findings: tuple[Row, ...] = ()
    probe: ProbeResult = NOT_ASKED
    ledger: Literal["checked", "none"] = "none"
    held_against: str | None = None
    fixed: str | None = None
    choices: tuple[Choice, ...] = ()
    rules: tuple[rule.Manual, ...] = ()
    translated: spec_translation.Translated | None = None

    @property
    def status(self) -> int:
        """1 where there is an error, or a real rustc of the version asked for refuses the translation; else 0."""
        if self.translated is not None:
            return 1 if self.translated.proof.outcome == "refused" else 0
        return 1 if self.count("error") else 0

    def count(self, severity: Severity) -> int:
        """How many findings there are of one severity."""
        return sum(row.severity == severity for row in self.findings)


def run(arguments: Arguments) -> Generator[Event, None, Result]:
    """Check one subject."""
    if arguments.rules:
        pages = [rule.manual(arguments.subject)] if arguments.subject else rule.manuals()
        return Result(arguments.subject or "rules", "rules", rules=tuple(pages))
    if arguments.subject is None:
        hint = "portwright check PORT, SPEC.json or TRIPLE; `--rules` lists the rules"
        raise BadInput([Fault("nothing to check is named", None, hint, "check/no-subject")])
    began = time.monotonic()
    try:
        port = _port(arguments.subject, arguments.ledger)
    except BadInput as error:
        raise BadInput([*error.faults, *_spec_faults(arguments)]) from None
    rust = port.manifest.toolchain.rust if port else None
    found = _rustc(arguments.toolchain, rust)
    facts = rustc_facts.load(found)
    yield Begun("rules")
    spec = load_spec(port if port else _subject(arguments.subject, facts), facts)
    if arguments.for_rust is not None:
        translated = spec_translation.translate(spec, facts, arguments.for_rust, arguments.output)
        yield Ended("rules", translated.rust, time.monotonic() - began)
        yield from spec_translation.notes(spec.target, translated)
        return Result(arguments.subject, "translation", spec.target, translated.rust, translated=translated)
    case, held = _case(spec, facts, port)
    if held:
        yield Note(f"held against [os] of the bundled port {held}", "debug")
    diff = None
    if arguments.fix:
        diff = spec_fix.fix(case)
        if diff and port:
            port = _port(arguments.subject, arguments.ledger)
        if diff:
            spec = load_spec(port or _subject(arguments.subject, facts), facts)
            case, held = _case(spec, facts, port)
    rows = [_row(finding) for finding in rule.examine(case)]
    if port:
        rows += _port_rows(port, spec)
    yield Ended("rules", f"{len(rows)} found", time.monotonic() - began)
    result = Result(
        subject=arguments.subject,
        kind=spec.source,
        target=spec.target,
        rustc=found.version,
        ledger="checked" if port and port.abi else "none",
        held_against=held,
        fixed=diff,
        choices=tuple(_choices(spec)) if arguments.explain else (),
    )
    if arguments.no_probe:
        return replace(result, findings=_sorted(rows), probe=ProbeResult("skipped", "--no-probe"))
    outcome = yield from _probe(case, port)
    return replace(result, findings=_sorted(rows + list(_probe_rows(outcome, case, rows))), probe=outcome)


def _rustc(wanted: str | None, rust: str | None) -> toolchains.Toolchain:
    """The compiler to ask. One that is named may be of any version where no port's std is to be built with it."""
    if wanted and rust is None:
        named = [found.toolchain for found in toolchains.survey(wanted) if found.toolchain is not None]
        if named:
            return named[0]
    return toolchains.find(wanted, rust=rust, need_source=False)


def _port(subject: str, variant: str | None) -> Port | None:
    """The port that is meant, if one is: a folder with port.toml (or that file itself), or a bundled name."""
    path = Path(subject)
    if path.name in ("port.toml", "abi.toml") and path.is_file():
        subject = str(path.resolve().parent)
    elif path.suffix == ".json" or path.is_file():
        return None
    elif not path.is_dir():
        bundled = Path(_bundled_folder(), subject, "port.toml")
        if "/" in subject or not bundled.is_file():
            return None
    from portwright.describe import port as ports

    return ports.load(subject if Path(subject).is_absolute() or "/" in subject else _named(subject), variant)


def _spec_faults(arguments: Arguments) -> list[Fault]:
    """What the rules say of the [target] of a port whose files cannot be read whole: all in one pass."""
    from portwright.describe import port as ports
    from portwright.describe import port_check

    try:
        named = Path(str(arguments.subject))
        folder = named.parent if named.name in ("port.toml", "abi.toml") else ports.find(_named(str(named)))
        return port_check.target_faults(
            folder / "port.toml", rustc_facts.load(_rustc(arguments.toolchain, None))
        )
    except PortwrightError:
        return []


def _named(subject: str) -> str:
    """A folder of the working directory by its path; a bundled name as it is."""
    return str(Path(subject).resolve()) if Path(subject).is_dir() else subject


def _bundled_folder() -> Path:
    # The same folder as describe/port.py finds, without loading the models that a bare spec does not need.
    package = Path(__file__).resolve().parents[1]
    installed = package / "ports"
    return installed if installed.is_dir() else package.parents[1] / "ports"


def _subject(subject: str, facts: rustc_facts.RustcFacts) -> Path | str:
    """The JSON file or built-in triple that is meant; raises `BadInput` with the closest name."""
    path = Path(subject)
    if path.suffix == ".json" or path.is_file():
        return path
    if subject in facts.specs:
        return subject
    ports = sorted(p.parent.name for p in _bundled_folder().glob("*/port.toml"))
    near = closest(subject, [*facts.specs, *ports])
    hint = f"did you mean `{near}`? " if near else ""
    hint += f"a port's folder, a file SPEC.json, or a triple of rustc {facts.toolchain.version}"
    raise BadInput([Fault(f"no port, spec or target `{subject}`", None, hint, "check/unknown-subject")])


def _case(spec: Spec, facts: rustc_facts.RustcFacts, port: Port | None) -> tuple[Case, str | None]:
    """The spec with what it is held against, and the bundled port whose [os] that is, if it is not its own."""
    if port:
        manifest = port.manifest
        return Case(spec, facts, manifest.os, manifest, manifest.toolchain.backend), None
    os, held = _bundled_os(spec) if spec.source == "json" else (None, None)
    return Case(spec, facts, os, backend=_backend(spec)), held


def _backend(spec: Spec) -> str:
    """The code generator that a bare spec is for: a port says it in [toolchain]."""
    named = spec.keys.get("default-codegen-backend")
    return next((name for name in ("cranelift", "gcc") if isinstance(named, str) and name in named), "llvm")


def _bundled_os(spec: Spec) -> tuple[OsTable | None, str | None]:
    """[os] of the bundled port for the spec's OS: a bare spec for a known OS is held against what is known."""
    import tomllib

    name = spec.keys.get("os")
    for path in sorted(_bundled_folder().glob("*/port.toml")):
        text = path.read_text(encoding="utf-8")
        if not isinstance(name, str) or not name or f'"{name}"' not in text:
            continue
        table = tomllib.loads(text)
        if table.get("target", {}).get("os") == name:
            from portwright.describe.port import OsTable

            return OsTable.model_validate(table["os"]), path.parent.name
    return None, None


def _row(finding: rule.Finding) -> Row:
    return Row(
        severity=finding.severity,
        code=f"spec/{finding.rule}",
        what=finding.what,
        where=finding.where,
        hint=finding.hint,
        why=finding.why,
        since=finding.since,
        edits=tuple(str(edit) for edit in finding.edits),
        fixable=finding.safe and bool(finding.edits),
    )


def _port_rows(port: Port, spec: Spec) -> list[Row]:
    """What is wrong with the ledger, and what the port's parts say differently."""
    from portwright.describe import ledger_check, port_check

    if port.abi is None:
        what = f"{port.target} has no abi.toml yet: neither std nor the userland machine can be had for it"
        hint = "its C library is its interface ([os] interface): what needs no ledger works"
        rows = [Row("note", "port/no-ledger", what, port.places("os", "interface"), hint)]
    else:
        found = ledger_check.check(port.abi, port.ledger_places)
        rows = [Row(f.severity, f.code, f.what, f.where, f.hint) for f in found]
    faults = port_check.check(port, spec)
    return rows + [Row("error", f.code or "port", f.what, f.where, f.hint) for f in faults]


def _probe(case: Case, port: Port | None) -> Generator[Event, None, ProbeResult]:
    began = time.monotonic()
    yield Begun("probe")
    optimize = port.manifest.std.optimize if port else "3"
    twin = case.facts.twin(case.spec.keys)
    if case.backend == "llvm" and twin and not case.facts.cpus(twin):
        detail = f"the LLVM of this rustc has no back end for {case.text('arch')}"
        outcome = ProbeResult("not-run", detail)
    else:
        outcome = probe(case.spec.keys, case.facts.toolchain, backend=case.backend, optimize=optimize)
    yield Ended("probe", outcome.outcome, time.monotonic() - began)
    return outcome


def _probe_rows(outcome: ProbeResult, case: Case, rows: list[Row]) -> Iterator[Row]:
    """The probe's faults as findings. A refusal is one only where no rule has said why rustc refuses."""
    if outcome.outcome == "refused" and not any(row.severity == "error" for row in rows):
        what = f"rustc refuses the spec: {outcome.detail}"
        place = Where(case.spec.path) if case.spec.path else None
        yield Row("error", "probe/refused", what, place, why="No rule of the checker knows this fault yet.")
    for fault in outcome.faults:
        yield _probe_row(fault, case)


def _probe_row(fault: ProbeFault, case: Case) -> Row:
    place = case.spec.places(fault.key) if case.spec.places and fault.key else None
    edits = (str(rule.Edit(fault.key, fault.edit)),) if fault.edit is not None else ()
    # rustc's own spec cannot be mended here: what fails is this build of the compiler (an LLVM of another make).
    severity: Severity = "warning" if case.spec.source == "built-in" else "error"
    return Row(severity, f"probe/{fault.kind}", fault.what, place, fault.hint, fault.why, edits=edits)


def _sorted(rows: list[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: rule.SEVERITIES.index(row.severity)))


def _choices(spec: Spec) -> Iterator[Choice]:
    """Every key of the spec with its origin; the keys that were taken away come last."""
    for key in sorted(spec.keys):
        own = spec.source != "built-in" and (key in spec.own or key not in spec.inherited)
        origin = spec.source if own else str(spec.like or spec.target)
        yield Choice(key, spec.keys[key], origin, spec.why.get(key, ""))
    for key in spec.removed:
        yield Choice(key, None, "removed", spec.why.get(key, ""))
