"""`portwright report`, from outside: what was run is reported, what was not is said, and nothing is run for it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from judge import report_samples as samples
from port_copies import copied, quick
from portwright.describe import port as ports
from portwright.judge import run_records

Portwright = Callable[..., subprocess.CompletedProcess[str]]
PORT = "x86_64-unknown-veridian"
NATIVE = "x86_64-portwright-linux"


@pytest.fixture
def recorded(fresh_cache: Path) -> Path:
    """Records of all verbs, the oldest first as they would be written."""
    for verb, read in samples.runs().items():
        for record in reversed(read.records):
            run_records.write(run_records.folder(ports.find(PORT), verb), record)
    return fresh_cache


def test_without_a_record_nothing_passed(portwright: Portwright, fresh_cache: Path) -> None:
    shown = portwright("report", PORT)
    assert (shown.returncode, shown.stderr) == (2, "")
    assert shown.stdout.count("never run") >= 3 and "passed" not in shown.stdout
    assert not list(fresh_cache.rglob("*.json"))


def test_all_forms_by_the_name_of_the_file(portwright: Portwright, recorded: Path, tmp_path: Path) -> None:
    begins = {"html": "<!DOCTYPE html>", "xml": "<?xml", "md": "## ❌", "json": "{", "txt": "x86_64"}
    for suffix, begin in begins.items():
        file = tmp_path / f"report.{suffix}"
        shown = portwright("report", PORT, "-o", file)
        assert (shown.returncode, shown.stderr) == (1, "")
        assert file.read_text().startswith(begin) and str(file) in shown.stdout
        assert "Failed: Criteria" in shown.stdout
    again = portwright("report", PORT, "-o", tmp_path / "report.html")
    assert "nothing changed" in again.stdout


def test_a_form_on_standard_output(portwright: Portwright, recorded: Path) -> None:
    shown = portwright("report", PORT, "--format", "junit")
    assert (
        shown.returncode == 1
        and shown.stdout.startswith("<?xml")
        and shown.stdout.endswith("</testsuites>\n")
    )


def test_only_what_was_asked_for(portwright: Portwright, recorded: Path) -> None:
    shown = portwright("report", PORT, "--of", "up", "--json")
    document = json.loads(shown.stdout)
    assert [part["verb"] for part in document["report"]["parts"]] == ["up"]
    assert document["status"] == shown.returncode == 1
    assert document["report"]["history"][0]["worse"] == ["hello"]


def test_a_broken_record_is_counted(portwright: Portwright, recorded: Path) -> None:
    folder = run_records.folder(ports.find(PORT), "up")
    newest = sorted(folder.glob("*.json"))[-1]
    newest.write_text(newest.read_text()[:100])
    shown = portwright("report", PORT, "--of", "up")
    assert "1 records of older runs could not be read" in shown.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("-o", "report.docx"), "does not tell what form"),
        (("-o", "."), "does not tell what form"),
        (("--format", "html", "-o", "."), "a folder is there"),
        (("--format", "pdf"), "pdf"),
        (("--of", "sweep"), "sweep"),
    ],
)
def test_wrong_words_are_refused(
    portwright: Portwright, fresh_cache: Path, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    shown = portwright("report", PORT, *words, cwd=tmp_path)
    assert shown.returncode == 2 and says in shown.stderr and "Traceback" not in shown.stderr
    assert list(tmp_path.iterdir()) == [fresh_cache]


@pytest.mark.toolchain
@pytest.mark.usefixtures("toolchain")
def test_what_up_found_is_reported(portwright: Portwright, cache: Path, tmp_path: Path) -> None:
    """A real run that leaves programs out, then its report: it passed, and not all of it was run."""
    port = shutil.copytree(quick(NATIVE), tmp_path / "port")
    ran = portwright("up", port, "--program", "hello", "--json")
    assert ran.returncode == 0, ran.stderr
    [record], _ = run_records.read(run_records.folder(port, "up"))
    assert record.narrowed == ("--program hello",)
    shown = portwright("report", port, "--of", "up", "--json")
    [part] = json.loads(shown.stdout)["report"]["parts"]
    assert (part["state"], part["passed"], shown.returncode) == ("incomplete", 4, 0)
    page = tmp_path / "report.html"
    portwright("report", port, "-o", page)
    assert "only --program hello" in page.read_text()


@pytest.mark.toolchain
@pytest.mark.usefixtures("toolchain")
def test_a_build_that_fails_is_the_last_run(portwright: Portwright, cache: Path, tmp_path: Path) -> None:
    folder = copied(PORT, tmp_path / "port", "target", "port.lock")
    text = (folder / "port.toml").read_text().split("[programs]")[0]
    (folder / "port.toml").write_text(
        text + '\n[[program]]\nname = "bad"\npath = "programs/bad.rs"\nexpect = {}\n'
    )
    (folder / "programs").mkdir(exist_ok=True)
    (folder / "programs" / "bad.rs").write_text("fn main() { 1 }")
    ran = portwright("up", folder, "--update-lock")
    assert ran.returncode == 1
    shown = portwright("report", folder, "--of", "up", "--json")
    document = json.loads(shown.stdout)["report"]
    assert (document["parts"][0]["state"], shown.returncode) == ("failed", 1)
    rows = {row["name"]: row["verdict"]["outcome"] for row in document["up"]["rows"]}
    assert (rows["programs"], rows["bad"]) == ("wrong", "not-run")
