"""The report as JUnit XML, as continuous-integration servers read it.

A criterion is a test case. Of Rust's own tests those that did not pass are cases by name; the others of a module are
one case, for their names are not kept. What was never run is a skipped case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from portwright.base.visible import one_line, visible
from portwright.judge.conformance import Failure, module
from portwright.judge.report import WORDS, Boot, Conformance, Part, Report, Row

SUFFIX = ".xml"
ERRORS = ("could-not-run", "not-run")
"""How a test of Rust's ends that could not be started: it should have been."""


def present(report: Report) -> str:
    """The XML document."""
    root = Element("testsuites", name=one_line(report.port))
    for part in report.parts:
        if not part.at or part.faults:
            _without_result(root, part)
    if report.up is not None:
        suite = _suite(root, "up", report.up.about.at)
        _properties(suite, toolchain=report.up.toolchain, engine=report.up.engine, seed=str(report.up.seed))
        for row in report.up.rows:
            _row(suite, "up", row)
    if report.conformance is not None:
        _tests(root, report.conformance)
    for boot in report.boots:
        _boot(root, boot)
    _add_up(root)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, name: str, at: str) -> Element:
    given = {"timestamp": at.removesuffix("Z")} if at else {}
    return SubElement(root, "testsuite", {"name": one_line(name), **given})


def _properties(suite: Element, **values: str) -> None:
    holder = SubElement(suite, "properties")
    for name, value in values.items():
        SubElement(holder, "property", name=name, value=one_line(value))


def _case(suite: Element, group: str, name: str, seconds: float = 0.0) -> Element:
    words = {"classname": one_line(group), "name": one_line(name) or "(no name)", "time": f"{seconds:.3f}"}
    return SubElement(suite, "testcase", words)


def _say(case: Element, kind: str, message: str, outcome: str = "", text: str = "") -> None:
    words = {"message": one_line(message)} | ({"type": one_line(outcome)} if outcome else {})
    SubElement(case, kind, words).text = visible(text) or None


def _without_result(root: Element, part: Part) -> None:
    """A verb that was never run, or whose last run came to nothing."""
    case = _case(_suite(root, part.verb, part.at), part.verb, part.title)
    if part.faults:
        _say(case, "error", f"{WORDS[part.state]}: {part.told}", part.state, "\n".join(part.faults))
    else:
        _say(case, "skipped", f"{WORDS[part.state]}: {part.told}; {part.command}")


def _row(suite: Element, group: str, row: Row) -> None:
    case = _case(suite, group, row.name, row.seconds)
    verdict = row.verdict
    if verdict.outcome == "not-run":
        _say(case, "skipped", f"not run: {verdict.detail}")
    elif not verdict.passed:
        kind = "error" if verdict.outcome in ERRORS else "failure"
        _say(case, kind, f"{verdict.outcome}: {verdict.detail}", verdict.outcome, verdict.evidence)
    if row.output:
        SubElement(case, "system-out").text = visible(row.output)


def _tests(root: Element, found: Conformance) -> None:
    by_suite: dict[str, list[Failure]] = {}
    for failure in found.failures:
        by_suite.setdefault(failure.suite, []).append(failure)
    for row in found.suites:
        suite = _suite(root, f"conformance {row.name}", found.about.at)
        numbers = {name: str(getattr(row.counts, name)) for name in ("passed", "ignored", "not_run")}
        _properties(suite, toolchain=found.toolchain, on=found.on, panic=found.panic, **numbers)
        group = f"conformance.{row.name}"
        if row.error:
            _say(_case(suite, group, "the suite"), "error", row.error.splitlines()[0], "error", row.error)
        for name, counts in (row.modules or {"tests": row.counts}).items():
            if counts.passed or counts.ignored:
                case = _case(suite, group, f"{name}::*", 0.0 if row.modules else row.seconds)
                if not counts.passed:
                    _say(case, "skipped", "every test of it is ignored on this target")
                said = f"{counts.passed} passed, {counts.ignored} ignored"
                SubElement(case, "system-out").text = said
        for failure in by_suite.get(row.name, ()):
            _failure(suite, failure)
    if found.expired or found.more_failures:
        suite = _suite(root, "conformance expectations", found.about.at)
        for line in found.expired:
            _say(_case(suite, "conformance.expected", line), "failure", line, "expired")
        if found.more_failures:
            what = f"{found.more_failures} more failures, which are not listed"
            _say(_case(suite, "conformance", what), "failure", what, "failed")


def _failure(suite: Element, failure: Failure) -> None:
    case = _case(suite, f"conformance.{failure.suite}.{module(failure.suite, failure.test)}", failure.test)
    if failure.reason is not None:
        _say(case, "skipped", f"{failure.result}, as expected: {failure.reason}")
        return
    kind = "error" if failure.result in ERRORS else "failure"
    lines = failure.detail.strip().splitlines() or [""]
    _say(case, kind, f"{failure.result}: {lines[0]}", failure.result, failure.detail)


def _boot(root: Element, boot: Boot) -> None:
    suite = _suite(root, f"boot {boot.machine}", boot.about.at)
    _properties(suite, machine=boot.machine, how=boot.how)
    group = f"boot.{boot.machine}"
    for row in boot.rows:
        _row(suite, group, row)
    if boot.counts and not boot.verdict.passed:
        what = ", ".join(f"{number} {outcome}" for outcome, number in boot.counts.items())
        _say(
            _case(suite, group, "all boots"),
            "failure",
            f"{boot.verdict.outcome}: {what}",
            boot.verdict.outcome,
        )
    for step in boot.milestones:
        case = _case(suite, f"{group}.milestones", step.name)
        if step.at is None:
            _say(case, "skipped", "not reached")
        else:
            case.set("time", f"{step.at:.3f}")
    lines = [*boot.console.head, *boot.console.tail]
    if lines:
        SubElement(suite, "system-out").text = "\n".join(visible(line.text) for line in lines)


def _add_up(root: Element) -> None:
    """Write the numbers of cases on each suite and on the whole."""
    every: Counter[str] = Counter()
    for suite in root:
        found: Counter[str] = Counter(_kinds(suite.iter("testcase")))
        for name, kind in (
            ("tests", ""),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            number = sum(found.values()) if not kind else found[kind]
            suite.set(name, str(number))
            every[name] += number
        suite.set("time", f"{sum(float(case.get('time', 0)) for case in suite.iter('testcase')):.3f}")
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(every[name]))


def _kinds(cases: Iterable[Element]) -> Iterable[str]:
    for case in cases:
        yield next(
            (kind for kind in ("failure", "error", "skipped") if case.find(kind) is not None), "passed"
        )
