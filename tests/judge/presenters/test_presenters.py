"""The presenters json, junit, markdown, html and text: recorded outputs, and nothing that a guest says breaks one.

PORTWRIGHT_BLESS=1 records the outputs anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from judge import report_samples as samples
from portwright.base import rooms
from portwright.judge.presenters import json as json_presenter
from portwright.judge.report import WORDS, Report

ROOM = "portwright.judge.presenters"
GOLDEN = Path(__file__).resolve().parent / "golden"
RECORDED = ("json", "junit", "markdown", "text")
PIECES = ["\x1b[2J", "\x00", "\x08", "￾", "\ud800", "‮", "]]>", "</script>", "<!--", "</pre>", "&#0;"]
PIECES += [
    "```",
    "|",
    "\n",
    "\r",
    "[a](b)",
    "![a](b)",
    "<b>",
    "@you",
    "#1",
    "\\",
    "'",
    '"',
    "</details>",
    "é",
]
SAID = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(PIECES), max_size=8).map("".join))


def present(name: str, report: Report) -> str:
    made: str = rooms.load(ROOM, name).present(report)
    return made


@pytest.mark.parametrize("name", RECORDED)
def test_the_output_is_the_recorded_one(name: str) -> None:
    file = GOLDEN / f"report{rooms.load(ROOM, name).SUFFIX}"
    made = present(name, samples.report())
    if os.environ.get("PORTWRIGHT_BLESS"):
        file.write_text(made)
    assert made == file.read_text(), "run again with PORTWRIGHT_BLESS=1 if it is meant to change"


@pytest.mark.parametrize("name", rooms.names(ROOM))
def test_what_was_never_run_is_said_in_every_form(name: str) -> None:
    made = present(name, samples.only())
    assert made.count(WORDS["never-run"]) + made.count("never-run") >= 3
    assert "passed" not in re.sub(r"<style>.*?</style>", "", made, flags=re.S).replace('"passed": 0', "")


@pytest.mark.parametrize("name", rooms.names(ROOM))
def test_a_report_is_the_same_each_time_and_of_every_size(name: str) -> None:
    assert present(name, samples.report()) == present(name, samples.report())
    whole = present(name, samples.real())
    assert 500 < len(whole.encode()) < 1_000_000


@pytest.mark.parametrize("report", [samples.only(), samples.report(), samples.real()])
def test_the_json_is_as_its_schema_says(report: Report) -> None:
    schema = json_presenter.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    value = json.loads(present("json", report))
    jsonschema.Draft202012Validator(schema).validate(value)
    spoiled = {**value, "outcome": "fine"}
    assert not jsonschema.Draft202012Validator(schema).is_valid(spoiled)
    assert value["status"] == report.status


# JUnit


def junit(report: Report) -> ElementTree.Element:
    root = ElementTree.fromstring(present("junit", report))
    assert root.tag == "testsuites"
    sums = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in root:
        assert suite.tag == "testsuite" and suite.get("name")
        cases = suite.findall("testcase")
        assert {child.tag for child in suite} <= {"properties", "testcase", "system-out"}
        for case in cases:
            assert case.get("name") and case.get("classname") and float(case.get("time", "x")) >= 0
            assert len([child for child in case if child.tag in ("failure", "error", "skipped")]) <= 1
        found = {
            "tests": len(cases),
            "failures": len(suite.findall("testcase/failure")),
            "errors": len(suite.findall("testcase/error")),
            "skipped": len(suite.findall("testcase/skipped")),
        }
        for name, number in found.items():
            assert suite.get(name) == str(number)
            sums[name] += number
    assert {name: int(root.get(name, "-1")) for name in sums} == sums
    return root


def outcome(root: ElementTree.Element, classname: str, name: str) -> str:
    found = root.find(f".//testcase[@classname='{classname}'][@name='{name}']")
    assert found is not None, (classname, name)
    return next((child.tag for child in found if child.tag in ("failure", "error", "skipped")), "passed")


def test_junit_says_of_each_case_how_it_went() -> None:
    root = junit(samples.report())
    assert outcome(root, "up", "check") == "passed"
    assert outcome(root, "up", "hello") == "failure"
    assert outcome(root, "up", "time") == "skipped"
    assert outcome(root, "conformance.core", "char::*") == "passed"
    assert outcome(root, "conformance.core.fmt", "fmt::x") == "failure"
    assert outcome(root, "conformance.core.fmt", "fmt::known") == "skipped"
    assert outcome(root, "conformance.std-unit", "the suite") == "error"
    assert outcome(root, "boot.qemu", "boot") == "failure"
    assert outcome(root, "boot.qemu", "ls") == "skipped"
    assert outcome(root, "boot.qemu.milestones", "prompt") == "skipped"
    assert outcome(junit(samples.only()), "up", "Criteria") == "skipped"


def test_junit_is_read_by_another_reader(tmp_path: Path) -> None:
    junitparser: Any = pytest.importorskip("junitparser", reason="junitparser is not installed")
    file = tmp_path / "junit.xml"
    for report in (samples.report(), samples.real(), samples.only()):
        file.write_text(present("junit", report), encoding="utf-8")
        read = junitparser.JUnitXml.fromfile(str(file))
        root = junit(report)
        for name in ("tests", "failures", "errors", "skipped"):
            assert str(getattr(read, name)) == root.get(name)
        again = junitparser.JUnitXml.fromfile(str(file))
        again.update_statistics()
        assert (again.tests, again.failures, again.errors) == (read.tests, read.failures, read.errors)


# Hostile words


class Elements(HTMLParser):
    """Which elements a page has, and whether they close in the order in which they open."""

    VOID = ("meta", "br", "line", "rect", "circle", "path", "link")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, int] = {}
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = self.found.get(tag, 0) + 1
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src"):
                self.links.append(value or "")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def fit_to_show(text: str) -> bool:
    return all(c.isprintable() or c in "\n\t" for c in text)


@settings(max_examples=25, deadline=None)
@given(SAID)
def test_nothing_that_is_said_breaks_the_html(said: str) -> None:
    page = present("html", samples.report(said))
    quiet = Elements(present("html", samples.report("x")))
    loud = Elements(page)
    assert fit_to_show(page)
    assert {name for name in loud.found if name not in quiet.found} == set()
    assert not {"script", "img", "iframe", "object"} & set(loud.found)
    assert not any(name.startswith("on") for name in loud.attributes)
    assert all(link.startswith("#") for link in loud.links)


@settings(max_examples=25, deadline=None)
@given(SAID)
def test_nothing_that_is_said_breaks_the_xml(said: str) -> None:
    page = present("junit", samples.report(said))
    assert fit_to_show(page)
    assert len(junit(samples.report(said))) == len(junit(samples.report("x")))


@settings(max_examples=25, deadline=None)
@given(SAID)
def test_nothing_that_is_said_breaks_the_markdown(said: str) -> None:
    page = present("markdown", samples.report(said))
    assert fit_to_show(page)
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    inner = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inner)}
    assert not {"link_open", "image", "html_inline"} & kinds
    html = [token.content for token in tokens if token.type == "html_block"]
    whole = "".join(html)
    assert not re.findall(r"<(?!/?details>|/?summary>|/?code>)[a-z!/]", whole)
    assert whole.count("<details>") == whole.count("</details>")
    rows = {line.replace("\\|", "").count("|") for line in page.splitlines() if line.startswith("| ❌")}
    assert rows <= {5, 6, 9}


@settings(max_examples=25, deadline=None)
@given(SAID)
def test_nothing_that_is_said_reaches_a_terminal(said: str) -> None:
    assert fit_to_show(present("text", samples.report(said)))
    json.loads(present("json", samples.report(said)))


def test_what_is_quoted_can_be_read() -> None:
    text = Elements(present("html", samples.report())).text
    assert "</script><script>alert(1)</script> ]]> &amp; `tick`" in text
    assert "\\x00\\x07" in text and "\\udc80" in text and "[31m" not in text


def test_ids_are_unique_and_every_link_of_the_page_has_its_end() -> None:
    for report in (samples.report(), samples.real(), samples.only()):
        found = Elements(present("html", report))
        assert len(found.ids) == len(set(found.ids))
        assert {link[1:] for link in found.links} <= set(found.ids)
