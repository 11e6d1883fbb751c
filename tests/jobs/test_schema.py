"""The verb `schema`: what an editor makes of it is what portwright makes of the files."""

from __future__ import annotations

import copy
import json
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest

from portwright.describe import port as ports
from portwright.jobs.schema import schema

NAME = "x86_64-unknown-veridian"
FILES = {"port": ("port.toml",), "abi": ("abi.toml", "abi.document.toml")}


@pytest.mark.parametrize("file", FILES)
def test_the_bundled_files_are_valid(file: str) -> None:
    """A draft 2020-12 schema that accepts what portwright accepts."""
    found = schema(file)
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for name in FILES[file]:
        tables = tomllib.loads((ports.find(NAME) / name).read_text())
        jsonschema.Draft202012Validator(found).validate(tables)


def test_a_report_has_a_schema_too(portwright: Callable[..., Any]) -> None:
    """What it must be is tested with the presenter; here: the verb shows it."""
    found = json.loads(portwright("schema", "report").stdout)
    jsonschema.Draft202012Validator.check_schema(found)
    assert {"outcome", "parts", "history", "status"} <= set(found["properties"])


WRONG: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("an unknown key", lambda t: t["abi"].update(flavour="red")),
    ("an unknown choice", lambda t: t["abi"].update(error="sometimes")),
    ("a number as text", lambda t: t["syscalls"]["read"].update(number="52")),
    ("a negative number", lambda t: t["syscalls"]["read"].update(number=-1)),
    ("an unknown form of argument", lambda t: t["syscalls"]["read"].update(arguments=[{"what": 1}])),
    ("a missing key", lambda t: t["memory"].pop("page-size")),
    ("an unknown clock", lambda t: t["clocks"].update(wall={"id": 3, "epoch": "unix"})),
    ("an empty field", lambda t: t["types"]["stat"]["fields"]["st_dev"].update(size=0)),
]


@pytest.mark.parametrize(("what", "spoil"), WRONG, ids=[row[0] for row in WRONG])
def test_what_portwright_refuses_the_schema_refuses(
    what: str, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    """An editor underlines it before portwright says it."""
    tables = copy.deepcopy(tomllib.loads((ports.find(NAME) / "abi.toml").read_text()))
    validator = jsonschema.Draft202012Validator(schema("abi"))
    assert validator.is_valid(tables)
    spoil(tables)
    assert not validator.is_valid(tables), what


def properties(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(table, key, schema) of every key."""
    for name, table in [("", found), *found["$defs"].items()]:
        for key, value in table.get("properties", {}).items():
            yield name, key, value


@pytest.mark.parametrize("file", FILES)
def test_every_key_is_described(file: str) -> None:
    """What an editor shows on hovering; in the file's spelling of keys."""
    undescribed = [
        (table, key) for table, key, value in properties(schema(file)) if not value.get("description")
    ]
    assert undescribed == []
    assert not [key for _, key, _ in properties(schema(file)) if "_" in key]
    said = {key: value["description"] for _, key, value in properties(schema("abi"))}
    assert said["clobbers"] == "`clobbers` are all registers that a call destroys besides the result."
    assert "`stack-limit`" in said["stack-size"]


def test_the_verb(portwright: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """Printed as it is to be written to a file; nothing else on standard output."""
    ran = portwright("schema", "abi")
    assert ran.returncode == 0 and json.loads(ran.stdout) == schema("abi")
    assert json.loads(portwright("schema").stdout) == schema("port")
    assert portwright("schema", "spec").returncode == 2


def test_a_recording_has_a_schema_too(portwright: Callable[..., Any]) -> None:
    """Real recordings are held against it where they are made, in test_record.py."""
    found = json.loads(portwright("schema", "recording").stdout)
    jsonschema.Draft202012Validator.check_schema(found)
    assert {"plan", "seen", "tools", "probes", "processes", "impurities"} <= set(found["properties"])
    assert not jsonschema.Draft202012Validator(found).is_valid({"schema": 1})
