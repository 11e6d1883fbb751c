"""Where a port's parts contradict each other: each contradiction at its line, and none in a bundled port."""

from __future__ import annotations

from pathlib import Path

import pytest

from port_copies import copied
from portwright.base.errors import Fault
from portwright.describe import port as ports
from portwright.describe import port_check, spec
from portwright.describe.rustc_facts import RustcFacts

pytestmark = pytest.mark.toolchain
NAME = "x86_64-unknown-veridian"


def faults(facts: RustcFacts, folder: Path | str) -> list[Fault]:
    port = ports.load(str(folder))
    return port_check.check(port, spec.of_port(port, facts))


@pytest.mark.parametrize("name", ports.bundled())
def test_a_bundled_port_agrees_with_itself(facts: RustcFacts, name: str) -> None:
    assert faults(facts, name) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "line"),
    [
        ("port.toml", "page-size = 4096", "page-size = 8192", "port/page-size", "page-size = 8192"),
        (
            "port.toml",
            'like = "x86_64-unknown-none"',
            'like = "i686-unknown-uefi"',
            "port/cpu",
            'cpu = "x86-64"',
        ),
        ("abi.toml", 'set-by = "program"', 'set-by = "nobody"', "port/thread-pointer", "thread-pointer"),
        ("port.toml", '"programs/hello"', '"programs/helo"', "port/program", '"programs/helo"'),
    ],
)
def test_a_contradiction_is_found_at_its_line(
    facts: RustcFacts, tmp_path: Path, file: str, old: str, new: str, code: str, line: str
) -> None:
    folder = tmp_path / "port"
    copied(NAME, folder)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    found = faults(facts, folder)
    assert {fault.code for fault in found} == {code}
    where = found[0].where
    assert where is not None
    assert where.line is not None
    assert line in Path(where.file).read_text().splitlines()[where.line - 1]
