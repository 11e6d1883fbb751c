"""Target specs: a port's [target] over a built-in, JSON files with their places, and the edits that mend them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from portwright.base.errors import BadInput
from portwright.derive.generators import target_spec
from portwright.describe import json_file, rustc_facts, spec_fix
from portwright.describe import port as ports
from portwright.describe.rule import Edit
from portwright.describe.rustc_facts import RustcFacts
from portwright.describe.spec import load_spec, of_file, overlay


@pytest.mark.toolchain
def test_a_port_s_target_lies_over_the_built_in_that_it_is_like(facts: RustcFacts) -> None:
    table = {"like": "x86_64-unknown-none", "os": "new", "remove": ["rustc-abi"], "why": {"os": "it is new"}}
    spec = overlay("x86_64-unknown-new", table, facts, None, None)
    assert spec.keys["os"] == "new"
    assert spec.keys["linker"] == "rust-lld"
    assert "rustc-abi" not in spec.keys
    assert not {"like", "remove", "why", "metadata", "is-builtin"} & set(spec.keys)
    assert spec.own == {"os"}
    assert spec.why == {"os": "it is new"}


@pytest.mark.toolchain
@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"like": "x86_64-unknown-nome"}, "did you mean `x86_64-unknown-none`?"),
        ({"like": "x86_64-unknown-none", "remove": "os"}, "write remove = ["),
        ({"like": "x86_64-unknown-none", "remove": ["os"], "os": "new"}, "keep one of the two"),
    ],
)
def test_what_cannot_be_laid_over_is_said(facts: RustcFacts, table: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput) as caught:
        overlay("x86_64-unknown-new", table, facts, None, None)
    assert says in str(caught.value)


@pytest.mark.toolchain
@pytest.mark.parametrize("name", ports.bundled())
def test_a_bundled_port_s_spec_is_taken_by_rustc(facts: RustcFacts, name: str, tmp_path: Path) -> None:
    spec = load_spec(ports.load(name), facts)
    text = target_spec.text(spec.keys)
    assert json.loads(text) == dict(spec.keys)
    assert text == target_spec.text(dict(reversed(spec.keys.items())))
    path = tmp_path / f"{name}.json"
    path.write_text(text)
    answer = rustc_facts.ask(facts.toolchain, "--print", "cfg", "--target", str(path))
    assert answer.status == 0, answer.error_text
    assert f'target_os="{spec.keys["os"]}"' in answer.text


def test_a_key_s_place_in_a_json_file(tmp_path: Path) -> None:
    path = tmp_path / "x86_64-unknown-new.json"
    path.write_text('{\n  "arch": "x86_64",\n  "pre-link-args": {"gcc": ["-a",\n    "-b"]}\n}\n')
    spec = of_file(path)
    assert spec.target == "x86_64-unknown-new"
    assert spec.places is not None
    places = {keys: spec.places(*keys) for keys in [("arch",), ("pre-link-args", "gcc", 1), ("nothing",)]}
    assert [(where.line, where.column) for where in places.values()] == [(2, 3), (4, 5), (1, 1)]


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ('{"a": 1,\n "b" 2}', "Expecting ':' delimiter", 2),
        ("[1]", "no JSON object", 1),
        ('{"a": 1,\n "a": 2}', "`a` stands twice", 1),
        ("", "Expecting value", 1),
        ('{"a": "\\ud800"}', "half of a surrogate pair", None),
        ('{"a": NaN}', "`NaN` is no number of JSON", None),
        ('{"a": ' + "1" * 5000 + "}", "digits", None),
        ("[" * 100_000, "", None),
    ],
)
def test_what_is_no_spec_is_said_with_its_place(
    tmp_path: Path, text: str, says: str, line: int | None
) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        json_file.read(path)
    assert says in caught.value.faults[0].what
    where = caught.value.faults[0].where
    assert where is not None
    assert where.line == line


EDITS = [
    Edit("a", remove=True),
    Edit("b", "x"),
    Edit("c", ["y", {"z": None}]),
    Edit("new", True),
    Edit("d", remove=True),
    Edit("é", 1),
]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": 2, "c": 3, "d": 4}',
        '{\n    "a": [1,\n 2],\n    "b": 2,\n    "c": {"a": 1},\n    "d": "é"\n}\n',
        '{"d":4,"a":1}',
        "{}",
        '{ "a" : 1 }',
        '{"b": "}", "a": "\\"", "é": 2}',
    ],
)
def test_edits_change_only_their_keys_and_leave_json(text: str) -> None:
    for edit in EDITS:
        expected = dict(json.loads(text))
        if edit.remove:
            expected.pop(edit.key, None)
        else:
            expected[edit.key] = edit.value
        text = spec_fix.edited_json(text, [edit])
        assert json.loads(text) == expected


def test_edits_of_a_port_keep_its_comments_and_its_order() -> None:
    text = (
        "# the port\n[target]   # the spec\nlike = 'x86_64-unknown-none'\nabi = 'V'  # why not\n"
        "os = 'new'   # its name\n\n[target.why]\nos = 'it is new'\n\n[os]\npage-size = 4096\n"
    )
    edits = [
        Edit("abi", remove=True),
        Edit("rustc-abi", remove=True),
        Edit("os", "other"),
        Edit("tls-model", "x"),
    ]
    edits.append(Edit("pre-link-args", {"gnu-lld": ["-a"]}))
    edited = spec_fix.edited_toml(text, edits, ["rustc-abi", "features"])
    tables = tomllib.loads(edited)
    assert tables["target"] == {
        "like": "x86_64-unknown-none",
        "os": "other",
        "remove": ["rustc-abi"],
        "tls-model": "x",
        "pre-link-args": {"gnu-lld": ["-a"]},
        "why": {"os": "it is new"},
    }
    assert tables["os"] == {"page-size": 4096}
    for comment in ("# the port", "# the spec", "# its name"):
        assert comment in edited
    again = spec_fix.edited_toml(edited, [Edit("rustc-abi", "softfloat")], ["rustc-abi"])
    assert tomllib.loads(again)["target"]["remove"] == []
    assert tomllib.loads(again)["target"]["rustc-abi"] == "softfloat"


@pytest.mark.toolchain
def test_the_facts_are_asked_once(
    fresh_cache: Path, facts: RustcFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rustc_facts.load(facts.toolchain)
    cpus = first.cpus("m68k-unknown-linux-gnu")
    assert "M68030" in cpus
    assert "isa-68030" in first.features("m68k-unknown-linux-gnu")

    def refuse(*words: object, **options: object) -> None:
        raise AssertionError(f"a process was started: {words}")

    monkeypatch.setattr(rustc_facts, "run", refuse)
    again = rustc_facts.load(facts.toolchain)
    assert again.specs == first.specs
    assert again.schema == first.schema
    assert again.cpus("m68k-unknown-linux-gnu") == cpus
