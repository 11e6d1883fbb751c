"""[machine.NAME] and failures.toml: what is read, and every fault at its line in one pass."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

import bare_metal
from portwright.base import rooms
from portwright.base.errors import BadInput
from portwright.describe import known_failure
from portwright.describe import machine as machines
from portwright.describe import port as ports
from portwright.describe.machines.qemu import Qemu
from portwright.jobs import schema


def faults(folder: Path) -> list[str]:
    with pytest.raises(BadInput) as caught:
        ports.load(str(folder))
    return [f"{fault.where.line if fault.where else 0}: {fault.what}" for fault in caught.value.faults]


def test_a_machine_is_read(tmp_path: Path) -> None:
    port = ports.load(str(bare_metal.port(tmp_path)))
    machine = port.machines["bare"]
    assert isinstance(machine, Qemu)
    assert [row.name for row in machine.milestone] == ["entry", "memory", "success"]
    assert machine.milestone[0].expression == "BARE\\ entry"
    assert machine.shell is not None and machine.shell.status is not None


def test_what_a_port_is_built_from_does_not_change_with_its_machines(tmp_path: Path) -> None:
    with_one = ports.load(str(bare_metal.port(tmp_path / "a")))
    without = ports.load(str(bare_metal.port(tmp_path / "b", "")))
    assert with_one.digest == without.digest


BAD = """
[machine.one]
kind = "qemu"
arch = "x86_64"
memry = "64M"
smp = 0
panics = ["("]
[[machine.one.milestone]]
name = "a"
[[machine.one.milestone]]
name = "b"
pattern = "x*"
[machine.two]
kind = "quemu"
[machine.three]
kind = "command"
command = ["x"]
[machine.three.shell]
prompt = "# "
type = ["{command}"]
[machine.four]
arch = "x"
"""


def test_every_fault_of_every_machine_at_its_line(tmp_path: Path) -> None:
    folder = bare_metal.port(tmp_path, BAD)
    start = (folder / "port.toml").read_text().split("[machine.one]")[0].count("\n")
    found = faults(folder)
    for line, words in (
        (4, "unknown key `memry`"),
        (5, "`smp`"),
        (6, "`panics[0]`: no regular expression"),
        (7, "give either `text` or `pattern`"),
        (11, "matches the empty text"),
        (13, "`kind` 'quemu' is no kind of machine"),
        (17, "`type` has `{mark}` before and after"),
    ):
        assert any(row.startswith(f"{start + line}: ") and words in row for row in found), (
            line,
            words,
            found,
        )
    assert any("`kind` is missing" in row for row in found)


def test_what_contradicts_itself(tmp_path: Path) -> None:
    head = '\n[machine.m]\nkind = "transcript"\nfile = "x"\n'
    milestone = '[[machine.m.milestone]]\nname = "a"\ntext = "x"\n'
    cases = {
        head: "nothing says that it has booted",
        head + milestone + milestone: "two milestones have one name: a",
        head + milestone + '[[machine.m.criterion]]\nname = "c"\ncommand = "x"\n': "there is no [shell]",
        head + milestone + '[[machine.m.criterion]]\nname = "c"\n': "give either `command` or `pattern`",
        head + milestone + 'pattern = "y"\n': "give either `text` or `pattern`",
        head + milestone.replace("text", "pattern") + 'expect = { n = "1" }\n': "no group (?P<n>...)",
        head
        + milestone
        + '[[machine.m.activity]]\nname = "{x}"\nbegin = "b"\nend = "e"\n': "`name` speaks of {x}",
    }
    for number, (text, words) in enumerate(cases.items()):
        assert any(words in row for row in faults(bare_metal.port(tmp_path / str(number), text))), words


def test_known_failures_of_a_port(tmp_path: Path) -> None:
    own = '[[failure]]\nname = "a"\npattern = "x"\ncause = "c"\ncure = "d"\n'
    assert [row.name for row in ports.load(str(bare_metal.port(tmp_path / "a", failures=own))).failures] == [
        "a"
    ]
    assert ports.load("x86_64-unknown-veridian").failures
    bad = own + own + 'confidence = "sure"\noutcome = "passed"\n'
    found = faults(bare_metal.port(tmp_path / "b", failures=bad))
    assert any(row.startswith("11: ") and "confidence" in row for row in found)
    assert any("outcome" in row for row in found)
    twice = faults(bare_metal.port(tmp_path / "c", failures=own + own))
    assert any("two failures have one name" in row for row in twice)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / known_failure.FILE).mkdir()
    with pytest.raises(BadInput, match="this is no file"):
        known_failure.of_port(tmp_path / "d")


@pytest.mark.parametrize("kind", ["qemu", "serial", "command", "transcript", "previous"])
def test_each_kind_has_a_description_and_a_way_to_start(kind: str) -> None:
    """The same name in two rooms."""
    assert set(rooms.names(machines.ROOM)) == set(rooms.names("portwright.run.machines"))
    model = dict(machines.kinds())[kind]
    assert model.__doc__ and f"kind `{kind}`" in model.__doc__
    assert callable(rooms.load("portwright.run.machines", kind).start)


def test_editors_complete_machines(tmp_path: Path) -> None:
    made = schema.schema("port")
    jsonschema.Draft202012Validator.check_schema(made)
    assert made["$defs"]["machine-qemu"]["properties"]["memory"]["description"]
    import tomllib

    for name in ports.bundled():
        tables = tomllib.loads((ports.find(name) / "port.toml").read_text())
        jsonschema.validate(tables, made)
    bad = {**tables, "machine": {"m": {"kind": "qemu", "arch": 3}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, made)
